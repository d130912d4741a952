"""Read one campaign, with live counts."""

from dataclasses import dataclass

from domain.campaign import Campaign
from domain.errors import NotFound
from domain.fan_out import DeliveryProgress
from domain.identifiers import CampaignId
from domain.ports.campaigns import CampaignRepository
from domain.ports.fan_out import FanOutRepository


@dataclass(frozen=True, kw_only=True)
class ReadCampaign:
    """The campaign and how far it is."""

    campaigns: CampaignRepository
    fan_out: FanOutRepository

    def __call__(self, campaign_id: CampaignId) -> tuple[Campaign, DeliveryProgress]:
        """Raises NotFound, DependencyFault."""
        # The campaign first: one that reads as sent is then shown with its final counts.
        campaign = self.campaigns.get(campaign_id)
        if campaign is None:
            raise NotFound("campaign", campaign_id)
        return campaign, self.fan_out.progress(campaign_id)
