"""Test mails over HTTP."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from dependency_injector import providers

from adapters.memory.mailer import MemoryMailer
from adapters.memory.rate_limiter import MemoryRateLimiter
from domain.errors import DependencyRefused
from domain.grants import Grant
from domain.message import Message, SentMail
from domain.outcome import AccountBlocked, NotSent, Outcome, Refused
from domain.priority import Priority
from domain.suppression import Suppression, SuppressionReason, SuppressionScope
from tests.unit.faults import SetBackLimiter
from tests.unit.sentinel import SettableClock
from tests.unit.test_http_gateway import ADDRESS, Gateway

PATH = "/v1/templates/greeting/test-send"
ANN = {"fields": {"name": "Ann"}}


@pytest.fixture
def gateway() -> Gateway:
    """With a template `greeting`, whose HTML greets by name."""
    gateway = Gateway()
    gateway.add_content()
    return gateway


def outbox(gateway: Gateway) -> Sequence[SentMail]:
    """What was accepted, oldest first."""
    sent: Sequence[SentMail] = gateway.container.family.sent().outbox
    return sent


def test_each_address_gets_the_mail_as_that_person_would(gateway: Gateway) -> None:
    """One result for each, in order, and nothing is stored or counted."""
    body = {
        "template_id": "mine",
        "name": "Mine",
        "subject": "Hi {{ name }}",
        "html": "<p>{{ unsubscribe_url }}",
        "text": "{{ email }}",
    }
    gateway.post("/v1/templates", body)
    before = gateway.stored()

    answer = gateway.post(
        "/v1/templates/mine/test-send", {"to": [ADDRESS, " Bo@Example.com"], **ANN}
    )

    assert answer.status == 200
    assert [each["outcome"] for each in answer.json["results"]] == ["accepted", "accepted"]
    mails = outbox(gateway)
    assert [(mail.message.to, mail.message.subject, mail.message.text) for mail in mails] == [
        (ADDRESS, "Hi Ann", ADDRESS),
        ("bo@example.com", "Hi Ann", "bo@example.com"),
    ]
    assert [each["message_id"] for each in answer.json["results"]] == [
        mail.message_id for mail in mails
    ]
    assert gateway.stored() == before


@pytest.mark.parametrize(
    ("to", "pointer"),
    [
        ([], "/to"),
        (["a@example.com"] * 6, "/to"),
        (["a@example.com", "nobody"], "/to/1"),
        (["a@example.com\r\nBcc: b@example.com"], "/to/0"),
        (["a@example.com, b@example.com"], "/to/0"),
        (["a@example.com", "A@example.com"], "/to/1"),
    ],
)
def test_only_a_few_addresses(gateway: Gateway, to: list[str], pointer: str) -> None:
    """One to five, each once; nobody is mailed where one is wrong."""
    assert gateway.refused(PATH, {"to": to, **ANN}).refuses(pointer)
    assert not outbox(gateway)


@pytest.mark.parametrize(
    ("scope", "mailed"), [(SuppressionScope.ALL, 0), (SuppressionScope.MARKETING, 2)]
)
def test_a_suppressed_address_is_not_mailed(
    gateway: Gateway, scope: SuppressionScope, mailed: int
) -> None:
    """Nor anybody beside it; who only unsubscribed from marketing may be sent a test."""
    suppression = Suppression(ADDRESS, SuppressionReason.OPERATOR, gateway.clock.now(), scope)
    gateway.container.family.suppressions().add(suppression)

    answer = gateway.post(PATH, {"to": ["a@example.com", ADDRESS], **ANN})

    assert answer.status == 200 if mailed else answer.refuses("/to/1")
    assert len(outbox(gateway)) == mailed


def test_what_cannot_be_rendered_is_not_sent(gateway: Gateway) -> None:
    """As in a preview."""
    assert gateway.refused(PATH, {"to": [ADDRESS]}).refuses("/fields")
    assert not outbox(gateway)


class MailerThat(MemoryMailer):
    """Answers the mails one after the other as it is told, and then accepts."""

    outcomes: tuple[Outcome, ...] = ()

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """One at a time."""
        if not self.outcomes:
            return super().send(messages, within)
        outcome, *rest = self.outcomes
        self.outcomes = tuple(rest)
        return [outcome]


class SlowMailer(MemoryMailer):
    """Each mail takes nine seconds."""

    def __init__(self, clock: SettableClock) -> None:
        """An empty outbox."""
        super().__init__(clock)
        self._settable = clock

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """At the end of them."""
        self._settable.sleep(timedelta(seconds=9))
        return super().send(messages, within)


class LimiterThat(MemoryRateLimiter):
    """Says who is to wait, or fails."""

    answer: timedelta | Exception | None = None

    def request(
        self, messages: int, now: datetime, patience: timedelta, priority: Priority
    ) -> Grant | timedelta:
        """As told."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return (
            super().request(messages, now, patience, priority)
            if self.answer is None
            else self.answer
        )


