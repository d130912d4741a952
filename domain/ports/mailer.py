"""Sending mail."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from domain.message import Message
from domain.outcome import Outcome


class Mailer(Protocol):
    """Hands mails to a provider.

    Never repeats a call by itself: a repeated send is a second mail. Never raises for what the
    provider or the network did: that is an outcome.
    """

    @property
    def timeout(self) -> timedelta:
        """The longest that `send` takes for a full batch."""
        ...

    @property
    def batch_size(self) -> int:
        """How many messages one `send` takes at most; at least 1. Another from call to call."""
        ...

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """One outcome for each message, in order; at most `batch_size` messages.

        No call leaves later than `within` from now, the rest of the grant it is made under:
        what would be is `NotSent`, `overdue`.
        `Unknown` wherever the request may have reached the provider and no answer came.
        """
        ...
