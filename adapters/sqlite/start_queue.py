"""The start queue in SQLite."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.invoker import body_to_start
from adapters.sqlite.message_queue import QueueAttributes, SqliteMessageQueue
from adapters.sqlite.records import encode
from domain.dead_letter import DeadLetterSource
from domain.identifiers import CampaignId
from domain.ports.clock import Clock
from domain.ports.start_queue import StartDelivery
from domain.start import StartRequest, Trigger

_IS_WAITING = (
    "SELECT EXISTS (SELECT 1 FROM messages INDEXED BY messages_waiting_to_start"
    " WHERE hidden_until IS NULL AND queue IN ('start', 'start-queue')"
    " AND body IN (?, ?, ?))"
)
"""By each trigger."""


class SqliteStartQueue:
    """Implements `domain.ports.start_queue.StartQueue`.

    A start that waits already is let be, whoever asked for it: an invocation, or a schedule that
    has fired, is on the same disk, and is run by the same pumps.
    """

    def __init__(
        self,
        database: SqliteDatabase,
        clock: Clock,
        visibility_timeout: timedelta = timedelta(minutes=1),
        max_receives: int = 5,
    ) -> None:
        """Over a shared database."""
        self._database = database
        self._messages = SqliteMessageQueue(
            database,
            clock,
            QueueAttributes(DeadLetterSource.START_QUEUE, visibility_timeout, max_receives),
            body_to_start,
        )

    def put(self, campaign_id: CampaignId) -> None:
        """Takes no turn at writing where one waits."""
        with self._database.reading() as connection:
            (waits,) = connection.execute(_IS_WAITING, _bodies(campaign_id)).fetchone()
        if not waits:
            self._messages.put_unsynced([StartRequest(campaign_id, Trigger.QUEUE)])

    def receive(self, limit: int, wait: timedelta) -> Sequence[StartDelivery]:
        """Sees what other processes put there within some milliseconds."""
        return [
            StartDelivery(received.work, received.receipt)
            for received in self._messages.receive(limit, wait)
        ]

    def acknowledge(self, deliveries: Collection[StartDelivery]) -> None:
        """One transaction."""
        self._messages.acknowledge([delivery.receipt for delivery in deliveries])


def _bodies(campaign_id: CampaignId) -> list[str]:
    return [encode(StartRequest(campaign_id, trigger)) for trigger in Trigger]