def test_what_became_of_each_is_told(gateway: Gateway) -> None:
    """With why; one that fails does not keep the next from its mail."""
    mailer = MailerThat(gateway.clock)
    mailer.outcomes = (
        Refused("no"),
        AccountBlocked("paused"),
        NotSent("TooManyRequestsException", throttled=True),
    )
    gateway.container.family.urgent_mailer.override(providers.Object(mailer))
    to = [f"{name}@example.com" for name in "abcd"]

    results = gateway.post(PATH, {"to": to, **ANN}).json["results"]

    assert [(each["outcome"], each["reason"]) for each in results] == [
        ("refused", "no"),
        ("blocked", "paused"),
        ("not_sent", "TooManyRequestsException"),
        ("accepted", None),
    ]
    assert [mail.message.to for mail in mailer.outbox] == ["d@example.com"]


def test_where_the_provider_throttles_everybody_slows_down(gateway: Gateway) -> None:
    """Campaigns send by the same account."""
    mailer = MailerThat(gateway.clock)
    mailer.outcomes = (NotSent("TooManyRequestsException", throttled=True),)
    limiter = MemoryRateLimiter(2)
    gateway.container.family.urgent_mailer.override(providers.Object(mailer))
    gateway.container.family.limiter.override(providers.Object(limiter))
    gateway.post(PATH, {"to": [ADDRESS], **ANN})

    later = limiter.request(
        2, gateway.clock.now() + timedelta(seconds=2), timedelta(seconds=5), Priority.NORMAL
    )

    assert isinstance(later, Grant)
    assert later.messages == 1


def test_a_slow_provider_does_not_outlast_the_gateway(gateway: Gateway) -> None:
    """Who is left when ten seconds have passed is not mailed, and the answer says so."""
    mailer = SlowMailer(gateway.clock)
    gateway.container.family.urgent_mailer.override(providers.Object(mailer))
    to = [f"{name}@example.com" for name in "abcde"]

    results = gateway.post(PATH, {"to": to, **ANN}).json["results"]

    assert [each["outcome"] for each in results] == ["accepted"] * 2 + ["not_sent"] * 3
    assert [mail.message.to for mail in mailer.outbox] == to[:2]


@pytest.mark.parametrize("answer", [timedelta(seconds=9), DependencyRefused("DynamoDB")])
def test_without_a_place_in_the_send_rate_nothing_is_sent(
    gateway: Gateway, answer: timedelta | Exception
) -> None:
    """Campaigns are not slowed down, nor the limit passed, by a test."""
    limiter = LimiterThat(1)
    limiter.answer = answer
    gateway.container.family.limiter.override(providers.Object(limiter))

    (result,) = gateway.post(PATH, {"to": [ADDRESS], **ANN}).json["results"]

    assert result["outcome"] == "not_sent"
    assert not outbox(gateway)


def test_a_clock_set_back_while_a_place_is_waited_for(gateway: Gateway) -> None:
    """Nobody waits for the hour to come again; the place is lost, and the mail has another."""
    limiter = SetBackLimiter(gateway.clock.set_back)
    gateway.container.family.limiter.override(providers.Object(limiter))

    results = gateway.post(PATH, {"to": [ADDRESS, "bo@example.com"], **ANN}).json["results"]

    assert [each["outcome"] for each in results] == ["accepted", "accepted"]
    assert len(outbox(gateway)) == 2
    assert gateway.clock.monotonic() < timedelta(minutes=1)


def test_test_mails_keep_to_the_send_rate(gateway: Gateway) -> None:
    """One a second where that is the limit."""
    mailer = MemoryMailer(gateway.clock)
    gateway.container.family.limiter.override(providers.Object(MemoryRateLimiter(1)))
    gateway.container.family.urgent_mailer.override(providers.Object(mailer))
    gateway.post(PATH, {"to": [f"{name}@example.com" for name in "abc"], **ANN})

    first, second, third = (mail.at for mail in mailer.outbox)
    assert second - first >= timedelta(seconds=1)
    assert third - second >= timedelta(seconds=1)


def test_the_log_has_the_number_and_no_address(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    """An operator sees that it was done."""
    caplog.set_level(logging.INFO)
    gateway.post(PATH, {"to": [ADDRESS], **ANN})

    assert "Test mails: 1 of 1 accepted" in caplog.text
    assert ADDRESS not in caplog.text
