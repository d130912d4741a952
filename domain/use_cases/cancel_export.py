"""Cancel an export."""

import logging
from dataclasses import dataclass
from datetime import datetime

from domain.contact_export import ContactExport
from domain.errors import VersionConflict
from domain.identifiers import JobId
from domain.job import JobEvent, JobState
from domain.ports.clock import Clock
from domain.ports.jobs import JobRepository
from domain.ports.object_store import ObjectStore
from domain.use_cases.export_files import discard_file
from domain.use_cases.read_export import stored_export

logger = logging.getLogger(__name__)

_ATTEMPTS = 5
"""Races lost to whoever works on it."""


@dataclass(frozen=True, kw_only=True)
class CancelExport:
    """Whoever is at it loses it with the next write; what was written is taken away."""

    jobs: JobRepository
    object_store: ObjectStore
    clock: Clock

    def __call__(self, job_id: JobId, *, tried_at: datetime | None = None) -> ContactExport:
        """`tried_at` is when the same was tried, with nobody knows what effect.

        Raises NotFound, IllegalTransition, VersionConflict and DependencyFault.
        """
        for _ in range(_ATTEMPTS):
            export = stored_export(self.jobs, job_id)
            if tried_at is not None and export.state is JobState.CANCELLED:
                # The earlier try may have ended before it was through.
                discard_file(self.object_store, export)
                return export
            try:
                cancelled = self.jobs.save(export.end(JobEvent.CANCEL, self.clock.now()))
            except VersionConflict:
                continue
            logger.info("Export cancelled", extra={"job_id": job_id})
            # The writing is over before the file goes: nobody can complete it afterwards.
            discard_file(self.object_store, cancelled)
            return cancelled
        raise VersionConflict("The export kept changing.")
