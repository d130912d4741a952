"""What all changes that people make share: a change of a campaign that delivery writes, too."""

import logging
from collections.abc import Callable, Collection

from domain.campaign import Campaign
from domain.errors import DependencyFault, NotFound, StaleRevision, VersionConflict
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
    revisions: Collection[int] | None = None,
) -> tuple[Campaign, Campaign]:
    """The campaign before and after `change`, as stored.

    `revisions` are those that the caller means to change, None any. Raises NotFound,
    StaleRevision, what `change` raises, VersionConflict and DependencyFault.
    """
    for _ in range(_ATTEMPTS):
        campaign = campaigns.get(campaign_id)
        if campaign is None:
            raise NotFound("campaign", campaign_id)
        check_revision(campaign, revisions)
        try:
            return campaign, campaigns.save(change(campaign))
        except VersionConflict:
            continue
    raise VersionConflict("The campaign kept changing.")


def check_revision(campaign: Campaign, revisions: Collection[int] | None) -> None:
    """Raises StaleRevision where it is none of `revisions`; None are all."""
    if revisions is not None and campaign.revision not in revisions:
        raise StaleRevision("campaign", campaign.revision)


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
