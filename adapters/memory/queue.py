"""A queue with visibility timeouts, redelivery, delays and a dead-letter queue, in memory."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from threading import Condition

from domain.chunk import ChunkRef
from domain.dead_letter import DeadLetter, DeadLetterSource
from domain.ports.clock import Clock
from domain.ports.queue import Delivery


@dataclass(frozen=True, slots=True)
class _Message:
    chunk: ChunkRef
    sent_at: datetime
    visible_at: datetime
    receives: int = 0


class MemorySendQueue:
    """Implements `domain.ports.queue.SendQueue`.

    As SQS does: a receipt is good for one receive; after `max_receives` a message moves to
    the `dead` letters, by their ids.
    """

    def __init__(
        self,
        clock: Clock,
        visibility_timeout: timedelta = timedelta(seconds=360),
        max_receives: int = 5,
    ) -> None:
        """An empty queue."""
        self._clock = clock
        self._visibility_timeout = visibility_timeout
        self._max_receives = max_receives
        self._messages: dict[int, _Message] = {}
        self._numbers = count()
        self._arrival = Condition()
        self.dead: dict[str, DeadLetter] = {}

    @property
    def dead_letters(self) -> Sequence[ChunkRef]:
        """What they name, in the order in which they were given up."""
        works = [letter.work for letter in self.dead.values()]
        return [work for work in works if isinstance(work, ChunkRef)]

    def enqueue(
        self, chunks: Sequence[ChunkRef], delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """Always takes everything."""
        now = self._clock.now()
        with self._arrival:
            for chunk in chunks:
                self._messages[next(self._numbers)] = _Message(chunk, now, now + delay)
            self._arrival.notify_all()
        return ()

    def receive(self, limit: int, wait: timedelta) -> Sequence[Delivery]:
        """Waits for an arrival, not for a delay to pass."""
        with self._arrival:
            found = self._take(limit)
            if not found and wait > timedelta():
                self._arrival.wait(wait.total_seconds())
                found = self._take(limit)
            return found

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        """A receipt of an earlier receive does nothing."""
        with self._arrival:
            for delivery in deliveries:
                number, receives = (int(part) for part in delivery.receipt.split("."))
                message = self._messages.get(number)
                if message is not None and message.receives == receives:
                    del self._messages[number]

    def _take(self, limit: int) -> list[Delivery]:
        now = self._clock.now()
        found: list[Delivery] = []
        for number, message in list(self._messages.items()):
            if len(found) == limit:
                break
            if message.visible_at > now:
                continue
            if message.receives == self._max_receives:
                del self._messages[number]
                letter = _given_up(number, message)
                self.dead[letter.message_id] = letter
                continue
            received = replace(
                message,
                visible_at=now + self._visibility_timeout,
                receives=message.receives + 1,
            )
            self._messages[number] = received
            found.append(Delivery(message.chunk, f"{number}.{received.receives}"))
        return found


def _given_up(number: int, message: _Message) -> DeadLetter:
    return DeadLetter(
        source=DeadLetterSource.SEND,
        message_id=f"send-{number}",
        work=message.chunk,
        reason="received too often; the log says why",
        first_sent_at=message.sent_at,
        receives=message.receives,
    )
