"""Cancel a campaign: who has no mail yet gets none."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.campaign import Campaign, CampaignState
from domain.identifiers import CampaignId
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.ports.scheduler import Scheduler
from domain.use_cases.campaign_change import change_campaign, without_schedule

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CancelCampaign:
    """Workers and the reconciler then skip whoever is pending (docs/delivery.md, Send)."""

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

        `tried_at` is when the same was tried, with nobody knows what effect: a campaign that is
        cancelled by now is answered as it is. Raises NotFound, StaleRevision, IllegalTransition,
        VersionConflict and DependencyFault.
        """
        if tried_at is not None:
            campaign = self.campaigns.get(campaign_id)
            if campaign is not None and campaign.state is CampaignState.CANCELLED:
                return campaign
        before, cancelled = change_campaign(
            self.campaigns,
            campaign_id,
            lambda campaign: campaign.cancel(self.clock.now()).edited(),
            revisions,
        )
        logger.info("Cancelled", extra={"campaign_id": campaign_id})
        if before.state is CampaignState.SCHEDULED:
            without_schedule(self.scheduler, campaign_id)
        return cancelled
