"""History, export and erasure of a person over HTTP."""

from datetime import timedelta

import pytest

from domain.chunk import Lease
from domain.identifiers import AttemptToken
from tests.unit.test_http_gateway import ADDRESS, Answer, Gateway


@pytest.fixture
def gateway() -> Gateway:
    """With a template `greeting` and an empty segment `everyone`."""
    gateway = Gateway()
    gateway.add_content()
    return gateway


@pytest.fixture
def contact_id(gateway: Gateway) -> str:
    """A member of `everyone`, in a campaign that was fanned out."""
    answer = gateway.post("/v1/contacts", {"email": ADDRESS, "fields": {"name": "Ann"}})
    contact_id: str = answer.json["contact_id"]
    gateway.post("/v1/segments/everyone/members", {"contact_ids": [contact_id]})
    body = {
        "name": "News",
        "template_id": "greeting",
        "segment_id": "everyone",
        "category": "transactional",
    }
    assert gateway.post("/v1/campaigns", body).status == 202
    container = gateway.container
    for request in container.family.started().take_all():
        container.start_campaign()(request)
    return contact_id


def erase(gateway: Gateway, contact_id: str) -> Answer:
    """DELETE a contact."""
    return gateway.call("DELETE", f"/v1/contacts/{contact_id}")


def test_the_mails_of_a_contact_are_told(gateway: Gateway, contact_id: str) -> None:
    """By campaign, with how far each is."""
    (campaign,) = gateway.get("/v1/campaigns").json["items"]

    assert gateway.get(f"/v1/contacts/{contact_id}/deliveries").json == {
        "items": [
            {
                "campaign_id": campaign["campaign_id"],
                "campaign_name": "News",
                "campaign_state": "sending",
                "state": "pending",
                "reason": None,
                "message_id": None,
                "flags": [],
            }
        ],
        "next_cursor": None,
    }


def test_an_export_holds_what_is_known(gateway: Gateway, contact_id: str) -> None:
    """The person, the segments, what is held back, and each mail with what it was made of."""
    told = gateway.get(f"/v1/contacts/{contact_id}/export").json

    assert (told["email"], told["fields"]) == (ADDRESS, {"name": "Ann"})
    assert (told["confirmation"], told["soft_bounces"]) == (None, {"count": 0, "last_at": None})
    assert (told["segment_ids"], told["suppression"]) == (["everyone"], None)
    ((mail),) = told["deliveries"]
    assert (mail["email"], mail["fields"], mail["state"]) == (ADDRESS, {"name": "Ann"}, "pending")
    assert told["next_cursor"] is None


def test_an_erased_person_is_gone(gateway: Gateway, contact_id: str) -> None:
    """204, and then 404 wherever it was; the campaign's list has the place without the person."""
    (campaign,) = gateway.get("/v1/campaigns").json["items"]

    erased = erase(gateway, contact_id)

    assert (erased.status, erased.text) == (204, "")
    for path in ("", "/deliveries", "/export"):
        assert gateway.get(f"/v1/contacts/{contact_id}{path}").status == 404
    assert erase(gateway, contact_id).status == 404
    assert gateway.refused("/v1/contacts/lookup", {"email": ADDRESS}).status == 404
    listed = gateway.get(f"/v1/campaigns/{campaign['campaign_id']}/recipients")
    assert ADDRESS not in listed.text
    ((line),) = listed.json["items"]
    assert (line["address"], line["state"], line["reason"]) == (None, "skipped", "erased")
    assert ADDRESS not in repr(gateway.stored())


def test_an_erasure_that_is_not_done_says_so(gateway: Gateway, contact_id: str) -> None:
    """202 with Retry-After; the contact is gone at once, and the next request goes on."""
    chunks = gateway.container.family.chunks()
    ((_, chunk),) = [chunks.load(ref) for ref in gateway.container.family.database().chunks]
    lease = Lease(AttemptToken("a"), gateway.clock.now() + timedelta(minutes=1))
    chunks.save(chunk.claim([0], suppressed=(), lease=lease), chunk)

    first = erase(gateway, contact_id)
    gateway.clock.sleep(timedelta(minutes=2))
    second = erase(gateway, contact_id)

    assert first.json == {"contact_id": contact_id, "state": "erasing"}
    assert (first.status, first.headers["retry-after"]) == (202, "5")
    assert second.status == 204


@pytest.mark.parametrize("part", ["deliveries", "export"])
def test_a_cursor_of_another_list_is_refused(gateway: Gateway, contact_id: str, part: str) -> None:
    """By name."""
    assert gateway.get(f"/v1/contacts/{contact_id}/{part}", "cursor=made-up").refuses("/cursor")
