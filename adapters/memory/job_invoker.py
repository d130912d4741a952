"""Asynchronous invocations of run-job within the process."""

from collections.abc import Sequence
from datetime import timedelta
from queue import Empty, SimpleQueue

from adapters.memory.invocation import Invocation
from domain.identifiers import ContactId, JobId
from domain.job_run import ErasureRun, JobRun, Run


class MemoryJobInvoker:
    """Implements `domain.ports.job_invoker.JobInvoker`; a pump takes what was accepted."""

    def __init__(self) -> None:
        """Nothing accepted yet."""
        self._accepted: SimpleQueue[Run] = SimpleQueue()

    def run(self, job_id: JobId) -> None:
        """Accepted at once."""
        self._accepted.put(JobRun(job_id))

    def erase(self, contact_id: ContactId) -> None:
        """Accepted at once."""
        self._accepted.put(ErasureRun(contact_id))

    def take(self, wait: timedelta) -> Invocation[Run] | None:
        """The longest waiting invocation; None if none came within `wait`."""
        try:
            return Invocation(self._accepted.get(timeout=wait.total_seconds()))
        except Empty:
            return None

    def done(self, invocation: Invocation[Run]) -> None:
        """It went with `take`."""

    def failed(self, invocation: Invocation[Run], error: str) -> None:
        """It is gone, as one that Lambda gave up."""

    def take_all(self) -> Sequence[Run]:
        """Every waiting invocation."""
        taken: list[Run] = []
        while not self._accepted.empty():
            taken.append(self._accepted.get())
        return taken
