"""Send an endpoint an event that means nothing."""

from dataclasses import dataclass

from domain.errors import NotFound
from domain.idempotency import IdempotencyRecord
from domain.identifiers import WebhookId
from domain.ports.clock import Clock
from domain.ports.ids import Ids
from domain.ports.webhook_deliveries import WebhookDeliveryRepository
from domain.ports.webhooks import WebhookRepository
from domain.webhook_delivery import DeliveryRef, WebhookDelivery, new_delivery
from domain.webhook_event import WebhookEvent, event_id_of, occurrence_of


@dataclass(frozen=True, kw_only=True)
class SendTestWebhook:
    """It goes the way of all others: whoever sees it arrive knows that they will."""

    webhooks: WebhookRepository
    deliveries: WebhookDeliveryRepository
    clock: Clock
    ids: Ids

    def __call__(
        self, webhook_id: WebhookId, record: IdempotencyRecord | None = None
    ) -> WebhookDelivery:
        """With a `record` it is one, however often it is asked for.

        Raises NotFound, IllegalTransition where the endpoint is disabled, and DependencyFault.
        """
        endpoint = self.webhooks.get(webhook_id)
        if endpoint is None:
            raise NotFound("webhook", webhook_id)
        endpoint.check_enabled("test")
        now = self.clock.now()
        event_id = event_id_of(
            webhook_id, "test", self.ids.webhook_id() if record is None else record.ulid
        )
        told = occurrence_of(event_id, WebhookEvent.TEST, now, {"webhook_id": webhook_id})
        delivery = new_delivery(webhook_id, told, now)
        self.deliveries.add_if_absent(delivery)
        return self.deliveries.get(DeliveryRef(webhook_id, event_id)) or delivery
