"""Go on with a job, or with an erasure."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from domain.contact_export import ContactExport
from domain.contact_import import ContactImport
from domain.identifiers import JobId
from domain.job_run import ErasureRun, JobRun, Run
from domain.ports.jobs import JobRepository
from domain.use_cases.continue_erasure import ContinueErasure
from domain.use_cases.run_export import RunExport
from domain.use_cases.run_import import RunImport

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunJob:
    """By its kind; where the time does not do, each is gone on with later."""

    jobs: JobRepository
    run_import: RunImport
    run_export: RunExport
    continue_erasure: ContinueErasure

    def __call__(self, run: Run, time_left: timedelta) -> None:
        """As far as `time_left` goes. Raises DependencyFault: it may be repeated."""
        match run:
            case JobRun(job_id=job_id):
                self._run(job_id, time_left)
            case ErasureRun(contact_id=contact_id):
                self.continue_erasure(contact_id, time_left)

    def _run(self, job_id: JobId, time_left: timedelta) -> None:
        match self.jobs.get(job_id):
            case ContactImport() as job:
                self.run_import(job, time_left)
            case ContactExport() as export:
                self.run_export(export, time_left)
            case None:
                logger.warning("No such job", extra={"job_id": job_id})
