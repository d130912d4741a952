"""A request to start a campaign, and who made it."""

from dataclasses import dataclass
from enum import StrEnum

from domain.identifiers import CampaignId


class Trigger(StrEnum):
    """Who asked for a start: one of the two paths."""

    DIRECT = "direct invoke"
    SCHEDULE = "EventBridge Scheduler"


@dataclass(frozen=True)
class StartRequest:
    """What an invocation of start-campaign carries."""

    campaign_id: CampaignId
    trigger: Trigger = Trigger.DIRECT
