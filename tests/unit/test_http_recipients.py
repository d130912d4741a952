"""Recipients over HTTP: an unknown outcome is found in the list, and settled."""

import json
from datetime import timedelta
from typing import Any

import pytest
from dependency_injector import providers

from domain.contact import ContactDraft
from domain.identifiers import SegmentId
from domain.outcome import Unknown
from domain.priority import Priority
from domain.recipient import RecipientState, Resend
from tests.unit.faults import AnsweringMailer
from tests.unit.test_http_gateway import JSON_TYPE, Answer, Gateway

CAMPAIGN = {"name": "News", "template_id": "greeting", "segment_id": "everyone"}
ANN = "ann@example.com"
BEN = "ben@example.com"
CUT = Unknown("the answer was cut")


class Running(Gateway):
    """An API beside the workers that do the rest."""

    def __init__(self) -> None:
        """With Ann and Ben, whose first mail is cut off."""
        super().__init__()
        self.add_content()
        family = self.container.family
        self.mailer = AnsweringMailer(self.clock, {ANN: [CUT]})
        family.mailer.override(providers.Object(self.mailer))
        people = family.contacts().put(
            [ContactDraft.of(each, {"name": "N"}) for each in (ANN, BEN)]
        )
        family.segments().add_members(
            SegmentId("everyone"), [contact.contact_id for contact in people]
        )
        self.ids = {contact.address: contact.contact_id for contact in people}

    def campaign(self) -> str:
        """One that has been sent, as far as is known; its path."""
        created = self.post("/v1/campaigns", CAMPAIGN)
        self.run()
        return f"/v1/campaigns/{created.json['campaign_id']}"

    def run(self) -> None:
        """Everything that waits for nobody."""
        container = self.container
        for request in container.family.started().take_all():
            container.start_campaign()(request)
        queue = container.family.queue()
        while deliveries := queue.receive(10, timedelta(), Priority.NORMAL):
            queue.acknowledge(container.send_batch()(deliveries))

    def recipients(self, path: str, query: str = "") -> list[dict[str, Any]]:
        """As listed on one page."""
        page = self.get(f"{path}/recipients", query).json
        assert page["next_cursor"] is None
        items: list[dict[str, Any]] = page["items"]
        return items

    def settle(self, path: str, **body: object) -> Answer:
        """As a person decides."""
        return self.post(f"{path}/unknown", body)

    def settle_once(self, path: str, key: str, **body: object) -> Answer:
        """The same under an idempotency key."""
        return self.call(
            "POST",
            f"{path}/unknown",
            json.dumps(body),
            content_type=JSON_TYPE,
            headers={"idempotency-key": key},
        )


@pytest.fixture
def gateway() -> Running:
    """With people."""
    return Running()


def test_found_and_given_up(gateway: Running) -> None:
    """The list tells who is unknown, and afterwards why they are failed."""
    path = gateway.campaign()
    (unknown,) = gateway.recipients(path, "state=unknown")
    assert unknown == {
        "contact_id": gateway.ids[ANN],
        "address": ANN,
        "state": "unknown",
        "reason": "the answer was cut",
        "message_id": None,
        "flags": [],
        "resend": "none",
    }

    answer = gateway.settle(path, action="give_up", contact_ids=[unknown["contact_id"]])

    assert answer.status == 200
    assert answer.json == {"settled": 1, "left": 0, "next_cursor": None}
    (failed,) = gateway.recipients(path, f"contact_id={unknown['contact_id']}")
    assert (failed["state"], failed["reason"]) == ("failed", "given up")
    assert gateway.get(path).json["counts"]["failed"] == 1


def test_found_and_mailed_once_more(gateway: Running) -> None:
    """The campaign is sending again, and sent once the mail is out."""
    path = gateway.campaign()
    assert gateway.get(path).json["state"] == "sent"

    assert gateway.settle(path, action="resend").json["settled"] == 1

    assert gateway.get(path).json["state"] == "sending"
    gateway.run()
    assert [mail.message.to for mail in gateway.mailer.outbox] == [BEN, ANN]
    assert gateway.get(path).json["state"] == "sent"
    (ann,) = gateway.recipients(path, f"contact_id={gateway.ids[ANN]}")
    assert (ann["state"], ann["resend"]) == (RecipientState.SENT, Resend.DONE)


def test_sent_again_under_its_key(gateway: Running) -> None:
    """The first answer, though there is nothing left to settle."""
    path = gateway.campaign()
    first = gateway.settle_once(path, "k-1", action="give_up")
    again = gateway.settle_once(path, "k-1", action="give_up")

    assert again.json == first.json == {"settled": 1, "left": 0, "next_cursor": None}
    assert again.headers["idempotency-replayed"] == "true"
    assert gateway.settle_once(path, "k-1", action="resend").status == 422
    assert gateway.settle(path, action="give_up").json["settled"] == 0


def test_a_page_and_the_next(gateway: Running) -> None:
    """Each has one, and together they have both."""
    path = gateway.campaign()
    first = gateway.get(f"{path}/recipients", "limit=1").json
    second = gateway.get(f"{path}/recipients", f"limit=1&cursor={first['next_cursor']}").json

    assert {each["address"] for each in (*first["items"], *second["items"])} == {ANN, BEN}
    assert second["next_cursor"] is None


def test_a_cancelled_campaign_mails_nobody_again(gateway: Running) -> None:
    """409 with its state."""
    later = (gateway.clock.now() + timedelta(hours=1)).isoformat()
    created = gateway.post("/v1/campaigns", {**CAMPAIGN, "schedule_at": later})
    path = f"/v1/campaigns/{created.json['campaign_id']}"
    gateway.post(f"{path}/cancel", {})

    refused = gateway.settle(path, action="resend")

    assert (refused.status, refused.problem["state"]) == (409, "cancelled")
    assert gateway.settle(path, action="give_up").json["settled"] == 0


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/action"),
        ({"action": "retry"}, "/action"),
        ({"action": "resend", "contact_ids": []}, "/contact_ids"),
        ({"action": "resend", "contact_ids": ["con_x"] * 26}, "/contact_ids"),
        ({"action": "resend", "contact_ids": ["con_x"]}, "/contact_ids/0"),
        ({"action": "resend", "cursor": "made-up"}, "/cursor"),
        ({"action": "resend", "cursor": "MC4wLjA", "contact_ids": ["con_x"]}, "/cursor"),
        ({"action": "resend", "all": True}, "/all"),
    ],
)
def test_what_does_not_fit(gateway: Running, body: dict[str, object], pointer: str) -> None:
    """422 naming the field, and nothing is settled."""
    path = gateway.campaign()
    assert gateway.settle(path, **body).refuses(pointer)
    assert len(gateway.recipients(path, "state=unknown")) == 1


@pytest.mark.parametrize("query", ["state=lost", "limit=0", "limit=101", "cursor=made-up"])
def test_a_query_that_does_not_fit(gateway: Running, query: str) -> None:
    """422 naming the parameter."""
    path = gateway.campaign()
    refused = gateway.get(f"{path}/recipients", query)
    assert refused.refuses(f"/{query.partition('=')[0]}")


def test_no_such_campaign(gateway: Running) -> None:
    """404."""
    assert gateway.get("/v1/campaigns/cmp_x/recipients").status == 404
    assert gateway.settle("/v1/campaigns/cmp_x", action="resend").status == 404
