"""A one-time schedule that starts a campaign and deletes itself."""

from dataclasses import dataclass
from datetime import datetime

from domain.identifiers import CampaignId


@dataclass(frozen=True)
class Schedule:
    """Start `campaign_id` at `at` (UTC). `version` counts the campaign's schedules."""

    campaign_id: CampaignId
    version: int
    at: datetime
