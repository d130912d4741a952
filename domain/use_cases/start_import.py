"""Start an import whose file is uploaded, or a dry run of it."""

from dataclasses import dataclass
from datetime import datetime

from domain.contact_import import ContactImport
from domain.errors import InvalidInput, VersionConflict
from domain.identifiers import JobId
from domain.job import KEPT, JobState
from domain.ports.clock import Clock
from domain.ports.job_invoker import JobInvoker
from domain.ports.jobs import JobRepository
from domain.ports.object_store import ObjectStore
from domain.use_cases.job_steps import invoke_or_leave
from domain.use_cases.read_import import stored_import

MAX_IMPORT_BYTES = 1_000_000_000
_ATTEMPTS = 5
"""Races lost to whoever changes it, too."""


@dataclass(frozen=True, kw_only=True)
class StartImport:
    """Saved before it is invoked: what is not invoked, the reconciler goes on with."""

    jobs: JobRepository
    object_store: ObjectStore
    job_invoker: JobInvoker
    clock: Clock

    def __call__(
        self, job_id: JobId, *, dry_run: bool, tried_at: datetime | None = None
    ) -> ContactImport:
        """`tried_at` is when the same was tried, with nobody knows what effect.

        Raises NotFound, IllegalTransition, InvalidInput naming `upload`, VersionConflict and
        DependencyFault.
        """
        for _ in range(_ATTEMPTS):
            contact_import = stored_import(self.jobs, job_id)
            if tried_at is None or not _is_started(contact_import, dry_run, tried_at):
                try:
                    contact_import = self.jobs.save(self._begun(contact_import, dry_run=dry_run))
                except VersionConflict:
                    continue
            if contact_import.state is JobState.RUNNING:
                invoke_or_leave(self.job_invoker, job_id, "Import started, but not invoked")
            return contact_import
        raise VersionConflict("The import kept changing.")

    def _begun(self, contact_import: ContactImport, *, dry_run: bool) -> ContactImport:
        size = self.object_store.size(contact_import.upload_name)
        # What its state forbids is said before what its file lacks.
        begun = contact_import.begin(dry_run=dry_run, size=size or 0, now=self.clock.now())
        if size is None and contact_import.state is not JobState.AWAITING_UPLOAD:
            raise InvalidInput(
                "upload",
                f"The file was kept for {KEPT.days} days and is gone; PUT it to the upload's URL, "
                "which is there when the import is read.",
            )
        if size is None:
            raise InvalidInput("upload", "No file yet; PUT it to the upload's URL first.")
        if size == 0:
            raise InvalidInput("upload", "The file is empty; PUT another to the upload's URL.")
        if size > MAX_IMPORT_BYTES:
            raise InvalidInput(
                "upload",
                f"At most {MAX_IMPORT_BYTES} bytes; divide the file, and import each part.",
            )
        return begun


def _is_started(contact_import: ContactImport, dry_run: bool, tried_at: datetime) -> bool:
    """Whether an earlier try did it; it may be over by now."""
    return (
        contact_import.started_at is not None
        and contact_import.started_at >= tried_at
        and contact_import.dry_run == dry_run
    )
