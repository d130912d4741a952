"""A request to start a campaign, and who made it."""

from dataclasses import dataclass
from enum import StrEnum

from domain.identifiers import CampaignId


class Trigger(StrEnum):
    """Who asked for a start: one of the two paths, or the queue of what came at once."""

    DIRECT = "direct invoke"
    SCHEDULE = "EventBridge Scheduler"
    QUEUE = "start queue"


class Dispatch(StrEnum):
    """Which way an immediate start went."""

    DIRECT = "direct"
    """start-campaign was invoked for it."""
    QUEUED = "queued"
    """It is on the start queue: more came at once than go the direct way."""


@dataclass(frozen=True)
class StartRequest:
    """What an invocation of start-campaign carries, or a message of the start queue."""

    campaign_id: CampaignId
    trigger: Trigger = Trigger.DIRECT
