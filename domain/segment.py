"""Segments, which campaigns go to: a static one is a set of contact ids, another has a rule."""

from dataclasses import dataclass
from datetime import datetime

from domain.identifiers import ContactId, SegmentId
from domain.rule import Rule


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A named set of contacts: those put into it or, with a `rule`, those who fit it.

    A rule never changes, and names segments that were there before: so none can lead to itself.
    """

    segment_id: SegmentId
    name: str
    created_at: datetime
    rule: Rule | None = None


@dataclass(frozen=True)
class MemberPage:
    """Members in key order. `cursor` is the key to read on after; None when there are no more."""

    contact_ids: tuple[ContactId, ...]
    cursor: str | None
