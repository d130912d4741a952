"""Hold a campaign: nobody else is mailed until it is resumed."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.campaign import Campaign, CampaignState, PauseReason
from domain.errors import VersionConflict
from domain.identifiers import CampaignId
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.ports.scheduler import Scheduler
from domain.use_cases.campaign_change import change_campaign, without_schedule

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PauseCampaign:
    """It takes hold within one micro-batch of each worker (docs/delivery.md, Send)."""

    campaigns: CampaignRepository
    scheduler: Scheduler
    clock: Clock

    def __call__(
        self,
        campaign_id: CampaignId,
        *,
        revisions: Collection[int] | None = None,
        tried_at: datetime | None = None,
    ) -> Campaign:
        """Only one of `revisions`, if given.

        `tried_at` is when the same was tried, with nobody knows what effect: a campaign that an
        operator has paused is answered as it is, and one that went on since then is not paused
        again, but VersionConflict. Raises NotFound, StaleRevision, IllegalTransition,
        VersionConflict and DependencyFault.
        """
        if tried_at is not None:
            campaign = self.campaigns.get(campaign_id)
            if campaign is not None and campaign.pause_reason is PauseReason.OPERATOR:
                return campaign
            if campaign is not None and campaign.went_on_since(tried_at):
                raise VersionConflict("It may have been paused and resumed since.")
        before, paused = change_campaign(
            self.campaigns,
            campaign_id,
            lambda campaign: campaign.pause(self.clock.now(), PauseReason.OPERATOR).edited(),
            revisions,
        )
        logger.info("Paused by an operator", extra={"campaign_id": campaign_id})
        if before.state is CampaignState.SCHEDULED:
            without_schedule(self.scheduler, campaign_id)
        return paused
