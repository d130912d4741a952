"""What fan-out, previews and lists of members share: the way through an audience."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from domain.audience import Audience
from domain.contact import Contact
from domain.errors import InvalidInput, UnknownReference
from domain.identifiers import SegmentId, shown
from domain.key_space import member_key
from domain.ports.contacts import ContactRepository
from domain.ports.segments import SegmentRepository
from domain.rule import AllOf, AnyOf, Comparison, InSegment, Not, Rule, matches, segments_in
from domain.segment import Segment

CONTACTS_A_READ = 500
"""Gone through at once, where not everybody is in."""
READS_A_PAGE = 10
MAX_PARTS = 500
"""Of a rule with those of the segments that it names."""
MAX_SEGMENTS_DEEP = 5
MAX_SEGMENTS_ASKED = 10
"""Static ones in which each contact is looked for: 50 requests for 500 contacts."""


@dataclass(frozen=True)
class AudiencePage:
    """Those who are in, in key order; `cursor` reads on, and None says that there are no more."""

    contacts: tuple[Contact, ...]
    cursor: str | None
    looked_at: int


@dataclass(frozen=True)
class AudienceWalk:
    """Segments of both kinds, and what is made of them."""

    segments: SegmentRepository
    contacts: ContactRepository

    def audience(
        self, segment_id: SegmentId, excluded: Sequence[SegmentId] = ()
    ) -> tuple[Audience, Segment]:
        """Who is in one segment and in none of the others; and the one.

        Raises UnknownReference naming `segment_id` or `exclude_segment_ids/0`, InvalidInput
        naming `exclude_segment_ids`, and DependencyFault.
        """
        found = _Resolution(self.segments)
        segment = found.segment(segment_id, "segment_id")
        rules: list[Rule] = [found.of_segment(segment)]
        for index, each in enumerate(excluded):
            other = found.segment(each, f"exclude_segment_ids/{index}")
            rules.append(Not(found.of_segment(other)))
        return _bounded(Audience.of(AllOf(tuple(rules))), "exclude_segment_ids"), segment

    def audience_of(self, rule: Rule) -> Audience:
        """Whom a rule means. Raises InvalidInput naming `rule`, and DependencyFault."""
        return _bounded(Audience.of(_Resolution(self.segments).of_rule(rule)), "rule")

    def page(  # noqa: PLR0913  where from, where to, and how far
        self,
        audience: Audience,
        *,
        lower: str,
        upper: str,
        after: str | None,
        limit: int,
        today: date,
        reads: int = READS_A_PAGE,
    ) -> AudiencePage:
        """Up to `limit` with a member key from `lower` to before `upper` and past `after`.

        Fewer than `limit`, or nobody, may come with a cursor: only so much is read for one page.
        Raises DependencyFault.
        """
        found: list[Contact] = []
        looked_at = 0
        for _ in range(1 if audience.is_whole else reads):
            size = limit if audience.is_whole else max(limit, CONTACTS_A_READ)
            some, after = self._read(audience.walked, lower, upper, after, size)
            looked_at += len(some)
            found += self._fitting(audience.rule, some, today)
            if len(found) > limit:
                # Who does not fit on the page is read again for the next.
                after = member_key(found[limit - 1].contact_id)
                return AudiencePage(tuple(found[:limit]), after, looked_at)
            if after is None or len(found) == limit:
                break
        return AudiencePage(tuple(found), after, looked_at)

    def _read(
        self, walked: SegmentId | None, lower: str, upper: str, after: str | None, limit: int
    ) -> tuple[tuple[Contact, ...], str | None]:
        if walked is None:
            page = self.contacts.page(lower=lower, upper=upper, after=after, limit=limit)
            return page.contacts, page.cursor
        members = self.segments.members(walked, lower=lower, upper=upper, after=after, limit=limit)
        # A contact erased since is no longer there.
        return self.contacts.get(members.contact_ids), members.cursor

    def _fitting(self, rule: Rule, contacts: Sequence[Contact], today: date) -> list[Contact]:
        ids = [contact.contact_id for contact in contacts]
        memberships = {each: self.segments.those_in(each, ids) for each in segments_in(rule)}
        return [contact for contact in contacts if matches(rule, contact, today, memberships)]


def _bounded(audience: Audience, field: str) -> Audience:
    """Raises InvalidInput naming `field` where each contact would cost too much."""
    if len(segments_in(audience.rule)) > MAX_SEGMENTS_ASKED:
        raise InvalidInput(
            field,
            f"With the rules of the segments that are named it asks for over {MAX_SEGMENTS_ASKED} "
            "static segments.",
        )
    return audience


class _Resolution:
    """Rules in place of the segments that are named, until only static ones are."""

    def __init__(self, segments: SegmentRepository) -> None:
        self._segments = segments
        self._found: dict[SegmentId, Segment | None] = {}
        self._parts = 0

    def segment(self, segment_id: SegmentId, field: str) -> Segment:
        """Raises UnknownReference naming `field`."""
        if segment_id not in self._found:
            self._found[segment_id] = self._segments.get(segment_id)
        segment = self._found[segment_id]
        if segment is None:
            raise UnknownReference(field, f"No segment {shown(segment_id)}; create it first.")
        return segment

    def of_segment(self, segment: Segment, deep: int = MAX_SEGMENTS_DEEP) -> Rule:
        """Its members."""
        if segment.rule is None:
            return InSegment(segment.segment_id)
        return self.of_rule(segment.rule, deep)

    def of_rule(self, rule: Rule, deep: int = MAX_SEGMENTS_DEEP) -> Rule:
        """Raises InvalidInput naming `rule` where it goes too far."""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise InvalidInput("rule", f"With the segments that it names over {MAX_PARTS} parts.")
        match rule:
            case InSegment(segment_id):
                if deep == 0:
                    raise InvalidInput(
                        "rule", f"Segments within segments, over {MAX_SEGMENTS_DEEP} deep."
                    )
                return self.of_segment(self.segment(segment_id, "rule"), deep - 1)
            case AllOf(rules):
                return AllOf(tuple(self.of_rule(each, deep) for each in rules))
            case AnyOf(rules):
                return AnyOf(tuple(self.of_rule(each, deep) for each in rules))
            case Not(negated):
                return Not(self.of_rule(negated, deep))
            case Comparison():
                return rule
