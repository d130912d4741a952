"""Create a static segment."""

from dataclasses import dataclass

from domain.identifiers import SegmentId, chosen_id
from domain.names import checked_name
from domain.ports.clock import Clock
from domain.ports.ids import Ids
from domain.ports.segments import SegmentRepository
from domain.segment import Segment


@dataclass(frozen=True, kw_only=True)
class CreateSegment:
    """Without members; AddMembers puts them in."""

    segments: SegmentRepository
    clock: Clock
    ids: Ids

    def __call__(self, name: str, segment_id: str | None = None) -> Segment:
        """`segment_id` names it, if given. Raises InvalidInput, AlreadyExists."""
        segment = Segment(
            segment_id=(
                self.ids.segment_id()
                if segment_id is None
                else SegmentId(chosen_id("segment_id", segment_id))
            ),
            name=checked_name(name),
            created_at=self.clock.now(),
        )
        self.segments.add(segment)
        return segment
