"""What SES tells of a mail, in the shapes that it documents (Amazon SES Developer Guide)."""

import json
from collections.abc import Mapping
from typing import Any

from domain.message import Message
from domain.provider_event import ProviderEvent, ProviderEventKind
from tests.contracts.examples import CAMPAIGN_ID

Told = dict[str, Any]  # Any: JSON

SENT_AT = "2026-03-02T09:00:00.123Z"
HAPPENED_AT = "2026-03-02T09:00:05.456Z"
TO = "ann@example.com"
TAGS = {"campaign": [CAMPAIGN_ID], "chunk": ["3-14"], "position": ["15"]}
REFERENCE = f"{CAMPAIGN_ID}/3/14/15"
HEADERS = [
    {"name": "From", "value": "Sentinel <news@sentinel.example>"},
    {"name": "To", "value": TO},
    {"name": "X-Sentinel-Ref", "value": REFERENCE},
]

DETAILS: Mapping[str, Told] = {
    "Send": {},
    "Delivery": {
        "timestamp": HAPPENED_AT,
        "processingTimeMillis": 5333,
        "recipients": [TO],
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "a1.smtp-out.example",
    },
    "Bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "NoEmail",
        "bouncedRecipients": [
            {"emailAddress": TO, "action": "failed", "status": "5.1.1", "diagnosticCode": "550"}
        ],
        "timestamp": HAPPENED_AT,
        "feedbackId": "0100-feedback",
        "reportingMTA": "dsn; mx.example.com",
    },
    "Complaint": {
        "complainedRecipients": [{"emailAddress": TO}],
        "timestamp": HAPPENED_AT,
        "feedbackId": "0100-feedback",
        "complaintSubType": None,
        "complaintFeedbackType": "abuse",
        "arrivalDate": HAPPENED_AT,
    },
    "Reject": {"reason": "Bad content"},
    "Rendering Failure": {
        "templateName": "t",
        "errorMessage": "Attribute 'name' is not present in the rendering data.",
    },
    "DeliveryDelay": {
        "delayType": "TransientCommunicationFailure",
        "expirationTime": HAPPENED_AT,
        "delayedRecipients": [{"emailAddress": TO, "status": "4.4.1", "diagnosticCode": "421"}],
        "timestamp": HAPPENED_AT,
    },
    "Open": {"ipAddress": "192.0.2.1", "timestamp": HAPPENED_AT, "userAgent": "Mozilla/5.0"},
    "Click": {"ipAddress": "192.0.2.1", "timestamp": HAPPENED_AT, "link": "https://example.com"},
    "Subscription": {
        "contactList": "news",
        "timestamp": HAPPENED_AT,
        "source": "UnsubscribeHeader",
    },
}
"""What an event of each type says beside the mail."""

_KEYS = {"Rendering Failure": "failure", "DeliveryDelay": "deliveryDelay"}


def mail(**fields: object) -> Told:
    """The mail that an event is about; a field that is None is left out."""
    whole = {
        "timestamp": SENT_AT,
        "source": "Sentinel <news@sentinel.example>",
        "sourceArn": "arn:aws:ses:eu-central-1:111122223333:identity/sentinel.example",
        "sendingAccountId": "111122223333",
        "messageId": "0100-mail",
        "destination": [TO],
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


def published(kind: str, **changes: object) -> Told:
    """As a configuration set publishes it, with tags."""
    about = mail(
        tags={"ses:configuration-set": ["sentinel"], "ses:from-domain": ["x.example"], **TAGS},
        headersTruncated=False,
        headers=HEADERS[:2],
    )
    details = {**DETAILS[kind], **changes}
    return {"eventType": kind, "mail": about, _key(kind): details}


def notified(kind: str, **changes: object) -> Told:
    """As an identity notifies of it, with the original headers."""
    about = mail(headersTruncated=False, headers=HEADERS)
    return {"notificationType": kind, "mail": about, _key(kind): {**DETAILS[kind], **changes}}


def enveloped(message: str) -> str:
    """As SNS delivers it where raw delivery is not switched on."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": "arn:aws:sns:eu-central-1:111122223333:sentinel-provider-events",
            "Subject": "Amazon SES Email Event Notification",
            "Message": message,
            "Timestamp": HAPPENED_AT,
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
            "SigningCertURL": "https://sns.example/cert.pem",
            "UnsubscribeURL": "https://sns.example/?Action=Unsubscribe",
        }
    )


def told_of(event: ProviderEvent) -> Told:
    """The message that makes this event."""
    kinds = {
        ProviderEventKind.SEND: ("Send", {}),
        ProviderEventKind.DELIVERY: ("Delivery", {}),
        ProviderEventKind.HARD_BOUNCE: ("Bounce", {}),
        ProviderEventKind.SOFT_BOUNCE: ("Bounce", {"bounceType": "Transient"}),
        ProviderEventKind.COMPLAINT: ("Complaint", {}),
        ProviderEventKind.REJECT: ("Reject", {}),
    }
    kind, changes = kinds[event.kind]
    told = published(kind, **changes, timestamp=event.at.isoformat())
    message = Message(event.chunk, event.position, TO, "", "", "")
    told["mail"] = mail(
        messageId=event.message_id,
        destination=list(event.addresses),
        headers=[{"name": "X-Sentinel-Ref", "value": message.reference}],
    )
    return told


def _key(kind: str) -> str:
    return _KEYS.get(kind, kind.lower())
