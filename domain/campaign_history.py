"""What became of a campaign: the changes of its state, numbered."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from domain.identifiers import CampaignId

if TYPE_CHECKING:
    from domain.campaign import CampaignState

MAX_HISTORY = 20
"""So many changes, the latest, stay with a campaign, whose record is written all the time."""


class ChangeKind(StrEnum):
    """Why a campaign is in another state than before."""

    SCHEDULED = "scheduled"
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    """It goes on, or waits for its time again."""
    REOPENED = "reopened"
    """It was sent, and mails somebody of unknown outcome once more."""
    SENT = "sent"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class StateChange:
    """One change; its `number` counts those of its campaign, from 1, whether or not they are kept.

    `reason` says why it is paused or failed. `written_with` is the version of the campaign's
    record that had it first: the write of that version writes the change down to be announced.
    """

    number: int
    kind: ChangeKind
    state: "CampaignState"
    at: datetime
    reason: str | None = None
    written_with: int


@dataclass(frozen=True)
class ChangeRef:
    """Names a change."""

    campaign_id: CampaignId
    number: int
