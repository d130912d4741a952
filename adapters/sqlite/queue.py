"""The send queue in SQLite."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.message_queue import QueueAttributes, SqliteMessageQueue
from adapters.sqlite.records import decode
from domain.chunk import ChunkRef
from domain.dead_letter import DeadLetterSource
from domain.ports.clock import Clock
from domain.ports.queue import Delivery


def body_to_chunk(body: str) -> ChunkRef:
    """What a message names. Raises UNREADABLE."""
    return decode(body, ChunkRef)


class SqliteSendQueue:
    """Implements `domain.ports.queue.SendQueue`."""

    def __init__(
        self,
        database: SqliteDatabase,
        clock: Clock,
        visibility_timeout: timedelta = timedelta(seconds=360),
        max_receives: int = 5,
    ) -> None:
        """Over a shared database."""
        self._messages = SqliteMessageQueue(
            database,
            clock,
            QueueAttributes(DeadLetterSource.SEND, visibility_timeout, max_receives),
            body_to_chunk,
        )

    def enqueue(
        self, chunks: Sequence[ChunkRef], delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """Takes everything, in one transaction."""
        self._messages.put(chunks, delay)
        return ()

    def receive(self, limit: int, wait: timedelta) -> Sequence[Delivery]:
        """Sees what other processes enqueue within some milliseconds."""
        return [
            Delivery(received.work, received.receipt)
            for received in self._messages.receive(limit, wait)
        ]

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        """One transaction."""
        self._messages.acknowledge([delivery.receipt for delivery in deliveries])
