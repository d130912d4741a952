"""The send queue in SQLite."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.message_queue import QueueAttributes, SqliteMessageQueue
from adapters.sqlite.records import decode
from domain.chunk import ChunkRef
from domain.dead_letter import SEND_QUEUES
from domain.ports.clock import Clock
from domain.ports.queue import Delivery
from domain.priority import Priority


def body_to_chunk(body: str) -> ChunkRef:
    """What a message names. Raises UNREADABLE."""
    return decode(body, ChunkRef)


class SqliteSendQueue:
    """Implements `domain.ports.queue.SendQueue` by a queue for each priority, in one table."""

    def __init__(
        self,
        database: SqliteDatabase,
        clock: Clock,
        visibility_timeout: timedelta = timedelta(seconds=360),
        max_receives: int = 5,
    ) -> None:
        """Over a shared database."""
        self._queues = {
            priority: SqliteMessageQueue(
                database,
                clock,
                QueueAttributes(SEND_QUEUES[priority], visibility_timeout, max_receives),
                body_to_chunk,
            )
            for priority in Priority
        }

    def enqueue(
        self, chunks: Sequence[ChunkRef], priority: Priority, delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """Takes everything, in one transaction: what a loss of power takes, the reconciler puts."""
        self._queues[priority].put_unsynced(chunks, delay)
        return ()

    def receive(self, limit: int, wait: timedelta, priority: Priority) -> Sequence[Delivery]:
        """Sees what other processes enqueue within some milliseconds."""
        return [
            Delivery(received.work, received.receipt, priority)
            for received in self._queues[priority].receive(limit, wait)
        ]

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        """One transaction."""
        # A receipt is good for its message, whichever queue that is on.
        self._queues[Priority.NORMAL].acknowledge([each.receipt for each in deliveries])
