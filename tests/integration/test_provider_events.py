"""What SES tells of its mailbox simulator reaches the counts and the suppression list."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.chunk import ChunkRef
from domain.identifiers import CampaignId
from domain.provider_event import ProviderEvent, ProviderEventKind
from tests.contracts.ses_examples import told_of
from tests.integration.on_lambda import OnLambda
from tests.integration.runner import running
from tests.integration.waiting import wait_for

BOUNCE = "bounce@simulator.amazonses.com"
COMPLAINT = "complaint@simulator.amazonses.com"
SUCCESS = "success@simulator.amazonses.com"


def _campaign(client: httpx.Client, name: str) -> str:
    """To the three of them."""
    client.post("/v1/segments", json={"segment_id": "simulated", "name": "Simulated"})
    contacts = [
        client.post("/v1/contacts", json={"email": email, "fields": {"name": "N"}}).json()
        for email in (BOUNCE, COMPLAINT, SUCCESS)
    ]
    members = {"contact_ids": [contact["contact_id"] for contact in contacts]}
    client.post("/v1/segments/simulated/members", json=members)
    body = {"template_id": "simulated", "name": "Simulated", "subject": "Hi", "html": "Hi"}
    client.post(
        "/v1/templates", json={**body, "text": "{{ postal_address }} {{ unsubscribe_url }}"}
    )
    campaign = {"name": name, "template_id": "simulated", "segment_id": "simulated"}
    campaign_id: str = client.post("/v1/campaigns", json=campaign).json()["campaign_id"]
    return campaign_id


def _counts_once(
    client: httpx.Client, campaign_id: str, condition: Callable[[dict[str, Any]], bool], what: str
) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        counts: dict[str, Any] = client.get(f"/v1/campaigns/{campaign_id}").json()["counts"]
        return counts if condition(counts) else None

    return wait_for(look, what=what)


def _sees_two_campaigns(client: httpx.Client) -> None:
    """The first is told of the two; the second skips them."""
    first = _campaign(client, "First")
    told = _counts_once(
        client,
        first,
        # SES may tell of the two before the worker has written down who was sent to.
        lambda counts: counts["bounced"] and counts["complained"] and counts["sent"] == 3,
        "both are told of, and all three sent to",
    )
    assert (told["bounced"], told["complained"]) == (1, 1)

    second = _campaign(client, "Second")
    counts = _counts_once(client, second, lambda counts: counts["sent"] > 0, "the second is sent")
    assert (counts["sent"], counts["suppressed"], counts["recipients"]) == (1, 2, 3)


@pytest.mark.parametrize("backend", [{}, {"BACKEND": "memory"}], ids=["emulator", "memory"])
def test_a_local_campaign_is_told_of_a_bounce_and_a_complaint(
    tmp_path: Path, backend: Mapping[str, str]
) -> None:
    """They are counted, and not mailed again."""
    with running(tmp_path, DEMO_DATA="false", **backend) as runner:
        _sees_two_campaigns(runner.client)


def test_a_campaign_on_lambda_is_told_of_a_bounce_and_a_complaint(on_lambda: OnLambda) -> None:
    """Likewise, by a function with no more permissions than it needs."""
    with on_lambda.http() as client:
        _sees_two_campaigns(client)
    assert on_lambda.waiting("provider-events-dead-letters") == 0
    assert "simulator" not in "".join(on_lambda.lines("provider-events"))


def test_a_soft_bounce_is_counted_on_lambda(on_lambda: OnLambda) -> None:
    """By a function that may read and write contacts; told twice, once."""
    with on_lambda.http() as client:
        campaign_id = _campaign(client, "Third")
        _counts_once(client, campaign_id, lambda counts: counts["sent"] > 0, "it is sent")
        lookup = client.post("/v1/contacts/lookup", json={"email": SUCCESS}).json()
        contact = f"/v1/contacts/{lookup['contact_id']}"
        (mailed,) = [
            position
            for position, each in enumerate(_recipients(client, campaign_id))
            if each["contact_id"] == lookup["contact_id"]
        ]
        soft_bounce = ProviderEvent(
            kind=ProviderEventKind.SOFT_BOUNCE,
            chunk=ChunkRef(CampaignId(campaign_id), 0, 0),
            position=mailed,
            message_id="0100-mail",
            at=datetime.now(UTC),
            addresses=(SUCCESS,),
        )
        url = on_lambda.outputs["ProviderEventsQueueUrl"]
        for _ in range(2):
            on_lambda.clients.sqs.send_message(
                QueueUrl=url, MessageBody=json.dumps(told_of(soft_bounce))
            )

        counted = wait_for(
            lambda: client.get(contact).json()["soft_bounces"]["count"] or None,
            what="it is counted",
        )
        wait_for(
            lambda: on_lambda.waiting("provider-events") == 0 or None,
            what="both are dealt with",
        )
        assert counted == client.get(contact).json()["soft_bounces"]["count"] == 1


def _recipients(client: httpx.Client, campaign_id: str) -> list[dict[str, Any]]:
    """In the order of the chunk: there is one."""
    items: list[dict[str, Any]] = client.get(f"/v1/campaigns/{campaign_id}/recipients").json()[
        "items"
    ]
    return items


def test_what_cannot_be_read_ends_as_a_dead_letter(on_lambda: OnLambda) -> None:
    """It stands in nobody's way and does not vanish."""
    sqs, url = on_lambda.clients.sqs, on_lambda.outputs["ProviderEventsQueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0"})
    sqs.send_message(QueueUrl=url, MessageBody="hello")

    wait_for(
        lambda: on_lambda.waiting("provider-events-dead-letters") or None,
        what="the message is a dead letter",
    )
    wait_for(
        lambda: on_lambda.waiting("provider-events") == 0 or None,
        what="nothing waits any more",
    )
