"""Work on an export: find its fields, write its rows, make the file of them."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.audience import Audience
from domain.contact_export import MAX_EXPORT_PARTS, MAX_FOUND_FIELDS, ContactExport
from domain.contact_status import status_of
from domain.errors import DependencyFault, InvalidInput, NotFound, UnknownReference, VersionConflict
from domain.export_rows import header, rows
from domain.job import LEASE, JobEvent, JobState
from domain.key_space import WHOLE_KEY_SPACE
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.ids import Ids
from domain.ports.job_invoker import JobInvoker
from domain.ports.jobs import JobRepository
from domain.ports.object_store import ObjectStore
from domain.ports.segments import SegmentRepository
from domain.ports.suppressions import SuppressionRepository
from domain.rule import AllOf
from domain.use_cases.audience_walk import AudiencePage, AudienceWalk
from domain.use_cases.export_files import discard_file, discard_remainder
from domain.use_cases.job_steps import JobSteps

logger = logging.getLogger(__name__)

PART_BYTES = 6 * 1024 * 1024
CONTACTS_A_PAGE = 500
_EVERYBODY = Audience.of(AllOf(()))
_BETWEEN_WRITES = LEASE / 3
"""Longest without a write of the job; a page takes a few seconds at the most."""
_HAND_OVER = timedelta(seconds=15)
"""Kept of the time for a last page, and for writing down where it is."""
_LOST = "What was written of its file is gone, or was changed; create the export again."


class _FailedError(Exception):
    """Nothing can be made of it; says why, and what to do."""


@dataclass(frozen=True)
class _Draft:
    """What is in memory of an export, which may be ahead of what is saved.

    `unwritten` are rows that are in no part; `is_over` says that no contacts are left to go
    through, for fields or for rows.
    """

    export: ContactExport
    unwritten: bytes
    saved_at: timedelta
    is_over: bool = False


@dataclass(frozen=True, kw_only=True)
class RunExport:
    """Idempotent: repeat it at will. Whoever takes over goes on from the last write of the job.

    Rows are collected into parts of `part_bytes`. Between two parts, where they are long in coming,
    the rows so far are an object of their own.
    """

    jobs: JobRepository
    segments: SegmentRepository
    contacts: ContactRepository
    suppressions: SuppressionRepository
    object_store: ObjectStore
    job_invoker: JobInvoker
    clock: Clock
    ids: Ids
    part_bytes: int = PART_BYTES
    page_size: int = CONTACTS_A_PAGE

    def __call__(self, export: ContactExport, time_left: timedelta | None = None) -> None:
        """As it was just read. Leave quietly where it does not run, or somebody is at it.

        With `time_left` it stops before that has passed and has itself invoked again. Raises
        DependencyFault: whoever invoked it may repeat it, and the reconciler will.
        """
        deadline = None if time_left is None else self.clock.monotonic() + time_left - _HAND_OVER
        log = {"job_id": export.job_id}
        now = self.clock.now()
        if export.state is not JobState.RUNNING or export.is_held(now):
            logger.info("Nothing to do for this export", extra=log)
            return
        try:
            self._work(self.jobs.save(export.claim(self.ids.lease_token(), now)), deadline)
        except VersionConflict:
            logger.info("Somebody else is at the export", extra=log)
        except DependencyFault as fault:
            logger.warning("Export broken off: %s", fault, extra=log)
            raise

    def _work(self, export: ContactExport, deadline: timedelta | None) -> None:
        try:
            self._go_through(export, deadline)
        except _FailedError as failed:
            self._fail(export, str(failed))
        except DependencyFault:
            self._steps.released(export)
            raise

    def _go_through(self, export: ContactExport, deadline: timedelta | None) -> None:
        """Raises _FailedError, VersionConflict and DependencyFault."""
        if export.is_written:
            self._complete(export)
            return
        audience = self._audience(export)
        draft = self._resumed(export)
        while not draft.is_over:
            # At least one page a run, however little time there is: it must end some day.
            page = self._page(draft.export, audience)
            draft = (
                self._taken(draft, page) if draft.export.has_fields else self._named(draft, page)
            )
            if draft.is_over:
                continue
            if len(draft.unwritten) >= self.part_bytes:
                draft = self._part_written(draft)
            is_time = deadline is not None and self.clock.monotonic() >= deadline
            if is_time or self.clock.monotonic() - draft.saved_at >= _BETWEEN_WRITES:
                draft = self._kept(draft)
            if is_time:
                self._steps.handed_over(draft.export)
                return
        self._complete(self._part_written(draft).export)

    def _audience(self, export: ContactExport) -> Audience:
        if export.segment_id is None:
            return _EVERYBODY
        try:
            audience, _ = self._walk.audience(export.segment_id)
        except UnknownReference as error:
            raise _FailedError("Its segment is gone; export another one.") from error
        except InvalidInput as error:
            raise _FailedError(f"Its segment cannot be gone through: {error.detail}") from error
        return audience

    @property
    def _walk(self) -> AudienceWalk:
        return AudienceWalk(self.segments, self.contacts)

    def _page(self, export: ContactExport, audience: Audience) -> AudiencePage:
        lower, upper = WHOLE_KEY_SPACE
        return self._walk.page(
            audience,
            lower=lower,
            upper=upper,
            after=export.cursor,
            limit=self.page_size,
            # The same day for all of them, however long it takes.
            today=(export.started_at or export.created_at).date(),
        )

    def _resumed(self, export: ContactExport) -> _Draft:
        """From where the last write of the job left it."""
        if not export.has_fields:
            return self._draft(export)
        export = self._begun(export)
        if export.remainder_name is not None:
            try:
                unwritten = self.object_store.read(export.remainder_name, 0, self.part_bytes)
            except NotFound as error:
                raise _FailedError(_LOST) from error
            return self._draft(export, unwritten)
        return self._draft(export, b"" if export.part_tags else header(export.fields))

    def _begun(self, export: ContactExport) -> ContactExport:
        """With an object under way."""
        if export.writing_id is not None:
            return export
        writing_id = self.object_store.begin(export.object_name)
        # One that is not saved goes by itself: there is nothing in it.
        return self._steps.saved(replace(export, writing_id=writing_id))

    def _named(self, draft: _Draft, page: AudiencePage) -> _Draft:
        """With the fields of these contacts; once they are all found, ready for rows."""
        names = {name for contact in page.contacts for name in contact.fields}
        export = draft.export.looked_at(names, page.cursor)
        if len(export.fields) > MAX_FOUND_FIELDS:
            raise _FailedError(
                f"The contacts have over {MAX_FOUND_FIELDS} different fields; create the export "
                "again with the ones that you need in `fields`."
            )
        if export.has_fields:
            return self._resumed(self._steps.saved(export))
        return replace(draft, export=export)

    def _taken(self, draft: _Draft, page: AudiencePage) -> _Draft:
        """With the rows of these contacts."""
        export = draft.export
        suppressed = self.suppressions.find([each.address for each in page.contacts])
        written = rows(
            [(each, status_of(each, suppressed.get(each.address))) for each in page.contacts],
            export.fields,
            spreadsheet_safe=export.spreadsheet_safe,
        )
        return replace(
            draft,
            export=replace(export, cursor=page.cursor, rows=export.rows + len(page.contacts)),
            unwritten=draft.unwritten + written,
            is_over=page.cursor is None,
        )

    def _part_written(self, draft: _Draft) -> _Draft:
        """The rows as one more part; where it is over, the last, which may be small."""
        export = draft.export
        tags = export.part_tags
        if draft.unwritten:
            if len(tags) == MAX_EXPORT_PARTS:
                raise _FailedError(
                    "The file would be too large; export segments, or fewer `fields`, one by one."
                )
            tags = (*tags, self._written(export, len(tags) + 1, draft.unwritten))
        saved = self._steps.saved(
            replace(export, part_tags=tags, remainder_name=None, is_written=draft.is_over)
        )
        discard_remainder(self.object_store, export)
        return self._draft(saved, is_over=draft.is_over)

    def _written(self, export: ContactExport, number: int, content: bytes) -> str:
        """The part's tag."""
        if export.writing_id is None:
            raise _FailedError(_LOST)
        try:
            return self.object_store.write_part(
                export.object_name, export.writing_id, number, content
            )
        except NotFound as error:
            raise _FailedError(_LOST) from error

    def _kept(self, draft: _Draft) -> _Draft:
        """What was reached is saved, with the rows that make no part yet in an object."""
        export = draft.export
        if not draft.unwritten:
            return self._draft(self._steps.saved(export))
        name = export.next_remainder()
        self.object_store.write(name, draft.unwritten)
        with_remainder = replace(export, remainder_name=name)
        try:
            saved = self._steps.saved(with_remainder)
        except VersionConflict:
            discard_remainder(self.object_store, with_remainder)
            raise
        discard_remainder(self.object_store, export)
        return self._draft(saved, draft.unwritten)

    def _complete(self, export: ContactExport) -> None:
        """Every row is in a part: make the file of them, unless that was done."""
        try:
            self.object_store.complete(
                export.object_name, export.writing_id or "", export.part_tags
            )
        except NotFound as error:
            if self.object_store.size(export.object_name) is None:
                raise _FailedError(_LOST) from error
        self.jobs.save(export.end(JobEvent.FINISH, self.clock.now()))
        logger.info("Export finished", extra={"job_id": export.job_id, "rows": export.rows})

    def _fail(self, export: ContactExport, reason: str) -> None:
        """It says why. What was written is of no use."""
        held = self._steps.held(export)
        failed = self.jobs.save(held.end(JobEvent.FAIL, self.clock.now(), reason))
        logger.error("Export failed: %s", reason, extra={"job_id": export.job_id})
        discard_file(self.object_store, failed)

    @property
    def _steps(self) -> JobSteps:
        return JobSteps(jobs=self.jobs, job_invoker=self.job_invoker, clock=self.clock)

    def _draft(
        self, saved: ContactExport, unwritten: bytes = b"", *, is_over: bool = False
    ) -> _Draft:
        return _Draft(saved, unwritten, self.clock.monotonic(), is_over)
