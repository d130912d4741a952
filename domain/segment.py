"""Segments: who a campaign goes to. A static segment is a set of contact ids, another has a rule.

Members are kept in the order of their member key, which starts with a hash of the contact id:
any share of the key space then holds about its share of the members, however the ids were made,
so a large segment divides into fan-out ranges without being read first.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from domain.identifiers import ContactId, SegmentId
from domain.rule import Rule

KEY_SPACE = 256
"""Number of hash prefixes a member key can start with."""


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


def member_key(contact_id: ContactId) -> str:
    """Where a contact stands in the key space of every segment it is in."""
    return f"{hashlib.sha256(contact_id.encode()).hexdigest()[:2]}.{contact_id}"


def key_space_bounds(ranges: int) -> tuple[tuple[str, str], ...]:
    """The key space in `ranges` equal parts: each a lower bound (included) and an upper (not)."""
    edges = [f"{index * KEY_SPACE // ranges:02x}" for index in range(ranges)] + ["g"]
    return tuple(pairwise(edges))


(WHOLE_KEY_SPACE,) = key_space_bounds(1)
"""The bounds of everybody."""
