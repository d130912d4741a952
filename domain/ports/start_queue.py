"""The start queue: campaigns that are to be started, soon, by whoever has time for them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from domain.identifiers import CampaignId
from domain.start import StartRequest


@dataclass(frozen=True)
class StartDelivery:
    """A message received: the start that it asks for, and the receipt to acknowledge it with."""

    request: StartRequest
    receipt: str


class StartQueue(Protocol):
    """At least once, unordered. A message names a campaign, and start-campaign is idempotent.

    A received message is hidden for the queue's visibility timeout and then comes again unless
    it was acknowledged; one that came too often goes to the dead-letter queue.
    """

    def put(self, campaign_id: CampaignId) -> None:
        """Return once it is taken.

        A campaign whose start waits there already, received by nobody, may be let be: that start
        is yet to read the records. Raises DependencyFault: it may be there, and may be put again.
        """
        ...

    def receive(self, limit: int, wait: timedelta) -> Sequence[StartDelivery]:
        """Up to `limit` (at most 10) messages, waiting up to `wait` for the first.

        Raises DependencyFault.
        """
        ...

    def acknowledge(self, deliveries: Collection[StartDelivery]) -> None:
        """They are dealt with. One that could not be removed simply comes again.

        Raises DependencyFault.
        """
        ...
