"""What Amazon SES tells of a mail, in a message that Amazon SNS put on a queue.

In two shapes, of the Amazon SES Developer Guide: events that a configuration set publishes
("Contents of event data that Amazon SES publishes to Amazon SNS"), and an identity's notifications
("Amazon SNS notification contents for Amazon SES"). SNS delivers either raw or in an envelope.
"""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.chunk import MAX_RECIPIENTS, ChunkRef
from domain.identifiers import NAMED_ID, CampaignId
from domain.provider_event import ProviderEvent, ProviderEventKind

logger = logging.getLogger(__name__)

REFERENCE_HEADER = "X-Sentinel-Ref"
"""Leads a notification, which carries no tags, back to the recipient."""

Told = Mapping[str, Any]  # Any: JSON, of which nothing is believed before it is looked at

_VALIDATION = "Successfully validated SNS topic for Amazon SES"
"""How the test message of a new event destination begins; it is no JSON."""
_SUBSCRIBED = "AmazonSnsSubscriptionSucceeded"
"""The type of the test message of an identity's new topic."""
_OF_SUBSCRIPTIONS = frozenset({"SubscriptionConfirmation", "UnsubscribeConfirmation"})
_KINDS: Mapping[str, ProviderEventKind] = {
    "Send": ProviderEventKind.SEND,
    "Delivery": ProviderEventKind.DELIVERY,
    "Complaint": ProviderEventKind.COMPLAINT,
    "Reject": ProviderEventKind.REJECT,
    "Rendering Failure": ProviderEventKind.REJECT,
}
_PERMANENT = "Permanent"
_LONGEST_MESSAGE_ID = 200
_LONGEST_ADDRESS = 320
_CHUNK = re.compile(r"([0-9]{1,4})-([0-9]{1,6})")
_POSITION = re.compile(r"[0-9]{1,2}")
_REFERENCE = re.compile(rf"({NAMED_ID.pattern})/([0-9]{{1,4}})/([0-9]{{1,6}})/([0-9]{{1,2}})")


def body_to_events(body: str) -> tuple[ProviderEvent, ...]:
    """What a message's body tells; nothing of mails of others, and of what does not matter.

    Raises ValueError, whose text repeats nothing of it, where it cannot be read.
    """
    try:
        return _read(body)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        # Their own texts may repeat what is in it.
        raise ValueError("nothing that SES tells through SNS") from None


def _read(body: str) -> tuple[ProviderEvent, ...]:
    text = body
    if not text.startswith(_VALIDATION):
        envelope = _object(text)
        if envelope.get("Type") in _OF_SUBSCRIPTIONS:
            logger.warning("About a subscription to a topic, not confirmed: %s", envelope["Type"])
            return ()
        if envelope.get("Type") == "Notification":
            text = envelope["Message"]
    if text.startswith(_VALIDATION):
        logger.info("SES tried the topic of its events")
        return ()
    told = _object(text)
    kind = told["eventType"] if "eventType" in told else told["notificationType"]
    if not isinstance(kind, str):
        raise TypeError
    if kind == _SUBSCRIBED:
        logger.info("SES tried the topic of its notifications")
        return ()
    return _events(kind, told)


def _object(text: str) -> Told:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise TypeError
    return found


def _events(told_kind: str, told: Told) -> tuple[ProviderEvent, ...]:
    details = told.get(told_kind.lower(), {})
    kind = _bounce(details) if told_kind == "Bounce" else _KINDS.get(told_kind)
    mail = told["mail"]
    reference = _by_tags(mail) or _by_header(mail)
    if kind is None or reference is None:
        return ()
    ref, position = reference
    if position >= MAX_RECIPIENTS:
        return ()
    message_id = mail["messageId"]
    if not 0 < len(message_id) <= _LONGEST_MESSAGE_ID or not message_id.isprintable():
        raise ValueError
    return (
        ProviderEvent(
            kind=kind,
            chunk=ref,
            position=position,
            message_id=message_id,
            at=_time(details.get("timestamp") or mail["timestamp"]),
            addresses=_addresses(mail.get("destination", ())),
        ),
    )


def _bounce(details: Told) -> ProviderEventKind:
    """Permanent, of whatever subtype, says that mails to the address are never delivered.

    `Suppressed` and `OnAccountSuppressionList`, too: SES took the mail and does not try to deliver
    it, because of what it knows. All else may pass: nobody is to be suppressed for it.
    """
    if details["bounceType"] == _PERMANENT:
        return ProviderEventKind.HARD_BOUNCE
    return ProviderEventKind.SOFT_BOUNCE


def _by_tags(mail: Told) -> tuple[ChunkRef, int] | None:
    match mail.get("tags"):
        case {
            "campaign": [str() as campaign],
            "chunk": [str() as chunk],
            "position": [str() as position],
        }:
            numbers = _CHUNK.fullmatch(chunk)
            if NAMED_ID.fullmatch(campaign) and numbers and _POSITION.fullmatch(position):
                ref = ChunkRef(CampaignId(campaign), int(numbers[1]), int(numbers[2]))
                return ref, int(position)
    return None


def _by_header(mail: Told) -> tuple[ChunkRef, int] | None:
    """The header is that of the mail as it was sent: nobody else could put one in."""
    values = [
        header["value"]
        for header in mail.get("headers", ())
        if header["name"].lower() == REFERENCE_HEADER.lower()
    ]
    match values:
        case [str() as value] if found := _REFERENCE.fullmatch(value):
            ref = ChunkRef(CampaignId(found[1]), int(found[2]), int(found[3]))
            return ref, int(found[4])
    return None


def _time(text: str) -> datetime:
    """As SES writes it; some of its times have a space before the offset."""
    moment = datetime.fromisoformat(text.replace(" ", ""))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _addresses(destination: Sequence[object]) -> tuple[str, ...]:
    """Those that the mail was sent to, by SES's own record.

    Not those of the bounce or the complaint itself: whoever received the mail wrote them, and
    might have written somebody else's.
    """
    found = destination[:MAX_RECIPIENTS]
    return tuple(each for each in found if isinstance(each, str) and len(each) <= _LONGEST_ADDRESS)
