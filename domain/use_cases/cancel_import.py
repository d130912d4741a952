"""Cancel an import."""

import logging
from dataclasses import dataclass
from datetime import datetime

from domain.contact_import import ContactImport
from domain.errors import DependencyFault, VersionConflict
from domain.identifiers import JobId
from domain.job import JobEvent, JobState
from domain.ports.clock import Clock
from domain.ports.jobs import JobRepository
from domain.ports.object_store import ObjectStore
from domain.use_cases.read_import import stored_import

logger = logging.getLogger(__name__)

_ATTEMPTS = 5
"""Races lost to whoever works on it."""


@dataclass(frozen=True, kw_only=True)
class CancelImport:
    """Whoever is at it loses it with the next write. What was imported stays; the file goes."""

    jobs: JobRepository
    object_store: ObjectStore
    clock: Clock

    def __call__(self, job_id: JobId, *, tried_at: datetime | None = None) -> ContactImport:
        """`tried_at` is when the same was tried, with nobody knows what effect.

        Raises NotFound, IllegalTransition, VersionConflict and DependencyFault.
        """
        for _ in range(_ATTEMPTS):
            contact_import = stored_import(self.jobs, job_id)
            if tried_at is not None and contact_import.state is JobState.CANCELLED:
                # The earlier try may have ended before it was through.
                self._discard_file(contact_import)
                return contact_import
            try:
                cancelled = self.jobs.save(contact_import.end(JobEvent.CANCEL, self.clock.now()))
            except VersionConflict:
                continue
            logger.info("Import cancelled", extra={"job_id": job_id})
            self._discard_file(cancelled)
            return cancelled
        raise VersionConflict("The import kept changing.")

    def _discard_file(self, contact_import: ContactImport) -> None:
        """What cannot be reached goes by itself, as all objects do."""
        try:
            self.object_store.delete(contact_import.upload_name)
        except DependencyFault as fault:
            logger.warning(
                "The import's file stays until it is old: %s",
                fault,
                extra={"job_id": contact_import.job_id},
            )
