"""The send queue: which chunks there are to send."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from domain.chunk import ChunkRef
from domain.priority import Priority


@dataclass(frozen=True)
class Delivery:
    """A message received: the chunk it names, the receipt to acknowledge it with, and its lane.

    The lane is the queue that it came by, None where that is not known. By now its campaign may be
    of another priority.
    """

    chunk: ChunkRef
    receipt: str
    priority: Priority | None = None


class SendQueue(Protocol):
    """At least once, unordered. A message names a chunk and holds nothing else.

    One queue for each priority, which share nothing: what waits on one delays nothing on another.

    A received message is hidden for the queue's visibility timeout and then comes again unless
    it was acknowledged; one that came too often goes to the dead-letter queue.
    """

    def enqueue(
        self, chunks: Sequence[ChunkRef], priority: Priority, delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """Put one message for each chunk on the queue, to be seen after `delay` (at most 15 min).

        `priority` is that of their campaign now; earlier messages stay where they are.

        Returns the chunks that the queue did not take, which may be enqueued again; an empty
        sequence is full success. Not atomic. Raises DependencyFault when the queue could not
        be reached at all: any of them may be on it, and all may be enqueued again.
        """
        ...

    def receive(self, limit: int, wait: timedelta, priority: Priority) -> Sequence[Delivery]:
        """Up to `limit` (at most 10) messages of that priority, waiting up to `wait` for the first.

        Raises DependencyFault.
        """
        ...

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        """They are dealt with. One that could not be removed simply comes again.

        Raises DependencyFault.
        """
        ...
