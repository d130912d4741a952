"""A queue with visibility timeouts, redelivery, delays and dead letters, in memory."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from threading import Condition
from typing import Generic, TypeVar

from domain.dead_letter import DeadLetter, DeadLetterSource, Work
from domain.ports.clock import Clock

Asked = TypeVar("Asked", bound=Work)


@dataclass(frozen=True, slots=True)
class _Message(Generic[Asked]):
    work: Asked
    sent_at: datetime
    visible_at: datetime
    receives: int = 0


class MemoryMessageQueue(Generic[Asked]):
    """What the ports' queues are made of.

    As SQS does: a receipt is good for one receive; after `max_receives` a message moves to
    the dead letters, by their ids.
    """

    def __init__(
        self,
        clock: Clock,
        name: DeadLetterSource,
        visibility_timeout: timedelta,
        max_receives: int,
        dead: dict[str, DeadLetter],
    ) -> None:
        """An empty queue; its dead letters are of `name`, and put into `dead`."""
        self._clock = clock
        self._name = name
        self._visibility_timeout = visibility_timeout
        self._max_receives = max_receives
        self._messages: dict[int, _Message[Asked]] = {}
        self._numbers = count()
        self._arrival = Condition()
        self._dead = dead

    @property
    def next_at(self) -> datetime | None:
        """When the next message can be received, past or not; None where there is none."""
        return min((each.visible_at for each in self._messages.values()), default=None)

    def put(self, works: Collection[Asked], delay: timedelta = timedelta()) -> None:
        """One message for each."""
        now = self._clock.now()
        with self._arrival:
            for work in works:
                self._messages[next(self._numbers)] = _Message(work, now, now + delay)
            self._arrival.notify_all()

    def receive(self, limit: int, wait: timedelta) -> Sequence[tuple[Asked, str]]:
        """Each with its receipt. Waits for an arrival, not for a delay to pass."""
        with self._arrival:
            found = self._take(limit)
            if not found and wait > timedelta():
                self._arrival.wait(wait.total_seconds())
                found = self._take(limit)
            return found

    def acknowledge(self, receipts: Collection[str]) -> None:
        """Those of earlier receives do nothing."""
        with self._arrival:
            for receipt in receipts:
                number, receives = (int(part) for part in receipt.split("."))
                message = self._messages.get(number)
                if message is not None and message.receives == receives:
                    del self._messages[number]

    def _take(self, limit: int) -> list[tuple[Asked, str]]:
        now = self._clock.now()
        found: list[tuple[Asked, str]] = []
        for number, message in list(self._messages.items()):
            if len(found) == limit:
                break
            if message.visible_at > now:
                continue
            if message.receives == self._max_receives:
                del self._messages[number]
                letter = self._given_up(number, message)
                self._dead[letter.message_id] = letter
                continue
            received = replace(
                message,
                visible_at=now + self._visibility_timeout,
                receives=message.receives + 1,
            )
            self._messages[number] = received
            found.append((message.work, f"{number}.{received.receives}"))
        return found

    def _given_up(self, number: int, message: _Message[Asked]) -> DeadLetter:
        return DeadLetter(
            source=self._name,
            message_id=f"{self._name}-{number}",
            work=message.work,
            reason="received too often; the log says why",
            first_sent_at=message.sent_at,
            receives=message.receives,
        )
