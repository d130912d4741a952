"""Where segments and their members are kept."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from domain.identifiers import ContactId, SegmentId
from domain.segment import MemberPage, Segment


@dataclass(frozen=True)
class SegmentPage:
    """Segments by id. `cursor` reads on; None when there are no more."""

    segments: tuple[Segment, ...]
    cursor: str | None


class SegmentRepository(Protocol):
    """Every method raises DependencyFault and may be repeated."""

    def add(self, segment: Segment) -> None:
        """Write a new segment. Raises AlreadyExists if the id is taken."""
        ...

    def get(self, segment_id: SegmentId) -> Segment | None:
        """The segment; strongly consistent."""
        ...

    def page(self, limit: int, cursor: str | None) -> SegmentPage:
        """Segments by id. Raises InvalidInput naming `cursor`."""
        ...

    def add_members(self, segment_id: SegmentId, contact_ids: Collection[ContactId]) -> None:
        """Put contacts into the segment; who is in it already stays once. Not atomic."""
        ...

    def members(
        self, segment_id: SegmentId, *, lower: str, upper: str, after: str | None, limit: int
    ) -> MemberPage:
        """Members with a key from `lower` to before `upper` and past `after`, in key order.

        Fewer than `limit` may come with a cursor; no cursor means that there are no more.
        """
        ...

    def memberships(
        self, contact_id: ContactId, segment_ids: Collection[SegmentId]
    ) -> frozenset[SegmentId]:
        """Those of `segment_ids` that the contact was put into; strongly consistent."""
        ...

    def remove_member(self, segment_id: SegmentId, contact_id: ContactId) -> None:
        """Take a contact out of the segment, if it is in it."""
        ...

    def those_in(
        self, segment_id: SegmentId, contact_ids: Collection[ContactId]
    ) -> frozenset[ContactId]:
        """Those of `contact_ids` that were put into the segment; strongly consistent."""
        ...
