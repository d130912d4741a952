"""What the steps of all jobs share: holding one, writing down how far it is, going on later."""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace

from domain.errors import AlreadyExists, DependencyFault, VersionConflict
from domain.identifiers import JobId
from domain.job import LEASE
from domain.ports.clock import Clock
from domain.ports.job_invoker import JobInvoker
from domain.ports.jobs import JobRepository, Kind
from domain.use_cases.unanswered_add import add_even_unanswered

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class JobSteps:
    """Every write is under the job's version. Methods raise VersionConflict and DependencyFault."""

    jobs: JobRepository
    job_invoker: JobInvoker
    clock: Clock

    def saved(self, job: Kind) -> Kind:
        """With the lease renewed."""
        until = self.clock.now() + LEASE
        return self.jobs.save(replace(job, lease_until=until, next_check_at=until))

    def released(self, job: Kind) -> None:
        """After a fault, if it can be: whoever repeats this need not wait for the lease."""
        with suppress(DependencyFault, VersionConflict):
            self.jobs.save(self.held(job).release(self.clock.now()))

    def handed_over(self, job: Kind) -> None:
        """To whoever is invoked next."""
        self.jobs.save(job.release(self.clock.now()))
        invoke_or_leave(self.job_invoker, job.job_id, "Out of time, and not invoked again")

    def held(self, job: Kind) -> Kind:
        """As it is stored now. Raises VersionConflict where it is somebody else's by now."""
        held = self.jobs.get(job.job_id)
        if not isinstance(held, type(job)) or held.lease_token != job.lease_token:
            raise VersionConflict("The lease was lost.")
        return held


def invoke_or_leave(job_invoker: JobInvoker, job_id: JobId, otherwise: str) -> None:
    """Have it run; `otherwise` it is logged, and the reconciler's."""
    try:
        job_invoker.run(job_id)
    except DependencyFault as fault:
        logger.warning("%s; the reconciler goes on: %s", otherwise, fault, extra={"job_id": job_id})


def add_once(jobs: JobRepository, job: Kind, *, is_repeat: bool) -> Kind:
    """The job, or with `is_repeat` the one that an earlier try has added.

    Raises AlreadyExists, and DependencyFault where it is not there.
    """
    try:
        add_even_unanswered(lambda: jobs.add(job), lambda: jobs.get(job.job_id) is not None)
    except AlreadyExists:
        stored = jobs.get(job.job_id) if is_repeat else None
        if not isinstance(stored, type(job)):
            raise
        return stored
    return job
