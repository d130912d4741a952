"""Write an event down for each endpoint that is to be told of it."""

from collections.abc import Iterable
from datetime import datetime

from domain.ports.webhook_deliveries import WebhookDeliveryRepository
from domain.webhook import WebhookEndpoint
from domain.webhook_delivery import new_delivery
from domain.webhook_event import Occurrence


def tell(
    deliveries: WebhookDeliveryRepository,
    endpoints: Iterable[WebhookEndpoint],
    told: Occurrence,
    now: datetime,
) -> None:
    """Once for each of them, however often it is done. Raises DependencyFault.

    One that is disabled is not told, but can be later: the delivery is there to be replayed.
    """
    for endpoint in endpoints:
        delivery = new_delivery(endpoint.webhook_id, told, now)
        if not endpoint.is_enabled:
            delivery = delivery.give_up("The webhook was disabled.")
        deliveries.add_if_absent(delivery)
