"""Having a job worked on, without waiting for it."""

from typing import Protocol

from domain.identifiers import JobId


class JobInvoker(Protocol):
    """Asynchronous invocation of run-job.

    At least once, late, or never, as `domain.ports.invoker.Invoker`: a job's lease lets one of
    two at it, and the reconciler invokes it again.
    """

    def run(self, job_id: JobId) -> None:
        """Return once the invocation is accepted.

        Raises DependencyRefused (nothing will run; may be repeated) or DependencyUnavailable
        (it may run; may be repeated all the same).
        """
        ...
