"""Asynchronous invocations of run-job within the process."""

from collections.abc import Sequence
from datetime import timedelta
from queue import Empty, SimpleQueue

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

    def take(self, wait: timedelta) -> Run | None:
        """The longest waiting invocation; None if none came within `wait`."""
        try:
            return self._accepted.get(timeout=wait.total_seconds())
        except Empty:
            return None

    def take_all(self) -> Sequence[Run]:
        """Every waiting invocation."""
        taken: list[Run] = []
        while not self._accepted.empty():
            taken.append(self._accepted.get())
        return taken
