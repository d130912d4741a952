"""Asynchronous invocations within the process."""

from collections.abc import Sequence
from datetime import timedelta
from queue import Empty, SimpleQueue

from domain.identifiers import CampaignId


class MemoryInvoker:
    """Implements `domain.ports.invoker.Invoker`; a pump takes what was accepted and runs it."""

    def __init__(self) -> None:
        """Nothing accepted yet."""
        self._accepted: SimpleQueue[CampaignId] = SimpleQueue()

    def start(self, campaign_id: CampaignId) -> None:
        """Accepted at once."""
        self._accepted.put(campaign_id)

    def take(self, wait: timedelta) -> CampaignId | None:
        """The longest waiting invocation; None if none came within `wait`."""
        try:
            return self._accepted.get(timeout=wait.total_seconds())
        except Empty:
            return None

    def take_all(self) -> Sequence[CampaignId]:
        """Every waiting invocation."""
        taken: list[CampaignId] = []
        while not self._accepted.empty():
            taken.append(self._accepted.get())
        return taken
