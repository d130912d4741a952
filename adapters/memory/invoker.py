"""Asynchronous invocations within the process."""

from collections.abc import Sequence
from datetime import timedelta
from queue import Empty, SimpleQueue

from adapters.memory.invocation import Invocation
from domain.identifiers import CampaignId
from domain.start import StartRequest, Trigger


class MemoryInvoker:
    """Implements `domain.ports.invoker.Invoker`; a pump takes what was accepted and runs it."""

    def __init__(self) -> None:
        """Nothing accepted yet."""
        self._accepted: SimpleQueue[StartRequest] = SimpleQueue()

    def start(self, campaign_id: CampaignId) -> None:
        """Accepted at once."""
        self._accepted.put(StartRequest(campaign_id))

    def fire(self, campaign_id: CampaignId) -> None:
        """What a schedule does when its time has come."""
        self._accepted.put(StartRequest(campaign_id, Trigger.SCHEDULE))

    def take(self, wait: timedelta) -> Invocation[StartRequest] | None:
        """The longest waiting invocation; None if none came within `wait`."""
        try:
            return Invocation(self._accepted.get(timeout=wait.total_seconds()))
        except Empty:
            return None

    def done(self, invocation: Invocation[StartRequest]) -> None:
        """It went with `take`."""

    def failed(self, invocation: Invocation[StartRequest], error: str) -> None:
        """It is gone, as one that Lambda gave up."""

    def take_all(self) -> Sequence[StartRequest]:
        """Every waiting invocation."""
        taken: list[StartRequest] = []
        while not self._accepted.empty():
            taken.append(self._accepted.get())
        return taken
