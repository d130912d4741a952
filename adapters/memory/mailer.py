"""A mailer that delivers to an outbox in memory."""

from collections.abc import Sequence
from datetime import timedelta
from threading import Lock

from domain.message import Message, SentMail
from domain.outcome import Accepted, Outcome
from domain.ports.clock import Clock


class MemoryMailer:
    """Implements `domain.ports.mailer.Mailer`; `outbox` is what it accepted, oldest first."""

    def __init__(self, clock: Clock) -> None:
        """An empty outbox."""
        self._clock = clock
        self._lock = Lock()
        self.outbox: list[SentMail] = []

    @property
    def timeout(self) -> timedelta:
        """It answers at once."""
        return timedelta(seconds=1)

    def send(
        self,
        messages: Sequence[Message],
        within: timedelta,  # noqa: ARG002  it takes no time
    ) -> Sequence[Outcome]:
        """Accepts everything."""
        with self._lock:
            return [self._accept(message) for message in messages]

    def _accept(self, message: Message) -> Accepted:
        message_id = f"memory-{len(self.outbox)}"
        self.outbox.append(SentMail(message, message_id, self._clock.now()))
        return Accepted(message_id)
