"""Having a job worked on, without waiting for it."""

from typing import Protocol

from domain.identifiers import ContactId, JobId


class JobInvoker(Protocol):
    """Asynchronous invocation of run-job.

    At least once, late, or never, as `domain.ports.invoker.Invoker`: a job's lease lets one of
    two at it, an erasure may be carried out twice, and the reconciler invokes both again. Each
    method returns once the invocation is accepted, and raises DependencyRefused (nothing will
    run; may be repeated) or DependencyUnavailable (it may run; may be repeated all the same).
    """

    def run(self, job_id: JobId) -> None:
        """Begin the job, or go on with it."""
        ...

    def erase(self, contact_id: ContactId) -> None:
        """Go on with an erasure that was begun."""
        ...
