"""Where deliveries of webhooks are kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.identifiers import WebhookEventId, WebhookId
from domain.webhook_delivery import DeliveryRef, DeliveryState, WebhookDelivery


@dataclass(frozen=True)
class DeliveryPage:
    """Deliveries, newest first. `cursor` reads on; None when there are no more."""

    deliveries: tuple[WebhookDelivery, ...]
    cursor: str | None


class WebhookDeliveryRepository(Protocol):
    """Every method raises DependencyFault."""

    def add_if_absent(self, delivery: WebhookDelivery) -> None:
        """Write a new one; one that is there already stays as it is."""
        ...

    def get(self, ref: DeliveryRef) -> WebhookDelivery | None:
        """As last written; strongly consistent."""
        ...

    def save(self, delivery: WebhookDelivery) -> WebhookDelivery:
        """Write it if the stored version is still `delivery.version`; returns it, one higher.

        Raises VersionConflict, and then nothing was written. A write whose answer was lost and
        that was repeated underneath counts as the success it was.
        """
        ...

    def due(self, webhook_id: WebhookId, now: datetime, limit: int) -> Sequence[WebhookEventId]:
        """Those of one endpoint whose next attempt is not after `now`, the longest due first.

        Eventually consistent: read the record before acting.
        """
        ...

    def page(  # noqa: PLR0913  what may be asked for
        self,
        webhook_id: WebhookId,
        states: Collection[DeliveryState],
        limit: int,
        cursor: str | None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> DeliveryPage:
        """Those in any of `states`, by when the event occurred: from `since`, before `until`.

        Eventually consistent. Raises InvalidInput naming `cursor` when it is none of such a list.
        """
        ...
