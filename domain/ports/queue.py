"""The send queue: which chunks there are to send."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from domain.chunk import ChunkRef


@dataclass(frozen=True)
class Delivery:
    """A message received: the chunk it names, and the receipt to acknowledge it with."""

    chunk: ChunkRef
    receipt: str


class SendQueue(Protocol):
    """At least once, unordered. A message names a chunk and holds nothing else.

    A received message is hidden for the queue's visibility timeout and then comes again unless
    it was acknowledged; one that came too often goes to the dead-letter queue.
    """

    def enqueue(
        self, chunks: Sequence[ChunkRef], delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """Put one message for each chunk on the queue, to be seen after `delay` (at most 15 min).

        Returns the chunks that the queue did not take, which may be enqueued again; an empty
        sequence is full success. Not atomic. Raises DependencyFault when the queue could not
        be reached at all: any of them may be on it, and all may be enqueued again.
        """
        ...

    def receive(self, limit: int, wait: timedelta) -> Sequence[Delivery]:
        """Up to `limit` (at most 10) messages, waiting up to `wait` for the first.

        Raises DependencyFault.
        """
        ...

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        """They are dealt with. One that could not be removed simply comes again.

        Raises DependencyFault.
        """
        ...
