"""Send again what an endpoint was told, or was not."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.errors import NotFound, VersionConflict
from domain.identifiers import WebhookEventId, WebhookId
from domain.ports.clock import Clock
from domain.ports.webhook_deliveries import WebhookDeliveryRepository
from domain.ports.webhooks import WebhookRepository
from domain.webhook import WebhookEndpoint
from domain.webhook_delivery import DeliveryRef, DeliveryState, WebhookDelivery

REPLAYED_AT_ONCE = 200
_ENDED = (DeliveryState.DELIVERED, DeliveryState.FAILED)


@dataclass(frozen=True)
class Replayed:
    """How many are on their way again; `cursor` goes on where there are more."""

    count: int
    cursor: str | None


@dataclass(frozen=True, kw_only=True)
class ReplayWebhooks:
    """Under the same id: a receiver that has it already knows it again.

    What is on its way is left to it. Methods raise NotFound, IllegalTransition where the endpoint
    is disabled, and DependencyFault.
    """

    webhooks: WebhookRepository
    deliveries: WebhookDeliveryRepository
    clock: Clock

    def one(self, webhook_id: WebhookId, event_id: WebhookEventId) -> WebhookDelivery:
        """The delivery, on its way."""
        self._endpoint(webhook_id)
        while True:
            delivery = self.deliveries.get(DeliveryRef(webhook_id, event_id))
            if delivery is None:
                raise NotFound("delivery", event_id)
            if delivery.state is DeliveryState.PENDING:
                return delivery
            try:
                return self.deliveries.save(delivery.replay(self.clock.now()))
            except VersionConflict:
                continue

    def since(
        self,
        webhook_id: WebhookId,
        since: datetime,
        until: datetime | None = None,
        *,
        states: Collection[DeliveryState] = _ENDED,
        cursor: str | None = None,
    ) -> Replayed:
        """Those of events that occurred from `since`, before `until`; some at a time.

        Raises InvalidInput naming `cursor`.
        """
        self._endpoint(webhook_id)
        page = self.deliveries.page(
            webhook_id, states, REPLAYED_AT_ONCE, cursor, since=since, until=until
        )
        count = 0
        for delivery in page.deliveries:
            try:
                self.deliveries.save(delivery.replay(self.clock.now()))
            except VersionConflict:
                # Somebody else replays it; or the list was behind, and it is on its way.
                continue
            count += 1
        return Replayed(count, page.cursor)

    def _endpoint(self, webhook_id: WebhookId) -> WebhookEndpoint:
        endpoint = self.webhooks.get(webhook_id)
        if endpoint is None:
            raise NotFound("webhook", webhook_id)
        endpoint.check_enabled("replay")
        return endpoint
