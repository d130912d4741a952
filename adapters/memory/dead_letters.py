"""Dead letters within the process: those of its queues, and what was given up elsewhere."""

from collections.abc import Sequence

from adapters.memory.invoker import MemoryInvoker
from adapters.memory.job_invoker import MemoryJobInvoker
from adapters.memory.queue import MemorySendQueue
from adapters.memory.start_queue import MemoryStartQueue
from domain.chunk import ChunkRef
from domain.dead_letter import DeadLetter, DeadLetterSource, ProviderReport
from domain.job_run import ErasureRun, JobRun
from domain.start import StartRequest


class MemoryDeadLetters:
    """Implements `domain.ports.dead_letters.DeadLetters`."""

    def __init__(
        self,
        queue: MemorySendQueue,
        start_queue: MemoryStartQueue,
        invoker: MemoryInvoker,
        job_invoker: MemoryJobInvoker,
    ) -> None:
        """Over these; nothing else is given up yet. Replayed reports are kept in `reports`."""
        self._queue = queue
        self._start_queue = start_queue
        self._invoker = invoker
        self._job_invoker = job_invoker
        self._given_up: dict[str, DeadLetter] = {}
        self.reports: list[ProviderReport] = []

    def give_up(self, letter: DeadLetter) -> None:
        """What Lambda, Scheduler or a stranger leaves on a queue of dead letters."""
        self._given_up[letter.message_id] = letter

    def all(self) -> Sequence[DeadLetter]:
        """Looking changes nothing."""
        sources = list(DeadLetterSource)
        return sorted(
            [
                *self._queue.dead.values(),
                *self._start_queue.dead.values(),
                *self._given_up.values(),
            ],
            key=lambda letter: (sources.index(letter.source), letter.first_sent_at),
        )

    def replay(self, letter: DeadLetter) -> None:
        """Accepted at once."""
        match letter.work:
            case ChunkRef() as chunk:
                self._queue.enqueue([chunk], letter.priority)
            case StartRequest(campaign_id=campaign_id):
                self._invoker.start(campaign_id)
            case JobRun(job_id=job_id):
                self._job_invoker.run(job_id)
            case ErasureRun(contact_id=contact_id):
                self._job_invoker.erase(contact_id)
            case ProviderReport() as report:
                self.reports.append(report)
            case None:
                raise ValueError("not a message of Sentinel")
        self.discard(letter)

    def discard(self, letter: DeadLetter) -> None:
        """By its id."""
        self._queue.dead.pop(letter.message_id, None)
        self._start_queue.dead.pop(letter.message_id, None)
        self._given_up.pop(letter.message_id, None)
