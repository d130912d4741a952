"""Webhooks end to end: a runner of its own, its API, and a real server that is told."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.integration.runner import Runner, running
from tests.integration.waiting import wait_for
from tests.webhook_receiver import Received, Receiver, answering, receiver

TEMPLATE = {
    "template_id": "plain",
    "name": "Plain",
    "subject": "Hello",
    "html": "<p>Hello</p>",
    "text": "Hello {{ postal_address }} {{ unsubscribe_url }}",
}
CAMPAIGN = {"name": "Flash Sale", "template_id": "plain", "segment_id": "two"}


class Stumbling:
    """Answers 500 to the first attempt at each event, 204 to the others."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, received: Received, write: Callable[[bytes], None]) -> None:
        """By the event's id."""
        with self._lock:
            is_new = received.headers["webhook-id"] not in self._seen
            self._seen.add(received.headers["webhook-id"])
        answering(500 if is_new else 204)(received, write)


def created(runner: Runner, path: str, body: object) -> dict[str, Any]:
    """What was posted."""
    found: dict[str, Any] = runner.client.post(path, json=body).raise_for_status().json()
    return found


def delivered(runner: Runner, webhook: str, count: int) -> list[dict[str, Any]]:
    """So many deliveries, once there are."""

    def look() -> list[dict[str, Any]] | None:
        answer = runner.client.get(f"{webhook}/deliveries", params={"state": "delivered"})
        found: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return found if len(found) >= count else None

    return wait_for(look, what=f"{count} deliveries")


def genuine(told: Receiver, secret: str) -> list[tuple[str, dict[str, Any]]]:
    """Ids and events of all attempts, each verified as it came."""
    return [
        (each.headers["webhook-id"], Webhook(secret).verify(each.body, each.headers))
        for each in told.received
    ]


@pytest.mark.parametrize("backend", [{"BACKEND": "memory"}, {}], ids=["memory", "emulator"])
def test_a_campaign_is_told_to_a_server_that_stumbles(
    tmp_path: Path, backend: dict[str, str]
) -> None:
    """Signed, tried again, each change under one id, as the campaign's history has it; replayed."""
    with receiver() as told, running(tmp_path, DEMO_DATA="false", **backend) as runner:
        told.respond = Stumbling()
        url = f"http://127.0.0.1:{told.port}/hook?token=hidden"
        endpoint = created(runner, "/v1/webhooks", {"url": url})
        webhook = f"/v1/webhooks/{endpoint['webhook_id']}"
        created(runner, "/v1/segments", {"segment_id": "two", "name": "Two"})
        created(runner, "/v1/templates", TEMPLATE)
        contacts = [
            created(runner, "/v1/contacts", {"email": f"{name}@example.com"})
            for name in ("ada", "eve")
        ]
        members = {"contact_ids": [each["contact_id"] for each in contacts]}
        created(runner, "/v1/segments/two/members", members)
        campaign_id = created(runner, "/v1/campaigns", CAMPAIGN)["campaign_id"]

        campaign = runner.sent(campaign_id)
        deliveries = delivered(runner, webhook, 2)

        attempts = genuine(told, endpoint["secret"])
        ids = {event["type"]: event_id for event_id, event in attempts}
        assert len(attempts) == 4
        assert {event_id for event_id, _ in attempts} == set(ids.values())
        assert {(each["event"], each["delivery_id"], each["attempts"]) for each in deliveries} == {
            (name, event_id, 2) for name, event_id in ids.items()
        }
        events = {event["data"]["number"]: event for _, event in attempts}
        assert [(each["number"], each["event"]) for each in campaign["history"]] == [
            (number, events[number]["type"]) for number in sorted(events)
        ]
        assert events[2]["data"]["counts"]["sent"] == campaign["counts"]["sent"]

        replayed = created(runner, f"{webhook}/replay", {"since": campaign["created_at"]})
        assert replayed["replayed"] == 2
        wait_for(lambda: len(told.received) == 6 or None, what="both again")
        assert {event_id for event_id, _ in genuine(told, endpoint["secret"])} == set(ids.values())
    assert "hidden" not in json.dumps(runner.logged())
