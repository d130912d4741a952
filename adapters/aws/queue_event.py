"""The events that functions are invoked with by a queue.

AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" and "Handling errors for an SQS event
source in Lambda".
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from adapters.aws.queue import body_to_chunk
from domain.ports.queue import Delivery
from domain.priority import Priority

logger = logging.getLogger(__name__)


class _Received(Protocol):
    @property
    def receipt(self) -> str: ...


Received = TypeVar("Received", bound=_Received)


@dataclass(frozen=True)
class QueueBatch(Generic[Received]):
    """The messages of one invocation: their ids, and what they deliver where they can be read."""

    message_ids: Sequence[str]
    deliveries: Sequence[Received]

    def answer(self, done: Collection[Received]) -> dict[str, object]:
        """What makes Lambda delete the messages of `done` and leave the others on the queue."""
        receipts = {delivery.receipt for delivery in done}
        return {
            "batchItemFailures": [
                {"itemIdentifier": message_id}
                for message_id in self.message_ids
                if message_id not in receipts
            ]
        }


def event_to_batch(
    event: Mapping[str, Any], queue_urls: Mapping[Priority, str]
) -> QueueBatch[Delivery]:
    """What the send worker is invoked with, from one of its queues."""
    lanes = {url.rpartition("/")[2]: priority for priority, url in queue_urls.items()}
    arn = next((record.get("eventSourceARN", "") for record in event["Records"]), "")
    lane = lanes.get(arn.rpartition(":")[2])
    return batch_of(event, lambda body, receipt: Delivery(body_to_chunk(body), receipt, lane))


def batch_of(
    event: Mapping[str, Any], read: Callable[[str, str], Received]
) -> QueueBatch[Received]:
    """`read` is given a message's body and id.

    A message that it cannot read is not delivered: it ends in the dead-letter queue.
    """
    message_ids: list[str] = []
    deliveries: list[Received] = []
    for record in event["Records"]:
        message_id = record["messageId"]
        message_ids.append(message_id)
        try:
            deliveries.append(read(record["body"], message_id))
        except (ValueError, KeyError, TypeError):
            logger.exception("Not a message of Sentinel", extra={"message_id": message_id})
    return QueueBatch(message_ids, deliveries)
