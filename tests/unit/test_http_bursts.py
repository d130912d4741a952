"""A burst of campaigns over HTTP: which way each went, and what is refused."""

import json
from datetime import timedelta

import pytest
from dependency_injector import providers

from adapters.memory.admission import MemoryAdmissionControl
from domain.access import Scope
from domain.admission import StartLimit, StartLimits
from tests.unit.test_http_access import Guarded
from tests.unit.test_http_campaigns import BODY
from tests.unit.test_http_edits import patch
from tests.unit.test_http_gateway import FOOTER, JSON_TYPE, Answer, Gateway

LIMITS = StartLimits(account=StartLimit(2, burst=3), key=StartLimit(1, burst=2))
ONLY = {**BODY, "immediate_only": True}


@pytest.fixture
def gateway() -> Gateway:
    """With content, and room for three direct starts at once."""
    gateway = Gateway()
    gateway.add_content()
    narrow(gateway)
    return gateway


def narrow(gateway: Gateway) -> None:
    """Leave so much room."""
    admission = MemoryAdmissionControl(LIMITS)
    gateway.container.family.admission.override(providers.Object(admission))


def test_the_answer_says_which_way_it_went(gateway: Gateway) -> None:
    """Both are 202, and triggered."""
    answers = [gateway.post("/v1/campaigns", BODY) for _ in range(5)]

    assert [answer.status for answer in answers] == [202] * 5
    assert [answer.json["start"] for answer in answers] == ["direct"] * 3 + ["queued"] * 2
    assert all(answer.json["triggered"] for answer in answers)


def test_what_may_not_be_queued_is_refused(gateway: Gateway) -> None:
    """429 with how many seconds to wait, and nothing is created."""
    for _ in range(3):
        assert gateway.post("/v1/campaigns", ONLY).json["start"] == "direct"

    answer = gateway.post("/v1/campaigns", ONLY)

    assert answer.status == 429
    assert answer.problem["type"] == "urn:sentinel:problem:too-many-starts"
    assert answer.headers["retry-after"] == "1"
    assert len(gateway.get("/v1/campaigns").json["items"]) == 3


def keyed(gateway: Gateway, body: object) -> Answer:
    """Posted under an idempotency key, the same every time."""
    return gateway.call(
        "POST",
        "/v1/campaigns",
        json.dumps(body),
        content_type=JSON_TYPE,
        headers={"idempotency-key": "4b1e"},
    )


def test_what_was_refused_can_be_sent_again_under_its_key(gateway: Gateway) -> None:
    """After the wait it is created: the refusal is not kept as the answer."""
    for _ in range(3):
        gateway.post("/v1/campaigns", BODY)
    assert keyed(gateway, ONLY).status == 429

    gateway.clock.sleep(timedelta(seconds=1))
    created, again = keyed(gateway, ONLY), keyed(gateway, ONLY)

    assert (created.status, created.json["start"]) == (202, "direct")
    assert again.text == created.text
    assert len(gateway.get("/v1/campaigns").json["items"]) == 4


def test_one_for_later_cannot_be_immediate_only(gateway: Gateway) -> None:
    """422 naming the field."""
    later = {**ONLY, "schedule_at": "2026-03-02T10:00:00Z"}

    assert gateway.refused("/v1/campaigns", later).refuses("/immediate_only")


def test_a_clone_may_be_immediate_only(gateway: Gateway) -> None:
    """As a campaign of its own."""
    path = gateway.post("/v1/campaigns", BODY).headers["location"]
    for _ in range(2):
        gateway.post("/v1/campaigns", BODY)

    assert gateway.post(f"{path}/clone", {"immediate_only": True}).status == 429
    assert gateway.post(f"{path}/clone", {}).json["start"] == "queued"


def test_a_resumed_and_a_moved_campaign_say_which_way_they_went(gateway: Gateway) -> None:
    """By the same limits."""
    later = {**BODY, "schedule_at": "2026-03-02T10:00:00Z"}
    moved = gateway.post("/v1/campaigns", later).headers["location"]
    paused = gateway.post("/v1/campaigns", BODY).headers["location"]
    gateway.post(f"{paused}/pause", {})
    for _ in range(2):
        gateway.post("/v1/campaigns", BODY)

    assert gateway.post(f"{paused}/resume", {}).json["start"] == "queued"
    assert patch(gateway, moved, {"schedule_at": None}).json["start"] == "queued"


def test_each_api_key_has_its_own_room() -> None:
    """One that asks for too much is queued; another one still starts the direct way."""
    guarded = Guarded()
    narrow(guarded)
    editor = guarded.key(*Scope)
    template = {
        "template_id": "greeting",
        "name": "G",
        "subject": "G",
        "html": FOOTER,
        "text": FOOTER,
    }
    assert guarded.ask("POST", "/v1/templates", editor, template).status == 201
    segment = {"segment_id": "everyone", "name": "Everyone"}
    assert guarded.ask("POST", "/v1/segments", editor, segment).status == 201
    greedy, modest = (guarded.key(Scope.CAMPAIGNS_WRITE) for _ in range(2))

    asked = [guarded.ask("POST", "/v1/campaigns", greedy, BODY).json["start"] for _ in range(4)]

    assert asked == ["direct", "direct", "queued", "queued"]
    assert guarded.ask("POST", "/v1/campaigns", modest, BODY).json["start"] == "direct"
