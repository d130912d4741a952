"""Provider events in SQS, where SNS puts what SES tells."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from adapters.aws.clients import AwsClients
from adapters.aws.queue import delete_messages, receive_messages
from adapters.aws.queue_event import QueueBatch, batch_of
from adapters.aws.ses_message import body_to_events
from domain.ports.provider_events import EventDelivery

logger = logging.getLogger(__name__)


class SqsProviderEvents:
    """Implements `domain.ports.provider_events.ProviderEventQueue`."""

    def __init__(self, clients: AwsClients, queue_url: str) -> None:
        """One standard queue with a dead-letter queue, subscribed to SES's topic."""
        self._clients = clients
        self._queue_url = queue_url

    def receive(self, limit: int, wait: timedelta) -> Sequence[EventDelivery]:
        """One long poll."""
        deliveries: list[EventDelivery] = []
        for message in receive_messages(self._clients, self._queue_url, limit, wait):
            try:
                events = body_to_events(message["Body"])
            except ValueError:
                # Left where it is: it comes again and ends in the dead-letter queue.
                logger.exception(
                    "Not a message of Sentinel", extra={"message_id": message["MessageId"]}
                )
                continue
            deliveries.append(EventDelivery(events, message["ReceiptHandle"]))
        return deliveries

    def acknowledge(self, deliveries: Collection[EventDelivery]) -> None:
        """DeleteMessageBatch, ten a request."""
        receipts = [delivery.receipt for delivery in deliveries]
        delete_messages(self._clients, self._queue_url, receipts)


def event_to_told(event: Mapping[str, Any]) -> QueueBatch[EventDelivery]:
    """What `sentinel-provider-events` is invoked with."""
    return batch_of(event, lambda body, receipt: EventDelivery(body_to_events(body), receipt))
