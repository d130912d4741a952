"""A mailer that delivers to an outbox in memory."""

from collections.abc import Sequence
from datetime import timedelta
from threading import Lock

from adapters.memory.provider_events import MemoryProviderEvents
from domain.message import Message, SentMail
from domain.outcome import Accepted, Outcome
from domain.ports.clock import Clock
from domain.provider_event import ProviderEvent, ProviderEventKind

_SIMULATED = {
    "bounce@simulator.amazonses.com": ProviderEventKind.HARD_BOUNCE,
    "complaint@simulator.amazonses.com": ProviderEventKind.COMPLAINT,
}
"""Amazon SES Developer Guide, "Using the mailbox simulator"."""


class MemoryMailer:
    """Implements `domain.ports.mailer.Mailer`; `outbox` is what it accepted, oldest first."""

    def __init__(self, clock: Clock, told: MemoryProviderEvents | None = None) -> None:
        """An empty outbox; `told` is told what becomes of mails to SES's mailbox simulator."""
        self._clock = clock
        self._told = told
        self._lock = Lock()
        self.outbox: list[SentMail] = []

    @property
    def timeout(self) -> timedelta:
        """It answers at once."""
        return timedelta(seconds=1)

    @property
    def batch_size(self) -> int:
        """As many as SES takes in the calls of one micro-batch."""
        return 500

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
        kind = _SIMULATED.get(message.to)
        if kind is not None and self._told is not None:
            self._told.tell(
                ProviderEvent(
                    kind=kind,
                    chunk=message.chunk,
                    position=message.position,
                    message_id=message_id,
                    at=self._clock.now(),
                    addresses=(message.to,),
                )
            )
        return Accepted(message_id)
