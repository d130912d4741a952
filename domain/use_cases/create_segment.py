"""Create a segment: a static one, or one with a rule."""

from dataclasses import dataclass

from domain.errors import AlreadyExists
from domain.idempotency import IdempotencyRecord
from domain.identifiers import SegmentId, chosen_id
from domain.names import checked_name
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.ids import Ids
from domain.ports.segments import SegmentRepository
from domain.rule import Rule
from domain.segment import Segment
from domain.use_cases.audience_walk import AudienceWalk


@dataclass(frozen=True, kw_only=True)
class CreateSegment:
    """A static one is without members; AddMembers puts them in."""

    segments: SegmentRepository
    contacts: ContactRepository
    clock: Clock
    ids: Ids

    def __call__(
        self,
        name: str,
        segment_id: str | None = None,
        record: IdempotencyRecord | None = None,
        rule: Rule | None = None,
    ) -> Segment:
        """`segment_id` names it, if given. Raises InvalidInput, AlreadyExists, DependencyFault.

        With a `record` it is the same at every try, and one that is there by an earlier try is the
        answer.
        """
        segment = Segment(
            segment_id=(
                self._new_id(record)
                if segment_id is None
                else SegmentId(chosen_id("segment_id", segment_id))
            ),
            name=checked_name(name),
            created_at=self.clock.now() if record is None else record.began_at,
            rule=rule,
        )
        if rule is not None:
            AudienceWalk(self.segments, self.contacts).audience_of(rule)
        try:
            self.segments.add(segment)
        except AlreadyExists:
            is_repeat = record is not None and record.is_repeat
            if not is_repeat or self.segments.get(segment.segment_id) != segment:
                raise
        return segment

    def _new_id(self, record: IdempotencyRecord | None) -> SegmentId:
        fresh_id = self.ids.segment_id()
        return fresh_id if record is None else SegmentId(record.named(fresh_id))
