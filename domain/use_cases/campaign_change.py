"""What pausing, resuming and cancelling share: a change of a campaign that delivery writes, too."""

import logging
from collections.abc import Callable

from domain.campaign import Campaign
from domain.errors import DependencyFault, NotFound, VersionConflict
from domain.identifiers import CampaignId
from domain.ports.campaigns import CampaignRepository
from domain.ports.scheduler import Scheduler

logger = logging.getLogger(__name__)

_ATTEMPTS = 5
"""Races lost to delivery, which moves the record's version; people asked for this all the same."""


def change_campaign(
    campaigns: CampaignRepository,
    campaign_id: CampaignId,
    change: Callable[[Campaign], Campaign],
) -> tuple[Campaign, Campaign]:
    """The campaign before and after `change`, as stored.

    Raises NotFound, what `change` raises, VersionConflict and DependencyFault.
    """
    for _ in range(_ATTEMPTS):
        campaign = campaigns.get(campaign_id)
        if campaign is None:
            raise NotFound("campaign", campaign_id)
        try:
            return campaign, campaigns.save(change(campaign))
        except VersionConflict:
            continue
    raise VersionConflict("The campaign kept changing.")


def without_schedule(scheduler: Scheduler, campaign_id: CampaignId) -> None:
    """Remove its schedule; one that stays fires into nothing."""
    try:
        scheduler.delete(campaign_id)
    except DependencyFault as fault:
        logger.warning(
            "The schedule stays, and fires into nothing: %s",
            fault,
            extra={"campaign_id": campaign_id},
        )
