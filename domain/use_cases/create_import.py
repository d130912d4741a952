"""Create an import of contacts, whose file is still to be uploaded."""

from dataclasses import dataclass

from domain.contact_import import ContactImport, ImportPlan
from domain.errors import InvalidInput, UnknownReference
from domain.idempotency import IdempotencyRecord
from domain.identifiers import JobId, SegmentId, shown
from domain.import_plan import checked_plan
from domain.job import JobState
from domain.ports.clock import Clock
from domain.ports.ids import Ids
from domain.ports.jobs import JobRepository
from domain.ports.object_store import ObjectStore
from domain.ports.segments import SegmentRepository
from domain.use_cases.job_steps import add_once
from domain.use_cases.read_import import ImportRead


@dataclass(frozen=True, kw_only=True)
class CreateImport:
    """Nothing is done with it before it is started."""

    jobs: JobRepository
    segments: SegmentRepository
    object_store: ObjectStore
    clock: Clock
    ids: Ids

    def __call__(self, plan: ImportPlan, *, record: IdempotencyRecord | None = None) -> ImportRead:
        """The import, with the URL for its file.

        With a `record` it is the same at every try, and one that is there by an earlier try is the
        answer. Raises InvalidInput, UnknownReference naming `segment_id`, and DependencyFault.
        """
        checked_plan(plan)
        if plan.segment_id is not None:
            self._check_segment(plan.segment_id)
        fresh_id = self.ids.import_id()
        contact_import = ContactImport(
            job_id=fresh_id if record is None else JobId(record.named(fresh_id)),
            created_at=self.clock.now(),
            state=JobState.AWAITING_UPLOAD,
            plan=plan,
        )
        is_repeat = record is not None and record.is_repeat
        stored = add_once(self.jobs, contact_import, is_repeat=is_repeat)
        return ImportRead.of(stored, self.object_store)

    def _check_segment(self, segment_id: SegmentId) -> None:
        segment = self.segments.get(segment_id)
        if segment is None:
            raise UnknownReference(
                "segment_id", f"No segment {shown(segment_id)}; create it first."
            )
        if segment.rule is not None:
            raise InvalidInput(
                "segment_id", "The segment has a rule: who fits it is in it. Name a static one."
            )
