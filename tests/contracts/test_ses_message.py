"""What SES tells through SNS is read in both of its shapes, and believed no further than needed."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from adapters.aws.provider_events import event_to_told
from adapters.aws.ses_message import body_to_events
from domain.chunk import ChunkRef
from domain.provider_event import ProviderEvent, ProviderEventKind
from tests.contracts.examples import CAMPAIGN_ID
from tests.contracts.ses_examples import (
    HEADERS,
    REFERENCE,
    TAGS,
    TO,
    Told,
    enveloped,
    mail,
    notified,
    published,
)

SENT = datetime(2026, 3, 2, 9, 0, 0, 123_000, tzinfo=UTC)
HAPPENED = datetime(2026, 3, 2, 9, 0, 5, 456_000, tzinfo=UTC)
VALIDATION = "Successfully validated SNS topic for Amazon SES event publishing."
SHAPES: tuple[Callable[[str], str], ...] = (str, enveloped)


def expected(kind: ProviderEventKind, at: datetime) -> ProviderEvent:
    """Of the mail that the examples are about."""
    return ProviderEvent(
        kind=kind,
        chunk=ChunkRef(CAMPAIGN_ID, 3, 14),
        position=15,
        message_id="0100-mail",
        at=at,
        addresses=(TO,),
    )


def read(told: Told) -> tuple[ProviderEvent, ...]:
    """Delivered raw."""
    return body_to_events(json.dumps(told))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("told", "event"),
    [
        (published("Send"), expected(ProviderEventKind.SEND, SENT)),
        (published("Delivery"), expected(ProviderEventKind.DELIVERY, HAPPENED)),
        (published("Bounce"), expected(ProviderEventKind.HARD_BOUNCE, HAPPENED)),
        (published("Complaint"), expected(ProviderEventKind.COMPLAINT, HAPPENED)),
        (published("Reject"), expected(ProviderEventKind.REJECT, SENT)),
        (published("Rendering Failure"), expected(ProviderEventKind.REJECT, SENT)),
        (notified("Delivery"), expected(ProviderEventKind.DELIVERY, HAPPENED)),
        (notified("Bounce"), expected(ProviderEventKind.HARD_BOUNCE, HAPPENED)),
        (notified("Complaint"), expected(ProviderEventKind.COMPLAINT, HAPPENED)),
    ],
    ids=lambda value: "" if isinstance(value, ProviderEvent) else "-".join(map(str, value))[:40],
)
def test_an_event_names_its_recipient(
    told: Told, event: ProviderEvent, shape: Callable[[str], str]
) -> None:
    """By the tags that an event carries or the header in a notification; raw and in an envelope."""
    assert body_to_events(shape(json.dumps(told))) == (event,)


@pytest.mark.parametrize(
    ("bounce_type", "subtype", "kind"),
    [
        ("Permanent", "General", ProviderEventKind.HARD_BOUNCE),
        ("Permanent", "Suppressed", ProviderEventKind.HARD_BOUNCE),
        ("Permanent", "OnAccountSuppressionList", ProviderEventKind.HARD_BOUNCE),
        ("Transient", "General", ProviderEventKind.SOFT_BOUNCE),
        ("Transient", "MailboxFull", ProviderEventKind.SOFT_BOUNCE),
        ("Undetermined", "Undetermined", ProviderEventKind.SOFT_BOUNCE),
        ("Surprising", "General", ProviderEventKind.SOFT_BOUNCE),
    ],
)
def test_only_a_permanent_bounce_is_a_hard_one(
    bounce_type: str, subtype: str, kind: ProviderEventKind
) -> None:
    """Nobody is suppressed for what may pass, or for what nobody knows."""
    (event,) = read(published("Bounce", bounceType=bounce_type, bounceSubType=subtype))
    assert event.kind is kind


def test_a_complaint_of_before_is_a_complaint() -> None:
    """SES did not try to deliver to whom complained once; it says so by a subtype."""
    (event,) = read(published("Complaint", complaintSubType="OnAccountSuppressionList"))
    assert event.kind is ProviderEventKind.COMPLAINT


def test_the_address_is_the_one_that_was_mailed() -> None:
    """The one in a bounce was written by whoever received the mail, and might be anybody's."""
    victim = [{"emailAddress": "somebody.else@example.com"}]
    (event,) = read(published("Bounce", bouncedRecipients=victim))
    assert event.addresses == (TO,)


@pytest.mark.parametrize("kind", ["DeliveryDelay", "Open", "Click", "Subscription"])
def test_what_does_not_matter_tells_nothing(kind: str) -> None:
    """It is read, and done with."""
    assert read(published(kind)) == ()


def test_an_event_of_tomorrow_tells_nothing() -> None:
    """SES says that it may tell more some day; that is no reason for a dead letter."""
    assert read({**published("Send"), "eventType": "Forwarded"}) == ()


