"""The events that functions are invoked with, as AWS documents them."""

import json

import pytest

from adapters.aws.queue import chunk_to_body
from adapters.aws.queue_event import event_to_batch
from adapters.aws.start_event import event_to_start, start_to_event
from adapters.aws.table import SCHEMA
from domain.chunk import ChunkRef
from domain.identifiers import CampaignId
from domain.priority import Priority
from domain.start import StartRequest, Trigger

CAMPAIGN = CampaignId("cmp_01M889FD1DR9BPG5C28WTPF9HV")
CHUNKS = [ChunkRef(CAMPAIGN, 0, number) for number in range(3)]
QUEUE_URLS = {
    Priority.NORMAL: "https://sqs.eu-central-1.amazonaws.com/000000000000/sentinel-send",
    Priority.URGENT: "https://sqs.eu-central-1.amazonaws.com/000000000000/sentinel-send-urgent",
}
UNREADABLE = [
    "hello",
    "{}",
    "null",
    "[]",
    '{"schema": 1}',
    json.dumps({**json.loads(chunk_to_body(CHUNKS[0])), "schema": SCHEMA + 1}),
    json.dumps({**json.loads(chunk_to_body(CHUNKS[0])), "range": "first"}),
    json.dumps({**json.loads(chunk_to_body(CHUNKS[0])), "range": float("inf")}),
    json.dumps({**json.loads(chunk_to_body(CHUNKS[0])), "campaign_id": "\ud800"}),
    json.dumps({**json.loads(chunk_to_body(CHUNKS[0])), "campaign_id": ["cmp_1"]}),
    "[" * 200_000,
]


def _record(message_id: str, body: str) -> dict[str, object]:
    return {
        "messageId": message_id,
        "receiptHandle": f"receipt of {message_id}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:sentinel-send",
        "awsRegion": "eu-central-1",
    }


def test_a_batch_delivers_what_its_messages_name() -> None:
    """In their order."""
    batch = event_to_batch(
        {"Records": [_record(f"m{chunk.number}", chunk_to_body(chunk)) for chunk in CHUNKS]},
        QUEUE_URLS,
    )

    assert [delivery.chunk for delivery in batch.deliveries] == CHUNKS
    assert {delivery.priority for delivery in batch.deliveries} == {Priority.NORMAL}


@pytest.mark.parametrize(
    ("queue", "lane"), [("sentinel-send-urgent", Priority.URGENT), ("another", None)]
)
def test_its_lane_is_that_of_the_queue_that_it_came_by(queue: str, lane: Priority | None) -> None:
    """None where that is no queue of Sentinel's: it is sent all the same."""
    record = _record("m1", chunk_to_body(CHUNKS[0]))
    arn = f"arn:aws:sqs:eu-central-1:000000000000:{queue}"

    (delivery,) = event_to_batch(
        {"Records": [{**record, "eventSourceARN": arn}]}, QUEUE_URLS
    ).deliveries

    assert delivery.priority is lane


def test_what_is_not_dealt_with_comes_again() -> None:
    """By the ids of the messages, as ReportBatchItemFailures has them."""
    batch = event_to_batch(
        {"Records": [_record(f"m{chunk.number}", chunk_to_body(chunk)) for chunk in CHUNKS]},
        QUEUE_URLS,
    )
    first, _, last = batch.deliveries

    assert batch.answer([first, last]) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert batch.answer(batch.deliveries) == {"batchItemFailures": []}


@pytest.mark.parametrize("body", UNREADABLE)
def test_a_message_that_cannot_be_read_is_left_on_the_queue(body: str) -> None:
    """Beside one that can, which it does not hold up; its body is not repeated in the log."""
    batch = event_to_batch(
        {"Records": [_record("bad", body), _record("good", chunk_to_body(CHUNKS[0]))]}, QUEUE_URLS
    )

    assert [delivery.chunk for delivery in batch.deliveries] == CHUNKS[:1]
    assert batch.answer(batch.deliveries) == {"batchItemFailures": [{"itemIdentifier": "bad"}]}


@pytest.mark.parametrize("trigger", Trigger)
def test_a_start_is_what_was_asked_for(trigger: Trigger) -> None:
    """With who asked."""
    request = StartRequest(CAMPAIGN, trigger)

    assert event_to_start(json.loads(start_to_event(request))) == request


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"schema": SCHEMA},
        {"schema": SCHEMA + 1, "campaign_id": CAMPAIGN, "trigger": Trigger.DIRECT},
        {"schema": SCHEMA, "campaign_id": CAMPAIGN, "trigger": "somebody"},
        {"schema": SCHEMA, "campaign_id": "ann@example.com", "trigger": Trigger.DIRECT},
    ],
)
def test_a_start_that_cannot_be_read_fails(event: dict[str, object]) -> None:
    """So that Lambda repeats it and keeps it as a dead letter."""
    with pytest.raises((KeyError, ValueError)):
        event_to_start(event)
