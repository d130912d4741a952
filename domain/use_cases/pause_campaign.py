"""Hold a campaign: nobody else is mailed until it is resumed."""

import logging
from dataclasses import dataclass

from domain.campaign import Campaign, CampaignState, PauseReason
from domain.identifiers import CampaignId
from domain.ports.campaigns import CampaignRepository
from domain.ports.scheduler import Scheduler
from domain.use_cases.campaign_change import change_campaign, without_schedule

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PauseCampaign:
    """It takes hold within one micro-batch of each worker (docs/delivery.md, Send)."""

    campaigns: CampaignRepository
    scheduler: Scheduler

    def __call__(self, campaign_id: CampaignId) -> Campaign:
        """Raises NotFound, IllegalTransition, VersionConflict and DependencyFault."""
        before, paused = change_campaign(
            self.campaigns, campaign_id, lambda campaign: campaign.pause(PauseReason.OPERATOR)
        )
        logger.info("Paused by an operator", extra={"campaign_id": campaign_id})
        if before.state is CampaignState.SCHEDULED:
            without_schedule(self.scheduler, campaign_id)
        return paused
