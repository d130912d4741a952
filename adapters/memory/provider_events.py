"""Provider events in memory: what a mailer or a test puts there comes out of it."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import count
from threading import Condition

from domain.ports.provider_events import EventDelivery
from domain.provider_event import ProviderEvent


class MemoryProviderEvents:
    """Implements `domain.ports.provider_events.ProviderEventQueue`.

    What was received and not acknowledged comes again at the next call.
    """

    def __init__(self) -> None:
        """Nothing told yet."""
        self._told: dict[str, tuple[ProviderEvent, ...]] = {}
        self._numbers = count()
        self._arrival = Condition()

    def tell(self, *events: ProviderEvent) -> None:
        """One message with these events."""
        with self._arrival:
            self._told[str(next(self._numbers))] = events
            self._arrival.notify_all()

    def receive(self, limit: int, wait: timedelta) -> Sequence[EventDelivery]:
        """The longest waiting."""
        with self._arrival:
            if not self._told and wait > timedelta():
                self._arrival.wait(wait.total_seconds())
            return [
                EventDelivery(events, receipt)
                for receipt, events in list(self._told.items())[:limit]
            ]

    def acknowledge(self, deliveries: Collection[EventDelivery]) -> None:
        """Gone."""
        with self._arrival:
            for delivery in deliveries:
                self._told.pop(delivery.receipt, None)