@pytest.mark.parametrize(
    "about",
    [
        mail(),
        mail(headers=HEADERS[:2]),
        mail(tags={"ses:configuration-set": ["sentinel"]}),
        mail(tags={**TAGS, "position": ["50"]}),
        mail(tags={**TAGS, "position": ["-1"]}),
        mail(tags={**TAGS, "position": ["\uff11"]}),
        mail(tags={**TAGS, "position": ["1", "2"]}),
        mail(tags={**TAGS, "position": "1"}),
        mail(tags={**TAGS, "chunk": ["3"]}),
        mail(tags={**TAGS, "chunk": ["3-14-15"]}),
        mail(tags={**TAGS, "chunk": ["99999-1"]}),
        mail(tags={**TAGS, "campaign": ["ann@example.com"]}),
        mail(tags={**TAGS, "campaign": ["c" * 65]}),
        mail(headers=[{"name": "X-Sentinel-Ref", "value": f"{REFERENCE}/1"}]),
        mail(headers=[{"name": "X-Sentinel-Ref", "value": f" {REFERENCE}"}]),
        mail(headers=[{"name": "X-Sentinel-Ref", "value": f"{REFERENCE}\n"}]),
        mail(headers=[*HEADERS, HEADERS[-1]]),
    ],
)
def test_a_mail_without_our_reference_is_of_somebody_else(about: Told) -> None:
    """Others send by the same account, and name things as they like."""
    assert read({**published("Bounce"), "mail": about}) == ()


def test_a_header_is_found_whatever_its_case() -> None:
    """Names of headers have none."""
    about = mail(headers=[{"name": "x-sentinel-ref", "value": REFERENCE}])
    assert len(read({**published("Send"), "mail": about})) == 1


@pytest.mark.parametrize("timestamp", ["2026-03-02T09:00:05.456Z", "2026-03-02T10:00:05.456 +0100"])
def test_the_time_is_that_of_what_happened(timestamp: str) -> None:
    """However SES writes it."""
    (event,) = read(published("Bounce", timestamp=timestamp))
    assert event.at == HAPPENED


NOTIFYING = json.dumps(
    {
        "notificationType": "AmazonSnsSubscriptionSucceeded",
        "message": "You have successfully subscribed your Amazon SNS topic.",
    }
)


@pytest.mark.parametrize(
    "body",
    [
        VALIDATION,
        enveloped(VALIDATION),
        NOTIFYING,
        enveloped(NOTIFYING),
        json.dumps(
            {
                "Type": "SubscriptionConfirmation",
                "Token": "2336412f37",
                "SubscribeURL": "https://sns.example/?Action=ConfirmSubscription",
            }
        ),
    ],
)
def test_tests_and_confirmations_are_done_with(body: str, caplog: pytest.LogCaptureFixture) -> None:
    """With a line in the log; nobody follows a link that came in a message."""
    with caplog.at_level(logging.INFO):
        assert body_to_events(body) == ()
    assert len(caplog.records) == 1
    assert "sns.example" not in caplog.text


UNREADABLE = [
    "hello",
    "{}",
    "null",
    "[]",
    '"Send"',
    enveloped("hello"),
    json.dumps({"Type": "Notification", "Message": {"eventType": "Send"}}),
    json.dumps({"eventType": "Send"}),
    json.dumps({"eventType": ["Send"], "mail": mail(tags=TAGS)}),
    json.dumps({"eventType": "Send", "mail": "ann@example.com"}),
    json.dumps({**published("Bounce"), "bounce": {}}),
    json.dumps({**published("Bounce"), "bounce": []}),
    json.dumps(published("Bounce", timestamp="ann@example.com")),
    json.dumps(published("Bounce", timestamp=17)),
    json.dumps({**published("Send"), "mail": mail(tags=TAGS, messageId=None)}),
    json.dumps({**published("Send"), "mail": mail(tags=TAGS, messageId="m" * 201)}),
    json.dumps({**published("Send"), "mail": mail(tags=TAGS, messageId=["m"])}),
    json.dumps({**published("Send"), "mail": mail(headers=[{"name": 1}])}),
    "[" * 200_000,
]


@pytest.mark.parametrize("body", UNREADABLE)
def test_a_message_that_cannot_be_read_comes_again(
    body: str, caplog: pytest.LogCaptureFixture
) -> None:
    """And ends as a dead letter, beside others which it does not hold up; nobody is named."""
    good = json.dumps(published("Send"))
    batch = event_to_told(
        {"Records": [{"messageId": "bad", "body": body}, {"messageId": "good", "body": good}]}
    )

    assert [len(delivery.events) for delivery in batch.deliveries] == [1]
    assert batch.answer(batch.deliveries) == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert "example.com" not in caplog.text


def test_what_is_not_written_down_comes_again() -> None:
    """By the ids of the messages, as ReportBatchItemFailures has them."""
    good = json.dumps(published("Send"))
    batch = event_to_told(
        {"Records": [{"messageId": name, "body": good} for name in ("first", "second")]}
    )
    first, _ = batch.deliveries

    assert batch.answer([first]) == {"batchItemFailures": [{"itemIdentifier": "second"}]}
