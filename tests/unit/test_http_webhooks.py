"""Webhooks over HTTP."""

import json

import pytest
from dependency_injector import providers
from freezegun import freeze_time
from standardwebhooks import Webhook

from adapters.memory.webhook_sender import MemoryWebhookSender
from domain.webhook import MAX_WEBHOOKS
from domain.webhook_event import CAMPAIGN_EVENTS
from domain.webhook_request import Answered
from tests.unit.sentinel import MINUTE, NOW
from tests.unit.test_http_gateway import JSON_TYPE, Answer, Gateway

URL = "https://hooks.example.com/sentinel"


class Told(Gateway):
    """With a receiver that answers 204."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        super().__init__()
        self.sender = MemoryWebhookSender()
        self.container.family.webhook_sender.override(providers.Object(self.sender))

    def created(self, **body: object) -> Answer:
        """A webhook."""
        answer = self.post("/v1/webhooks", {"url": URL, **body})
        assert answer.status == 201, answer
        return answer

    def tell(self) -> None:
        """What happens every minute."""
        self.container.announce_changes()()
        self.container.deliver_webhooks()()

    def asked(self, path: str) -> Answer:
        """POST without a body."""
        return self.call("POST", path, content_type=JSON_TYPE)

    def patched(self, path: str, body: object, if_match: str | None = None) -> Answer:
        """PATCH."""
        headers = {} if if_match is None else {"if-match": if_match}
        return self.call("PATCH", path, json.dumps(body), content_type=JSON_TYPE, headers=headers)


@pytest.fixture
def gateway() -> Told:
    """Empty."""
    return Told()


def test_a_webhook_is_created_with_its_secret(gateway: Told) -> None:
    """Shown once, and kept by nothing on the way; all campaign events where none are named."""
    answer = gateway.created(description="Ours")

    webhook_id = answer.json["webhook_id"]
    assert answer.headers["location"] == f"/v1/webhooks/{webhook_id}"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["etag"] == '"1"'
    secret = answer.json["secret"]
    assert secret.startswith("whsec_")
    read = {name: value for name, value in answer.json.items() if name != "secret"}
    assert read == {
        "webhook_id": webhook_id,
        "url": URL,
        "events": list(CAMPAIGN_EVENTS),
        "description": "Ours",
        "enabled": True,
        "disabled_reason": None,
        "failing_since": None,
        "created_at": "2026-03-02T09:00:00Z",
        "rotated_at": None,
    }
    assert gateway.get(f"/v1/webhooks/{webhook_id}").json == read
    assert gateway.get("/v1/webhooks").json == {"items": [read]}
    assert secret not in repr(gateway.stored())


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"url": "http://hooks.example.com/"}, "/url"),
        ({"url": "https://169.254.169.254/"}, "/url"),
        ({"url": "https://localhost/"}, "/url"),
        ({"url": ""}, "/url"),
        ({"url": "https://hooks.example.com:6379/"}, "/url"),
        ({}, "/url"),
        ({"url": URL, "events": []}, "/events"),
        ({"url": URL, "events": ["campaign.made-up"]}, "/events/0"),
        ({"url": URL, "events": ["webhook.test"]}, "/events"),
        ({"url": URL, "description": "a\nb"}, "/description"),
        ({"url": URL, "description": "a" * 201}, "/description"),
        ({"url": URL, "secret": "mine"}, "/secret"),
    ],
)
def test_a_webhook_that_may_not_be_is_refused(
    gateway: Told, body: dict[str, object], pointer: str
) -> None:
    """422 naming the field; nothing is created."""
    assert gateway.refused("/v1/webhooks", body).refuses(pointer)


def test_there_are_only_so_many(gateway: Told) -> None:
    """Each is told of everything: the limit says what to do."""
    for _ in range(MAX_WEBHOOKS):
        gateway.created()

    assert gateway.refused("/v1/webhooks", {"url": URL}).refuses("/url")


def test_a_webhook_is_edited_under_its_revision(gateway: Told) -> None:
    """What people changed meanwhile is left as it is."""
    path = gateway.created().headers["location"]

    edited = gateway.patched(path, {"events": ["campaign.sent"], "enabled": False}, '"1"')

    assert edited.status == 200
    assert edited.headers["etag"] == '"2"'
    assert (edited.json["events"], edited.json["enabled"]) == (["campaign.sent"], False)
    assert edited.json["disabled_reason"] == "Disabled by a person."
    stale = gateway.patched(path, {"url": f"{URL}/other"}, '"1"')
    assert stale.status == 412
    assert gateway.get(path).json["url"] == URL
    on = gateway.patched(path, {"enabled": True})
    assert (on.json["enabled"], on.json["disabled_reason"]) == (True, None)
    assert gateway.patched(path, {"url": "http://127.0.0.1/"}).refuses("/url")
    assert gateway.patched(path, {}).status == 422
    assert gateway.patched("/v1/webhooks/whk_none", {"enabled": True}).status == 404


def test_a_deleted_webhook_is_gone(gateway: Told) -> None:
    """With all that was known of it."""
    path = gateway.created().headers["location"]

    assert gateway.call("DELETE", path).status == 204

    assert gateway.call("DELETE", path).status == 404
    for gone in (path, f"{path}/deliveries"):
        assert gateway.get(gone).status == 404
    for gone in (f"{path}/test", f"{path}/rotate-secret", f"{path}/deliveries/evt_1/replay"):
        assert gateway.asked(gone).status == 404
    assert gateway.post(f"{path}/replay", {"since": "2026-03-02T09:00:00Z"}).status == 404


@freeze_time(NOW)
def test_a_test_event_arrives_signed(gateway: Told) -> None:
    """As every event does; and its delivery shows what came of it."""
    created = gateway.created(events=["campaign.failed"])
    path = created.headers["location"]

    answer = gateway.asked(f"{path}/test")
    assert (answer.status, answer.json["state"]) == (202, "pending")
    gateway.tell()

    (request,) = gateway.sender.sent
    body = Webhook(created.json["secret"]).verify(request.body, dict(request.headers))
    assert body == {
        "type": "webhook.test",
        "timestamp": "2026-03-02T09:00:00.000Z",
        "data": {"webhook_id": created.json["webhook_id"]},
    }
    assert gateway.get(f"{path}/deliveries").json == {
        "items": [
            {
                "delivery_id": request.headers["webhook-id"],
                "event": "webhook.test",
                "occurred_at": "2026-03-02T09:00:00Z",
                "state": "delivered",
                "attempts": 1,
                "last_attempt_at": "2026-03-02T09:00:00Z",
                "next_attempt_at": None,
                "status": 204,
                "error": None,
                "body": request.body.decode(),
            }
        ],
        "next_cursor": None,
    }


@freeze_time(NOW)
def test_a_rotated_secret_signs(gateway: Told) -> None:
    """Shown once, and good at once; so is the old one."""
    created = gateway.created()
    path = created.headers["location"]

    rotated = gateway.asked(f"{path}/rotate-secret")
    gateway.asked(f"{path}/test")
    gateway.tell()

    assert rotated.json["secret"] != created.json["secret"]
    assert rotated.json["rotated_at"] == "2026-03-02T09:00:00Z"
    (request,) = gateway.sender.sent
    for secret in (created.json["secret"], rotated.json["secret"]):
        Webhook(secret).verify(request.body, dict(request.headers))


def test_deliveries_are_listed_by_state_and_replayed(gateway: Told) -> None:
    """Page by page, the newest first; a disabled webhook replays nothing."""
    path = gateway.created().headers["location"]
    gateway.sender.answer = lambda _request: Answered(500)
    ids = []
    for _ in range(3):
        ids.append(gateway.asked(f"{path}/test").json["delivery_id"])
        gateway.clock.sleep(MINUTE)
    gateway.tell()
    gateway.sender.answer = lambda _request: Answered(200)
    gateway.clock.sleep(MINUTE)
    gateway.tell()

    assert gateway.get(f"{path}/deliveries", "state=pending").json["items"] == []
    page = gateway.get(f"{path}/deliveries", "state=delivered&limit=2").json
    rest = gateway.get(
        f"{path}/deliveries", f"state=delivered&limit=2&cursor={page['next_cursor']}"
    ).json
    found = [each["delivery_id"] for each in (*page["items"], *rest["items"])]
    assert found == ids[::-1]
    assert rest["next_cursor"] is None
    assert gateway.get(f"{path}/deliveries", "cursor=made-up").refuses("/cursor")
    assert gateway.get(f"{path}/deliveries", "state=made-up").status == 422

    one = gateway.asked(f"{path}/deliveries/{ids[0]}/replay")
    assert (one.status, one.json["state"], one.json["attempts"]) == (202, "pending", 0)
    later = {"since": "2026-03-02T09:01:00Z", "until": "2026-03-02T09:02:00Z"}
    assert gateway.post(f"{path}/replay", later).json == {"replayed": 1, "next_cursor": None}
    failed = {"since": "2026-03-02T09:00:00Z", "state": "failed"}
    assert gateway.post(f"{path}/replay", failed).json["replayed"] == 0
    gateway.tell()
    assert {each.headers["webhook-id"] for each in gateway.sender.sent[-2:]} == set(ids[:2])

    gateway.patched(path, {"enabled": False})
    for refused in (
        gateway.asked(f"{path}/deliveries/{ids[0]}/replay"),
        gateway.asked(f"{path}/test"),
        gateway.post(f"{path}/replay", failed),
    ):
        assert refused.status == 409
        assert refused.problem["state"] == "disabled"
    assert gateway.asked(f"{path}/deliveries/evt_none/replay").status in {404, 409}
