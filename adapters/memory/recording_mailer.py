"""A mailer that keeps what another one accepted, for the local runner's outbox."""

from collections.abc import Sequence
from datetime import timedelta

from domain.message import Message, SentMail
from domain.outcome import Accepted, Outcome
from domain.ports.clock import Clock
from domain.ports.mailer import Mailer


class RecordingMailer:
    """Implements `domain.ports.mailer.Mailer`; `outbox` is what was accepted, oldest first."""

    def __init__(self, mailer: Mailer, clock: Clock) -> None:
        """Sends by `mailer`."""
        self._mailer = mailer
        self._clock = clock
        self.outbox: list[SentMail] = []

    @property
    def timeout(self) -> timedelta:
        """The other mailer's."""
        return self._mailer.timeout

    @property
    def batch_size(self) -> int:
        """The other mailer's."""
        return self._mailer.batch_size

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """The other mailer's outcomes."""
        outcomes = self._mailer.send(messages, within)
        now = self._clock.now()
        self.outbox.extend(
            SentMail(message, outcome.message_id, now)
            for message, outcome in zip(messages, outcomes, strict=True)
            if isinstance(outcome, Accepted)
        )
        return outcomes
