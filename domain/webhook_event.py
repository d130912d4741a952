"""What webhooks tell (Standard Webhooks, "Payload"): events, their ids and their bodies."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from domain.campaign_history import ChangeKind, StateChange
from domain.identifiers import CampaignId, ContactId, WebhookEventId

if TYPE_CHECKING:
    from domain.campaign import Campaign
    from domain.fan_out import DeliveryProgress

_ID_DIGITS = 32


class WebhookEvent(StrEnum):
    """The type of an event; those of a campaign are named as the changes of its state."""

    CAMPAIGN_SCHEDULED = "campaign.scheduled"
    CAMPAIGN_STARTED = "campaign.started"
    CAMPAIGN_PAUSED = "campaign.paused"
    CAMPAIGN_RESUMED = "campaign.resumed"
    CAMPAIGN_REOPENED = "campaign.reopened"
    CAMPAIGN_SENT = "campaign.sent"
    CAMPAIGN_CANCELLED = "campaign.cancelled"
    CAMPAIGN_EXPIRED = "campaign.expired"
    CAMPAIGN_FAILED = "campaign.failed"
    RECIPIENT_BOUNCED = "recipient.bounced"
    RECIPIENT_COMPLAINED = "recipient.complained"
    TEST = "webhook.test"


@dataclass(frozen=True)
class Occurrence:
    """An event that happened, as every endpoint is told of it."""

    event_id: WebhookEventId
    event: WebhookEvent
    at: datetime
    body: str


CAMPAIGN_EVENTS = tuple(each for each in WebhookEvent if each.startswith("campaign."))
RECIPIENT_EVENTS = (WebhookEvent.RECIPIENT_BOUNCED, WebhookEvent.RECIPIENT_COMPLAINED)


def event_of(change: StateChange) -> WebhookEvent:
    """What a change is told as."""
    return WebhookEvent(f"campaign.{change.kind}")


def event_id_of(*parts: str | int) -> WebhookEventId:
    """The id of what `parts` name: the same whenever and by whomever it is made."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()
    return WebhookEventId(f"evt_{digest[:_ID_DIGITS]}")


def occurrence_of(
    event_id: WebhookEventId, event: WebhookEvent, at: datetime, data: Mapping[str, object]
) -> Occurrence:
    """With its body as it is signed and sent, at each attempt the same."""
    document = {"type": event.value, "timestamp": _text(at), "data": data}
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Occurrence(event_id, event, at, body)


def campaign_data(
    campaign: "Campaign", change: StateChange, progress: "DeliveryProgress | None"
) -> Mapping[str, object]:
    """What is told of a change; of one that is sent with its counts, the unknown among them."""
    data: dict[str, object] = {
        "campaign_id": campaign.campaign_id,
        "name": campaign.name,
        "number": change.number,
        "state": change.state.value,
        "reason": change.reason,
        "schedule_at": _text(campaign.schedule_at),
    }
    if progress is not None and change.kind is ChangeKind.SENT:
        tally = progress.tally
        data["counts"] = {
            "recipients": progress.recipients,
            "sent": tally.sent,
            "failed": tally.failed,
            "unknown": tally.unknown,
            "suppressed": tally.suppressed,
            "skipped": tally.skipped,
        }
    return data


def recipient_data(campaign_id: CampaignId, contact_id: ContactId) -> Mapping[str, object]:
    """Who it is by id: an address is told to nobody who has no scope for it."""
    return {"campaign_id": campaign_id, "contact_id": contact_id}


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
