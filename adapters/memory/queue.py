"""The send queues in memory."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from adapters.memory.message_queue import MemoryMessageQueue
from domain.chunk import ChunkRef
from domain.dead_letter import SEND_QUEUES, DeadLetter
from domain.ports.clock import Clock
from domain.ports.queue import Delivery
from domain.priority import Priority


class MemorySendQueue:
    """Implements `domain.ports.queue.SendQueue`: one queue for each priority.

    The `dead` letters of all are by their ids; whoever takes one out has dealt with it.
    """

    def __init__(
        self,
        clock: Clock,
        visibility_timeout: timedelta = timedelta(seconds=360),
        max_receives: int = 5,
    ) -> None:
        """Empty queues."""
        self.dead: dict[str, DeadLetter] = {}
        self._queues: dict[Priority, MemoryMessageQueue[ChunkRef]] = {
            priority: MemoryMessageQueue(
                clock, SEND_QUEUES[priority], visibility_timeout, max_receives, self.dead
            )
            for priority in Priority
        }

    @property
    def dead_letters(self) -> Sequence[ChunkRef]:
        """What they name, in the order in which they were given up."""
        works = [letter.work for letter in self.dead.values()]
        return [work for work in works if isinstance(work, ChunkRef)]

    def next_at(self, priority: Priority) -> datetime | None:
        """When the next message can be received, past or not; None where there is none."""
        return self._queues[priority].next_at

    def enqueue(
        self, chunks: Sequence[ChunkRef], priority: Priority, delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """Always takes everything."""
        self._queues[priority].put(chunks, delay)
        return ()

    def receive(self, limit: int, wait: timedelta, priority: Priority) -> Sequence[Delivery]:
        """Waits for an arrival, not for a delay to pass."""
        found = self._queues[priority].receive(limit, wait)
        return [Delivery(chunk, receipt, priority) for chunk, receipt in found]

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        """A receipt of an earlier receive does nothing."""
        for priority, messages in self._queues.items():
            messages.acknowledge([each.receipt for each in deliveries if each.priority is priority])
