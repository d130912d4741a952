"""What the provider tells, in SQLite: a durable queue that whoever hears of mails puts it on."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.message_queue import QueueAttributes, SqliteMessageQueue
from adapters.sqlite.records import decode
from domain.dead_letter import DeadLetterSource
from domain.ports.clock import Clock
from domain.ports.provider_events import EventDelivery
from domain.provider_event import ProviderEvent


def body_to_events(body: str) -> tuple[ProviderEvent, ...]:
    """What a message tells. Raises UNREADABLE."""
    return decode(body, tuple[ProviderEvent, ...])


class SqliteProviderEvents:
    """Implements `domain.ports.provider_events.ProviderEventQueue`."""

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
            QueueAttributes(DeadLetterSource.PROVIDER_EVENTS, visibility_timeout, max_receives),
            body_to_events,
        )

    def tell(self, *events: ProviderEvent) -> None:
        """One message with these events; durable once this returns. Raises DependencyFault."""
        self._messages.put([events])

    def receive(self, limit: int, wait: timedelta) -> Sequence[EventDelivery]:
        """The longest waiting."""
        return [
            EventDelivery(received.work, received.receipt)
            for received in self._messages.receive(limit, wait)
        ]

    def acknowledge(self, deliveries: Collection[EventDelivery]) -> None:
        """Gone."""
        self._messages.acknowledge([delivery.receipt for delivery in deliveries])
