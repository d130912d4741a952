"""What the provider tells of mails after it took them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from domain.provider_event import ProviderEvent


@dataclass(frozen=True)
class EventDelivery:
    """A message received: the events it tells of, none where they are of nobody's campaign."""

    events: tuple[ProviderEvent, ...]
    receipt: str


class ProviderEventQueue(Protocol):
    """At least once, unordered, and as late as it pleases.

    A received message is hidden for the queue's visibility timeout and then comes again unless
    it was acknowledged; one that came too often goes to the dead-letter queue.
    """

    def receive(self, limit: int, wait: timedelta) -> Sequence[EventDelivery]:
        """Up to `limit` (at most 10) messages, waiting up to `wait` for the first.

        Raises DependencyFault.
        """
        ...

    def acknowledge(self, deliveries: Collection[EventDelivery]) -> None:
        """They are dealt with. One that could not be removed simply comes again.

        Raises DependencyFault.
        """
        ...
