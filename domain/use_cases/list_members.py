"""List who is in a segment."""

from dataclasses import dataclass

from domain.errors import NotFound
from domain.identifiers import SegmentId
from domain.key_space import WHOLE_KEY_SPACE
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.segments import SegmentRepository
from domain.ports.suppressions import SuppressionRepository
from domain.use_cases.audience_walk import AudienceWalk
from domain.use_cases.list_contacts import ContactList, place_after


@dataclass(frozen=True, kw_only=True)
class ListMembers:
    """Of a static segment and of one with a rule, as of now, in the order of fan-out."""

    segments: SegmentRepository
    contacts: ContactRepository
    suppressions: SuppressionRepository
    clock: Clock

    def __call__(self, segment_id: SegmentId, limit: int, cursor: str | None) -> ContactList:
        """Fewer than `limit`, or nobody, may come with a cursor.

        Raises NotFound, InvalidInput naming `cursor`, and DependencyFault.
        """
        after = place_after(cursor)
        if self.segments.get(segment_id) is None:
            raise NotFound("segment", segment_id)
        walk = AudienceWalk(self.segments, self.contacts)
        audience, _ = walk.audience(segment_id)
        lower, upper = WHOLE_KEY_SPACE
        page = walk.page(
            audience,
            lower=lower,
            upper=upper,
            after=after,
            limit=limit,
            today=self.clock.now().date(),
        )
        return ContactList.of(page.contacts, page.cursor, self.suppressions)
