"""The start queue in memory."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from adapters.memory.message_queue import MemoryMessageQueue
from domain.dead_letter import DeadLetter, DeadLetterSource
from domain.identifiers import CampaignId
from domain.ports.clock import Clock
from domain.ports.start_queue import StartDelivery
from domain.start import StartRequest, Trigger


class MemoryStartQueue:
    """Implements `domain.ports.start_queue.StartQueue`; `dead` letters are by their ids.

    A start that waits already is let be: what is left of a large fan-out, and whoever is to join
    it, would else be two messages for each that was one.
    """

    def __init__(
        self,
        clock: Clock,
        visibility_timeout: timedelta = timedelta(minutes=30),
        max_receives: int = 5,
    ) -> None:
        """An empty queue."""
        self.dead: dict[str, DeadLetter] = {}
        self._messages: MemoryMessageQueue[StartRequest] = MemoryMessageQueue(
            clock, DeadLetterSource.START_QUEUE, visibility_timeout, max_receives, self.dead
        )
        self._waiting: set[CampaignId] = set()

    @property
    def next_at(self) -> datetime | None:
        """When the next message can be received, past or not; None where there is none."""
        return self._messages.next_at

    def put(self, campaign_id: CampaignId) -> None:
        """Accepted at once."""
        if campaign_id not in self._waiting:
            self._waiting.add(campaign_id)
            self._messages.put([StartRequest(campaign_id, Trigger.QUEUE)])

    def receive(self, limit: int, wait: timedelta) -> Sequence[StartDelivery]:
        """Waits for an arrival."""
        deliveries = [StartDelivery(*each) for each in self._messages.receive(limit, wait)]
        self._waiting.difference_update(each.request.campaign_id for each in deliveries)
        return deliveries

    def acknowledge(self, deliveries: Collection[StartDelivery]) -> None:
        """A receipt of an earlier receive does nothing."""
        self._messages.acknowledge([delivery.receipt for delivery in deliveries])
