"""Create a static segment."""

from dataclasses import dataclass

from domain.errors import InvalidInput
from domain.identifiers import NAMED_ID, SegmentId
from domain.ports.clock import Clock
from domain.ports.ids import Ids
from domain.ports.segments import SegmentRepository
from domain.segment import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSegment:
    """Without members; AddMembers puts them in."""

    segments: SegmentRepository
    clock: Clock
    ids: Ids

    def __call__(self, name: str, segment_id: str | None = None) -> Segment:
        """`segment_id` names it, if given. Raises InvalidInput, AlreadyExists."""
        if segment_id is not None and not NAMED_ID.fullmatch(segment_id):
            raise InvalidInput(
                "segment_id", "Letters, digits, - and _, at most 64, a letter or digit first."
            )
        segment = Segment(
            segment_id=SegmentId(segment_id) if segment_id else self.ids.segment_id(),
            name=name,
            created_at=self.clock.now(),
        )
        self.segments.add(segment)
        return segment
