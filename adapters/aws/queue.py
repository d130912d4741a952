"""The send queue in SQS."""

import json
import logging
import math
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from adapters.aws.clients import AwsClients
from adapters.aws.faults import translated
from adapters.aws.table import SCHEMA, campaign_id_of, check_schema
from domain.chunk import ChunkRef
from domain.ports.queue import Delivery
from domain.priority import Priority

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef, SendMessageBatchRequestEntryTypeDef

logger = logging.getLogger(__name__)

_ENTRIES_A_BATCH = 10
_LONGEST_DELAY = timedelta(minutes=15)


def chunk_to_body(chunk: ChunkRef) -> str:
    """A message's body (docs/data-model.md)."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "campaign_id": chunk.campaign_id,
            "range": chunk.range_number,
            "chunk": chunk.number,
        }
    )


def body_to_chunk(body: str) -> ChunkRef:
    """The inverse of `chunk_to_body`. Raises ValueError, KeyError or TypeError on anything else."""
    try:
        fields = json.loads(body)
        check_schema(fields)
        return ChunkRef(campaign_id_of(fields), int(fields["range"]), int(fields["chunk"]))
    except (OverflowError, RecursionError) as error:
        # Of Infinity, and of lists in lists in lists; the batch must not fail with it.
        raise ValueError("nothing that Sentinel writes") from error


def receive_messages(
    clients: AwsClients, queue_url: str, limit: int, wait: timedelta
) -> "Sequence[MessageTypeDef]":
    """One long poll, at most ten. Raises DependencyFault."""
    with translated("SQS ReceiveMessage"):
        return clients.sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=min(limit, _ENTRIES_A_BATCH),
            WaitTimeSeconds=math.ceil(wait.total_seconds()),
        ).get("Messages", [])


def delete_messages(clients: AwsClients, queue_url: str, receipts: Sequence[str]) -> None:
    """DeleteMessageBatch, ten a request. Raises DependencyFault."""
    for start in range(0, len(receipts), _ENTRIES_A_BATCH):
        batch = receipts[start : start + _ENTRIES_A_BATCH]
        with translated("SQS DeleteMessageBatch"):
            answer = clients.sqs.delete_message_batch(
                QueueUrl=queue_url,
                Entries=[
                    {"Id": str(index), "ReceiptHandle": receipt}
                    for index, receipt in enumerate(batch)
                ],
            )
        if answer.get("Failed"):
            logger.warning("%d messages will come again", len(answer["Failed"]))


class SqsSendQueue:
    """Implements `domain.ports.queue.SendQueue`."""

    def __init__(self, clients: AwsClients, queue_urls: Mapping[Priority, str]) -> None:
        """A standard queue for each priority, each with a dead-letter queue of its own."""
        self._clients = clients
        self._queue_urls = queue_urls

    def enqueue(
        self, chunks: Sequence[ChunkRef], priority: Priority, delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """SendMessageBatch, ten a request."""
        seconds = math.ceil(min(delay, _LONGEST_DELAY).total_seconds())
        refused: list[ChunkRef] = []
        for start in range(0, len(chunks), _ENTRIES_A_BATCH):
            batch = chunks[start : start + _ENTRIES_A_BATCH]
            entries: list[SendMessageBatchRequestEntryTypeDef] = [
                {"Id": str(index), "MessageBody": chunk_to_body(chunk), "DelaySeconds": seconds}
                for index, chunk in enumerate(batch)
            ]
            with translated("SQS SendMessageBatch"):
                answer = self._clients.sqs.send_message_batch(
                    QueueUrl=self._queue_urls[priority], Entries=entries
                )
            taken = {entry["Id"] for entry in answer.get("Successful", [])}
            refused += [chunk for index, chunk in enumerate(batch) if str(index) not in taken]
        return refused

    def receive(self, limit: int, wait: timedelta, priority: Priority) -> Sequence[Delivery]:
        """One long poll."""
        deliveries: list[Delivery] = []
        for message in receive_messages(self._clients, self._queue_urls[priority], limit, wait):
            try:
                chunk = body_to_chunk(message["Body"])
            except (ValueError, KeyError, TypeError):
                # Left where it is: it comes again and ends in the dead-letter queue.
                logger.exception(
                    "Not a message of Sentinel", extra={"message_id": message["MessageId"]}
                )
                continue
            deliveries.append(Delivery(chunk, message["ReceiptHandle"], priority))
        return deliveries

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        """DeleteMessageBatch, ten a request."""
        for priority, queue_url in self._queue_urls.items():
            receipts = [each.receipt for each in deliveries if each.priority is priority]
            delete_messages(self._clients, queue_url, receipts)
