"""Work on an import: find out how its file is written, and apply its rows batch by batch."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from domain.contact import Contact, ContactDraft
from domain.contact_import import (
    ROWS_A_BATCH,
    ContactImport,
    CsvLayout,
    CsvPosition,
    ImportCounts,
    RefusedRow,
)
from domain.csv_contact import RowReader, merged
from domain.csv_layout import SAMPLE_BYTES, layout_of
from domain.csv_rows import CsvRow
from domain.errors import DependencyFault, InvalidInput, VersionConflict
from domain.job import JobEvent, JobState
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.ids import Ids
from domain.ports.job_invoker import JobInvoker
from domain.ports.jobs import JobRepository
from domain.ports.object_store import ObjectStore
from domain.ports.segments import SegmentRepository
from domain.refused_rows import refused_content
from domain.use_cases.import_file import ImportFile, UnreadableFileError
from domain.use_cases.job_steps import JobSteps

logger = logging.getLogger(__name__)

_HAND_OVER = timedelta(seconds=15)
"""Kept of the time for a last batch."""
_MAX_FAILURE_CHARACTERS = 1_000
"""It may tell what the file has for a header."""


@dataclass
class _Batch:
    """What is made of the rows of one batch: one draft for each address, and who is refused."""

    drafts: dict[str, ContactDraft] = field(default_factory=dict)
    rows: dict[str, list[CsvRow]] = field(default_factory=dict)
    """Those that a draft is made of, by its address."""
    refused: list[RefusedRow] = field(default_factory=list)
    repeated: int = 0

    @classmethod
    def of(cls, rows: Sequence[CsvRow], reader: RowReader) -> "_Batch":
        batch = cls()
        for row in rows:
            read = reader.read(row)
            if isinstance(read, RefusedRow):
                batch.refused.append(read)
                continue
            earlier = batch.drafts.get(read.address)
            if earlier is not None:
                try:
                    read = merged(earlier, read)
                except InvalidInput as error:
                    batch.refused.append(RefusedRow(row.line, error.detail, row.cells))
                    continue
                batch.repeated += 1
            batch.drafts[read.address] = read
            batch.rows.setdefault(read.address, []).append(row)
        return batch

    def refuse(self, draft: ContactDraft, reason: str) -> None:
        """What only the store can tell: nothing of any of its rows is imported."""
        rows = self.rows[draft.address]
        self.refused += [RefusedRow(row.line, reason, row.cells) for row in rows]
        self.repeated -= len(rows) - 1


@dataclass(frozen=True, kw_only=True)
class RunImport:
    """Idempotent: a batch that was broken off is repeated, and counted once.

    For what became of a row is told by the contact itself, by the row it comes from.
    """

    jobs: JobRepository
    segments: SegmentRepository
    contacts: ContactRepository
    object_store: ObjectStore
    job_invoker: JobInvoker
    clock: Clock
    ids: Ids
    rows_a_batch: int = ROWS_A_BATCH

    def __call__(self, job: ContactImport, time_left: timedelta | None = None) -> None:
        """As it was just read. Leave quietly where it does not run, or somebody is at it.

        With `time_left` it stops before that has passed and has itself invoked again. Raises
        DependencyFault: whoever invoked it may repeat it, and the reconciler will.
        """
        deadline = None if time_left is None else self.clock.monotonic() + time_left - _HAND_OVER
        log = {"job_id": job.job_id}
        now = self.clock.now()
        if job.state is not JobState.RUNNING or job.is_held(now):
            logger.info("Nothing to do for this import", extra=log)
            return
        try:
            self._work(self.jobs.save(job.claim(self.ids.lease_token(), now)), deadline)
        except VersionConflict:
            logger.info("Somebody else is at the import", extra=log)
        except DependencyFault as fault:
            logger.warning("Import broken off: %s", fault, extra=log)
            raise

    def _work(self, job: ContactImport, deadline: timedelta | None) -> None:
        try:
            self._go_through(job, deadline)
        except (InvalidInput, UnreadableFileError) as failed:
            reason = failed.detail if isinstance(failed, InvalidInput) else str(failed)
            reason = reason[:_MAX_FAILURE_CHARACTERS]
            held = self._steps.held(job)
            self.jobs.save(held.end(JobEvent.FAIL, self.clock.now(), reason))
            # Not the reason, which may have words of the file.
            logger.error("Import failed", extra={"job_id": job.job_id})  # noqa: TRY400  see above
        except DependencyFault:
            self._steps.released(job)
            raise

    def _go_through(self, job: ContactImport, deadline: timedelta | None) -> None:
        """Raises InvalidInput, UnreadableFileError, VersionConflict, DependencyFault."""
        file = ImportFile(self.object_store, job.upload_name, job.size or 0)
        job, layout, position = self._laid_out(job, file)
        reader = RowReader.of(job.job_id, job.plan, layout)
        is_over = False
        while not is_over:
            read = file.batch(layout, position, self.rows_a_batch)
            job = self._applied(job, read.rows, reader, read.position)
            position, is_over = read.position, read.is_over
            if not is_over and deadline is not None and self.clock.monotonic() >= deadline:
                self._steps.handed_over(job)
                return
        self._end(job)

    def _laid_out(
        self, job: ContactImport, file: ImportFile
    ) -> tuple[ContactImport, CsvLayout, CsvPosition]:
        if job.layout is not None and job.position is not None:
            return job, job.layout, job.position
        sample = file.beginning(SAMPLE_BYTES)
        layout, position = layout_of(sample, job.plan, is_whole=len(sample) >= file.size)
        return self._steps.saved(replace(job, layout=layout, position=position)), layout, position

    def _applied(
        self,
        job: ContactImport,
        rows: Sequence[CsvRow],
        reader: RowReader,
        position: CsvPosition,
    ) -> ContactImport:
        """A batch and the place behind it: the contacts first, what was reached last."""
        batch = _Batch.of(rows, reader)
        counts = self._looked_up(batch) if job.dry_run else self._put(job, batch)
        number = job.refused_batches
        if batch.refused:
            refused = sorted(batch.refused, key=lambda each: each.line)
            self.object_store.write(job.refused_name(number), refused_content(refused))
            number += 1
        before = job.counts
        return self._steps.saved(
            replace(
                job,
                position=position,
                refused_batches=number,
                counts=ImportCounts(
                    created=before.created + counts.created,
                    updated=before.updated + counts.updated,
                    unchanged=before.unchanged + counts.unchanged,
                    repeated=before.repeated + batch.repeated,
                    refused=before.refused + len(batch.refused),
                ),
            )
        )

    def _put(self, job: ContactImport, batch: _Batch) -> ImportCounts:
        drafts = list(batch.drafts.values())
        try:
            put = list(zip(drafts, self.contacts.put(drafts), strict=True))
        except InvalidInput:
            put = self._put_one_by_one(drafts, batch)
        if job.plan.segment_id is not None and put:
            self.segments.add_members(
                job.plan.segment_id, [contact.contact_id for _, contact in put]
            )
        created = sum(contact.created_by == draft.origin for draft, contact in put)
        updated = sum(
            contact.created_by != draft.origin == contact.changed_by for draft, contact in put
        )
        return ImportCounts(
            created=created, updated=updated, unchanged=len(put) - created - updated
        )

    def _put_one_by_one(
        self, drafts: Sequence[ContactDraft], batch: _Batch
    ) -> list[tuple[ContactDraft, Contact]]:
        """One of them adds too many fields to what is there: it is the one that is refused."""
        put = []
        for draft in drafts:
            try:
                (contact,) = self.contacts.put([draft])
            except InvalidInput as error:
                batch.refuse(draft, error.detail)
                continue
            put.append((draft, contact))
        return put

    def _looked_up(self, batch: _Batch) -> ImportCounts:
        """What would become of them, were they put."""
        known = {each.address: each for each in self.contacts.find_all(list(batch.drafts))}
        created = updated = unchanged = 0
        for draft in batch.drafts.values():
            contact = known.get(draft.address)
            if contact is None:
                created += 1
                continue
            try:
                changes = contact.given(draft) is not contact
            except InvalidInput as error:
                batch.refuse(draft, error.detail)
                continue
            updated += changes
            unchanged += not changes
        return ImportCounts(created=created, updated=updated, unchanged=unchanged)

    def _end(self, job: ContactImport) -> None:
        event = JobEvent.CHECK if job.dry_run else JobEvent.FINISH
        self.jobs.save(job.end(event, self.clock.now()))
        logger.info(
            "Import checked" if job.dry_run else "Import finished",
            extra={"job_id": job.job_id, "rows": job.counts.rows},
        )
        if not job.dry_run:
            # Of no use any more; where this fails, it goes by itself some days later.
            with suppress(DependencyFault):
                self.object_store.delete(job.upload_name)

    @property
    def _steps(self) -> JobSteps:
        return JobSteps(jobs=self.jobs, job_invoker=self.job_invoker, clock=self.clock)
