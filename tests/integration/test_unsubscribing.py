"""From a mail's own link to what campaigns do, on the local runner: unsubscribing, confirming."""

import re
from pathlib import Path

import httpx
import pytest

from tests.integration.runner import Runner, running

PEOPLE = ("ann@example.com", "bea@example.com")
CONTENT = {
    "template_id": "news",
    "name": "News",
    "subject": "News",
    "html": '<p>{{ postal_address }}</p><a href="{{ unsubscribe_url }}">Unsubscribe</a>',
    "text": "{{ postal_address }} {{ unsubscribe_url }}",
}


def _stock(client: httpx.Client) -> None:
    client.post("/v1/templates", json=CONTENT).raise_for_status()
    client.post("/v1/segments", json={"segment_id": "all", "name": "All"}).raise_for_status()
    contacts = [client.post("/v1/contacts", json={"email": email}).json() for email in PEOPLE]
    members = {"contact_ids": [contact["contact_id"] for contact in contacts]}
    client.post("/v1/segments/all/members", json=members).raise_for_status()


def _send(runner: Runner, category: str) -> dict[str, int]:
    """The counts of a campaign to all, once it is sent and its mails are in the outbox."""
    body = {"name": "News", "template_id": "news", "segment_id": "all", "category": category}
    created = runner.client.post("/v1/campaigns", json=body).raise_for_status().json()
    counts: dict[str, int] = runner.sent(created["campaign_id"])["counts"]
    assert len(runner.outbox(created["campaign_id"], limit=100)) == counts["sent"]
    return counts


@pytest.mark.parametrize("backend", [{}, {"BACKEND": "memory"}], ids=["emulator", "memory"])
def test_one_click_in_the_mail_program_ends_the_marketing(
    tmp_path: Path, backend: dict[str, str]
) -> None:
    """The header's link is opened by a scanner first, then called as RFC 8058 says."""
    with running(tmp_path, DEMO_DATA="false", **backend) as runner:
        client = runner.client
        _stock(client)
        assert _send(runner, "marketing")["sent"] == 2
        headers = client.get("/_local/outbox/0").json()["headers"]
        url = headers["List-Unsubscribe"].removeprefix("<").removesuffix(">")
        assert url.startswith(f"{client.base_url}/u/")
        name, _, value = headers["List-Unsubscribe-Post"].partition("=")

        assert client.get(url).status_code == 200
        assert client.get("/v1/suppressions").json()["items"] == []
        assert client.post(url, data={name: value}).status_code == 200
        (entry,) = client.get("/v1/suppressions").json()["items"]
        assert (entry["email"], entry["reason"]) == (headers["To"], "unsubscribe")

        marketing, transactional = _send(runner, "marketing"), _send(runner, "transactional")
        assert (marketing["sent"], marketing["suppressed"]) == (1, 1)
        assert (transactional["sent"], transactional["suppressed"]) == (2, 0)

        path = f"/v1/suppressions/{entry['suppression_id']}"
        assert client.delete(path).status_code == 204
        assert _send(runner, "marketing")["sent"] == 2


@pytest.mark.parametrize("backend", [{}, {"BACKEND": "memory"}], ids=["emulator", "memory"])
def test_a_sign_up_is_mailed_once_its_person_has_confirmed(
    tmp_path: Path, backend: dict[str, str]
) -> None:
    """The link is opened by a scanner first, which does not make anybody a subscriber."""
    with running(tmp_path, DEMO_DATA="false", **backend) as runner:
        client = runner.client
        _stock(client)
        body = {"email": "cy@example.com", "confirm": True}
        signed_up = client.post("/v1/contacts", json=body).raise_for_status().json()
        assert signed_up["confirmation_mail"]["outcome"] == "accepted"
        members = {"contact_ids": [signed_up["contact_id"]]}
        client.post("/v1/segments/all/members", json=members).raise_for_status()
        mail = client.get("/_local/outbox/0").json()
        assert mail["headers"]["To"] == "cy@example.com"
        (url,) = set(re.findall(rf"{client.base_url}/c/[A-Za-z0-9_-]+", mail["text"]))

        assert client.get(url).status_code == 200
        assert _send(runner, "marketing")["sent"] == len(PEOPLE)

        assert client.post(url, data={"confirm": "yes"}).status_code == 200
        assert _send(runner, "marketing")["sent"] == len(PEOPLE) + 1
