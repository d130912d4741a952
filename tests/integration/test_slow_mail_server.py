"""A mail server that keeps a newsletter waiting, on one machine: nothing urgent waits with it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.campaign import CampaignCategory
from domain.contact import ContactDraft
from domain.fan_out import DeliveryProgress
from domain.identifiers import CampaignId, SegmentId, TemplateId
from domain.outcome import Accepted
from domain.priority import Priority
from domain.template import Content
from domain.use_cases.create_campaign import CampaignRequest
from domain.use_cases.preview_template import Person
from entrypoints.containers import Family, build
from entrypoints.containers.core import Core
from entrypoints.local.pumps import Pumps
from entrypoints.settings import Settings
from tests.contracts.eventually import eventually
from tests.contracts.smtp_inbox import SLOW, SmtpInbox, smtp_inbox
from tests.contracts.test_mailer import messages

CONNECTIONS = 4
OF_EACH = CONNECTIONS // len(Priority)
PEOPLE = 50
COLLEAGUE = "colleague@example.com"
_GREETING = TemplateId("greeting")
_PATIENCE = 120
"""Seconds; while an answer is waited for the test waits twice."""
_WITHIN = timedelta(seconds=_PATIENCE)


@pytest.fixture
def inbox() -> Iterator[SmtpInbox]:
    """The mail server."""
    with smtp_inbox() as listening:
        yield listening


@pytest.fixture
def core(inbox: SmtpInbox, tmp_path: Path) -> Iterator[Core]:
    """What a worker has, which waits for an answer for longer than the test does."""
    built = build(
        Family.SQLITE,
        Settings.from_environment(
            {
                "DATABASE": str(tmp_path / "sentinel.db"),
                "SENDER": "News <news@sentinel.example>",
                "SMTP_URL": f"smtp://127.0.0.1:{inbox.port}",
                "SMTP_CONNECTIONS": str(CONNECTIONS),
                "SMTP_TIMEOUT_SECONDS": "300",
                "SEND_LEASE_SECONDS": "900",
                "RETRY_DELAY_SECONDS": "1",
                "LONGEST_RETRY_DELAY_SECONDS": "1",
            }
        ),
    )
    yield built
    inbox.released.set()
    built.family.hang_up()


@pytest.fixture
def working(core: Core, inbox: SmtpInbox) -> Iterator[Core]:
    """A worker's threads, as entrypoints/local/worker.py has them."""
    core.create_template()("Greeting", Content("Hello", "<p>Hello</p>", "Hello"), _GREETING)
    pumps = Pumps(core)
    pumps.start_working(send_workers=1)
    yield core
    inbox.released.set()
    pumps.drain(_WITHIN)


def test_what_is_urgent_is_mailed_while_a_newsletter_waits_for_answers(
    working: Core, inbox: SmtpInbox
) -> None:
    """A campaign and a test mail; the newsletter goes on once it is answered."""
    subscribers, customers = _addresses("reader", SLOW), _addresses("customer", "example.com")
    newsletter = _campaign(working, "newsletter", subscribers, Priority.NORMAL)
    eventually(lambda: inbox.held == OF_EACH, _PATIENCE)

    warning = _campaign(working, "warning", customers, Priority.URGENT)
    eventually(lambda: _sent(working, warning) == PEOPLE, _PATIENCE)
    (test_mail,) = working.send_test_mails()(_GREETING, [COLLEAGUE], Person())

    assert isinstance(test_mail, Accepted)
    assert Counter(each.to for each in inbox.received) == Counter([*customers, COLLEAGUE])
    inbox.released.set()
    eventually(lambda: _sent(working, newsletter) == PEOPLE, _PATIENCE)
    assert Counter(each.to for each in inbox.received) == Counter(
        [*subscribers, *customers, COLLEAGUE]
    )


def test_both_priorities_together_have_as_many_connections_as_are_set(
    core: Core, inbox: SmtpInbox
) -> None:
    """However slow the server is."""
    mails = [replace(each, to=f"reader{each.position}@{SLOW}") for each in messages(PEOPLE)]
    mailers = (core.family.mailer(), core.family.urgent_mailer())
    with ThreadPoolExecutor(len(mailers)) as threads:
        calls = [threads.submit(mailer.send, mails, _WITHIN) for mailer in mailers]
        try:
            eventually(lambda: inbox.held == CONNECTIONS, _PATIENCE)
        finally:
            inbox.released.set()
        outcomes = [outcome for call in calls for outcome in call.result()]

    assert {type(outcome) for outcome in outcomes} == {Accepted}
    assert inbox.connections == CONNECTIONS


def _addresses(name: str, domain: str) -> Sequence[str]:
    return [f"{name}{number}@{domain}" for number in range(PEOPLE)]


def _campaign(core: Core, name: str, addresses: Sequence[str], priority: Priority) -> CampaignId:
    segment_id = SegmentId(name)
    core.create_segment()(name, segment_id)
    contacts = core.put_contacts()([ContactDraft.of(each, {}) for each in addresses])
    core.family.segments().add_members(segment_id, [each.contact_id for each in contacts])
    request = CampaignRequest(
        name=name,
        template_id=_GREETING,
        segment_id=segment_id,
        category=CampaignCategory.TRANSACTIONAL,
        priority=priority,
    )
    return core.create_campaign()(request).campaign.campaign_id


def _sent(core: Core, campaign_id: CampaignId) -> int:
    progress: DeliveryProgress = core.family.fan_out().progress(campaign_id)
    return progress.tally.sent
