"""A queue with visibility timeouts, redelivery, delays and dead letters, over one table."""

import logging
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from threading import Condition
from typing import Generic, TypeVar

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.dead_letter_rows import give_up_exhausted, give_up_message
from adapters.sqlite.message_rows import (
    Message,
    delete_received,
    hide_received,
    insert_messages,
    is_any_visible,
    receive_messages,
)
from adapters.sqlite.records import UNREADABLE, encode
from adapters.sqlite.times import to_column
from domain.dead_letter import DeadLetterSource, shown_text
from domain.ports.clock import Clock

logger = logging.getLogger(__name__)

Work = TypeVar("Work")

_POLL = timedelta(milliseconds=20)
"""How often who waits looks for what other processes put there, and for what is hidden no more."""


@dataclass(frozen=True, slots=True)
class Received(Generic[Work]):
    """What a message asks for, and the message."""

    work: Work
    message: Message

    @property
    def receipt(self) -> str:
        """Good for this receive alone."""
        return self.message.receipt


@dataclass(frozen=True, slots=True)
class QueueAttributes:
    """`name` is by which its dead letters are known, too."""

    name: DeadLetterSource
    visibility_timeout: timedelta
    max_receives: int


class SqliteMessageQueue(Generic[Work]):
    """What the ports' queues are made of: at least once, about in order.

    As SQS does: a receipt is good for one receive; one that came `max_receives` times and was not
    acknowledged becomes a dead letter. After a loss of power some may come again that were received
    or acknowledged. Every method raises DependencyFault.
    """

    def __init__(
        self,
        database: SqliteDatabase,
        clock: Clock,
        attributes: QueueAttributes,
        read: Callable[[str], Work],
    ) -> None:
        """Over a shared database; `read` is the inverse of `encode`, and raises UNREADABLE."""
        self._database = database
        self._clock = clock
        self._attributes = attributes
        self._read = read
        self._arrival = Condition()

    def put(self, works: Collection[Work], delay: timedelta = timedelta()) -> None:
        """One message for each, durably, or none at all."""
        self._put(self._database.writing, works, delay)

    def put_unsynced(self, works: Collection[Work], delay: timedelta = timedelta()) -> None:
        """The same without waiting for the disk: for work that the records ask for again.

        A loss of power takes it back with all that was written since, or not at all.
        """
        self._put(self._database.writing_unsynced, works, delay)

    def receive(self, limit: int, wait: timedelta) -> Sequence[Received[Work]]:
        """Up to `limit`, waiting up to `wait` for the first.

        Looking takes no turn at writing: any number may wait at an empty queue.
        """
        found = list(self._readable(limit))
        left = wait
        while not found and left > timedelta():
            with self._arrival:
                self._arrival.wait(min(left, _POLL).total_seconds())
            left -= _POLL
            found = list(self._readable(limit))
        return found

    def acknowledge(self, receipts: Collection[str]) -> None:
        """Those of earlier receives do nothing."""
        if not receipts:
            return
        with self._database.writing_unsynced() as connection:
            delete_received(connection, receipts)

    def fail(self, received: Received[Work], reason: str, retry_after: timedelta) -> None:
        """It comes again then, or is a dead letter if this was its last time.

        Nothing happens where somebody else has received it since.
        """
        message = received.message
        with self._database.writing_unsynced() as connection:
            if message.receives >= self._attributes.max_receives:
                give_up_message(connection, message.message_id, shown_text(reason))
            else:
                hide_received(connection, message, to_column(self._clock.now() + retry_after))

    def _put(
        self,
        writing: Callable[[], AbstractContextManager[sqlite3.Connection]],
        works: Collection[Work],
        delay: timedelta,
    ) -> None:
        if not works:
            return
        bodies = [encode(work) for work in works]
        with writing() as connection:
            insert_messages(connection, self._attributes.name, bodies, self._clock.now(), delay)
        with self._arrival:
            self._arrival.notify_all()

    def _readable(self, limit: int) -> Iterator[Received[Work]]:
        for message in self._take(limit):
            try:
                yield Received(self._read(message.body), message)
            except UNREADABLE:
                # Left where it is: it comes again and ends among the dead letters.
                logger.exception(
                    "Not a message of Sentinel", extra={"message_id": message.message_id}
                )

    def _take(self, limit: int) -> Sequence[Message]:
        now = self._clock.now()
        with self._database.reading() as connection:
            if not is_any_visible(connection, self._attributes.name, to_column(now)):
                return ()
        with self._database.writing_unsynced() as connection:
            give_up_exhausted(
                connection,
                self._attributes.name,
                now=to_column(now),
                max_receives=self._attributes.max_receives,
            )
            return receive_messages(
                connection,
                self._attributes.name,
                limit,
                now=to_column(now),
                hidden_until=to_column(now + self._attributes.visibility_timeout),
            )
