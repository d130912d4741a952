"""Create an export of contacts, and have it worked on."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.contact_export import ContactExport
from domain.idempotency import IdempotencyRecord
from domain.identifiers import JobId, SegmentId
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.ids import Ids
from domain.ports.job_invoker import JobInvoker
from domain.ports.jobs import JobRepository
from domain.ports.segments import SegmentRepository
from domain.use_cases.audience_walk import AudienceWalk
from domain.use_cases.job_steps import add_once, invoke_or_leave


@dataclass(frozen=True, kw_only=True)
class CreateExport:
    """Saved before it is invoked: what is not invoked, the reconciler goes on with."""

    jobs: JobRepository
    segments: SegmentRepository
    contacts: ContactRepository
    job_invoker: JobInvoker
    clock: Clock
    ids: Ids

    def __call__(
        self,
        *,
        segment_id: SegmentId | None = None,
        fields: Sequence[str] | None = None,
        spreadsheet_safe: bool = True,
        record: IdempotencyRecord | None = None,
    ) -> ContactExport:
        """Of everybody without a segment, with all fields where none are named.

        With a `record` it is the same at every try, and one that is there by an earlier try is the
        answer. Raises InvalidInput and DependencyFault.
        """
        fresh_id = self.ids.export_id()
        export = ContactExport.begin(
            fresh_id if record is None else JobId(record.named(fresh_id)),
            self.clock.now(),
            segment_id=segment_id,
            fields=fields,
            spreadsheet_safe=spreadsheet_safe,
        )
        if segment_id is not None:
            AudienceWalk(self.segments, self.contacts).audience(segment_id)
        is_repeat = record is not None and record.is_repeat
        export = add_once(self.jobs, export, is_repeat=is_repeat)
        invoke_or_leave(self.job_invoker, export.job_id, "Export stored, but not invoked")
        return export
