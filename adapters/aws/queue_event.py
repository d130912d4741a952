"""The event that the send worker is invoked with: messages of the send queue.

AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" and "Handling errors for an SQS event
source in Lambda".
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.aws.queue import body_to_chunk
from domain.ports.queue import Delivery

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class QueueBatch:
    """The messages of one invocation: their ids, and what they deliver where they can be read."""

    message_ids: Sequence[str]
    deliveries: Sequence[Delivery]

    def answer(self, done: Collection[Delivery]) -> dict[str, object]:
        """What makes Lambda delete the messages of `done` and leave the others on the queue."""
        receipts = {delivery.receipt for delivery in done}
        return {
            "batchItemFailures": [
                {"itemIdentifier": message_id}
                for message_id in self.message_ids
                if message_id not in receipts
            ]
        }


def event_to_batch(event: Mapping[str, Any]) -> QueueBatch:
    """A message that is none of Sentinel's is not delivered: it ends in the dead-letter queue."""
    message_ids: list[str] = []
    deliveries: list[Delivery] = []
    for record in event["Records"]:
        message_id = record["messageId"]
        message_ids.append(message_id)
        try:
            deliveries.append(Delivery(body_to_chunk(record["body"]), message_id))
        except (ValueError, KeyError, TypeError):
            logger.exception("Not a message of Sentinel", extra={"message_id": message_id})
    return QueueBatch(message_ids, deliveries)
