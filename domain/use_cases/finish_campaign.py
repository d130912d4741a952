"""Call a campaign sent once nothing of it is left to do."""

import logging
from dataclasses import dataclass

from domain.campaign import CampaignState
from domain.errors import DependencyFault, VersionConflict
from domain.identifiers import CampaignId
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.ports.fan_out import FanOutRepository

logger = logging.getLogger(__name__)

_ATTEMPTS = 3
"""Lost races in a row before it is left to the reconciler."""


@dataclass(frozen=True, kw_only=True)
class FinishCampaign:
    """The check once a range is complete or a chunk finished (docs/delivery.md, Send 8)."""

    campaigns: CampaignRepository
    fan_out: FanOutRepository
    clock: Clock

    def __call__(self, campaign_id: CampaignId) -> bool:
        """Whether it is sent now. Idempotent. Raises DependencyFault."""
        for _ in range(_ATTEMPTS):
            # The campaign first: whoever opens a finished chunk again writes the campaign, too.
            campaign = self.campaigns.get(campaign_id)
            if campaign is None or campaign.state is not CampaignState.SENDING:
                return False
            if not self.fan_out.progress(campaign_id).is_finished:
                return False
            try:
                self.campaigns.save(campaign.finish(self.clock.now()))
            except VersionConflict:
                continue
            logger.info("Campaign sent", extra={"campaign_id": campaign_id})
            return True
        return False

    def or_leave(self, campaign_id: CampaignId) -> None:
        """The same, where what came before stands whatever becomes of it: a fault leaves it."""
        try:
            self(campaign_id)
        except DependencyFault:
            logger.exception(
                "Not checked whether it is sent; the reconciler will",
                extra={"campaign_id": campaign_id},
            )
