"""What a new user sees of the first campaign: every mail, once, each to its own person."""

from collections import Counter

import pytest

from domain.merge_fields import MergeFields
from entrypoints.local.demo.people import demo_contacts, is_vip
from tests.integration.runner import FirstMinute, Runner

PEOPLE: dict[str, MergeFields] = {each.address: each.fields for each in demo_contacts()}
VIPS = {each.address for each in demo_contacts() if is_vip(each)}
PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def vip_campaign(first_minute: FirstMinute) -> str:
    """The first example of the banner, once all of it is sent."""
    campaign_id: str = first_minute.answers[0].json()["campaign_id"]
    first_minute.runner.sent(campaign_id)
    return campaign_id


def test_each_vip_customer_gets_one_mail_of_their_own(runner: Runner, vip_campaign: str) -> None:
    """A thousand, with their own first name, and none to anybody else."""
    mails = runner.outbox(vip_campaign, limit=300)

    assert len(VIPS) == 1_000
    assert Counter(mail["to"] for mail in mails) == Counter(VIPS)
    for mail in mails:
        fields = PEOPLE[mail["to"]]
        assert mail["subject"] == (
            f"Thirty per cent off, {fields['first_name']}, and the {fields['favourite']} is in it"
        )


def test_the_counts_are_those_of_the_segment(runner: Runner, vip_campaign: str) -> None:
    """All sent, nobody in another state."""
    campaign = runner.campaign(vip_campaign)

    assert campaign["counts"] == {
        "recipients": 1_000,
        "pending": 0,
        "sent": 1_000,
        "failed": 0,
        "unknown": 0,
        "suppressed": 0,
        "skipped": 0,
        "delivered": 0,
        "bounced": 0,
        "complained": 0,
    }
    assert campaign["created_at"] <= campaign["started_at"] <= campaign["ended_at"]


@pytest.mark.usefixtures("vip_campaign")
def test_one_mail_is_read_whole(runner: Runner) -> None:
    """Headers, text and HTML, for the one person it went to."""
    answer = runner.client.get("/_local/outbox/0")

    assert answer.headers["content-type"] == "application/json"
    mail = answer.json()
    fields = PEOPLE[mail["to"]]
    assert mail["n"] == 0
    assert mail["headers"].keys() == {
        "From",
        "To",
        "Subject",
        "X-Sentinel-Ref",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
    }
    assert mail["headers"]["To"] == mail["to"]
    assert mail["headers"]["X-Sentinel-Ref"].startswith(mail["campaign_id"])
    assert str(fields["first_name"]) in mail["text"]
    assert mail["html"].lstrip().lower().startswith("<!doctype html")
    assert "{{" not in mail["subject"] + mail["text"] + mail["html"]


@pytest.mark.usefixtures("vip_campaign")
@pytest.mark.parametrize("path", ["/_local/outbox", "/_local/outbox/0"])
def test_a_browser_is_shown_a_page(runner: Runner, path: str) -> None:
    """The list with links to the mails, a mail in a frame where no script of it can run."""
    answer = runner.client.get(path, headers=PAGE)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")
    expected = '<a href="/_local/outbox' if path.endswith("0") else '<a href="/_local/outbox/0"'
    assert expected in answer.text
    assert ("<iframe sandbox srcdoc=" in answer.text) is path.endswith("0")
    assert "<script" not in answer.text


@pytest.mark.usefixtures("vip_campaign")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/_local/outbox/999999", 404),
        ("/_local/outbox/-1", 422),
        ("/_local/outbox/newest", 422),
        ("/_local/outbox?limit=1001", 422),
        ("/_local/outbox?cursor=999999", 422),
        ("/_local/outbox?cursor=x", 422),
    ],
)
def test_what_the_outbox_does_not_hold_is_refused(runner: Runner, path: str, status: int) -> None:
    """With a problem document."""
    answer = runner.client.get(path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
