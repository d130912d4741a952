"""The start queue in SQS."""

import logging
from collections.abc import Collection, Sequence
from datetime import timedelta

from adapters.aws.clients import AwsClients
from adapters.aws.faults import translated
from adapters.aws.queue import delete_messages, receive_messages
from adapters.aws.start_event import body_to_start, start_to_event
from domain.identifiers import CampaignId
from domain.ports.start_queue import StartDelivery
from domain.start import StartRequest, Trigger

logger = logging.getLogger(__name__)


class SqsStartQueue:
    """Implements `domain.ports.start_queue.StartQueue`."""

    def __init__(self, clients: AwsClients, queue_url: str) -> None:
        """One standard queue with a dead-letter queue."""
        self._clients = clients
        self._queue_url = queue_url

    def put(self, campaign_id: CampaignId) -> None:
        """SendMessage."""
        body = start_to_event(StartRequest(campaign_id, Trigger.QUEUE))
        with translated("SQS SendMessage"):
            self._clients.sqs.send_message(QueueUrl=self._queue_url, MessageBody=body)

    def receive(self, limit: int, wait: timedelta) -> Sequence[StartDelivery]:
        """One long poll."""
        deliveries: list[StartDelivery] = []
        for message in receive_messages(self._clients, self._queue_url, limit, wait):
            try:
                request = body_to_start(message["Body"])
            except (ValueError, KeyError, TypeError):
                # Left where it is: it comes again and ends in the dead-letter queue.
                logger.exception(
                    "Not a message of Sentinel", extra={"message_id": message["MessageId"]}
                )
                continue
            deliveries.append(StartDelivery(request, message["ReceiptHandle"]))
        return deliveries

    def acknowledge(self, deliveries: Collection[StartDelivery]) -> None:
        """DeleteMessageBatch, ten a request."""
        receipts = [delivery.receipt for delivery in deliveries]
        delete_messages(self._clients, self._queue_url, receipts)
