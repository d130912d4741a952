"""Let a paused campaign go on."""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from domain.campaign import Campaign, CampaignEvent, CampaignState, PauseReason
from domain.delivery_policy import DeliveryPolicy
from domain.errors import DependencyFault, IllegalTransition, NotFound, VersionConflict
from domain.identifiers import CampaignId
from domain.path_policy import ExecutionPath, choose_path
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.ports.fan_out import FanOutRepository
from domain.ports.scheduler import Scheduler
from domain.schedule import Schedule
from domain.start import Dispatch
from domain.use_cases.campaign_change import check_revision
from domain.use_cases.dispatch_start import DispatchStart

logger = logging.getLogger(__name__)

_ATTEMPTS = 5
"""Races lost to a start that had not seen the pause yet, or to another change."""


@dataclass(frozen=True)
class Resumed:
    """The campaign as stored, and whether its start or its schedule could be arranged.

    With a `trigger_error` it is resumed all the same: the reconciler goes on. `start` is the way
    that its start went.
    """

    campaign: Campaign
    trigger_error: str | None
    start: Dispatch | None = None


@dataclass(frozen=True, kw_only=True)
class ResumeCampaign:
    """The path is decided again: what is past due by now goes on at once."""

    campaigns: CampaignRepository
    fan_out: FanOutRepository
    dispatch: DispatchStart
    scheduler: Scheduler
    clock: Clock
    policy: DeliveryPolicy

    def __call__(  # noqa: PLR0913  what a resumption may be bound to
        self,
        campaign_id: CampaignId,
        *,
        only: PauseReason | None = None,
        approve: Callable[[Campaign], Campaign] | None = None,
        revisions: Collection[int] | None = None,
        tried_at: datetime | None = None,
        key_id: str | None = None,
    ) -> Resumed:
        """With `only`, out of a pause for that reason and no other: that is nobody's edit.

        `approve` is done to it in the same write.
        Only one of `revisions`, if given. `tried_at` is when the same was tried, with nobody knows
        what effect: a campaign that went on since then is answered as it is, and triggered again;
        one that was paused after that is not resumed again, but VersionConflict. `key_id` is of
        the API key of whoever asks.
        Raises NotFound, StaleRevision, IllegalTransition, VersionConflict and DependencyFault.
        """
        for _ in range(_ATTEMPTS):
            campaign = self.campaigns.get(campaign_id)
            if campaign is None:
                raise NotFound("campaign", campaign_id)
            if tried_at is not None and campaign.went_on_since(tried_at):
                if campaign.state is CampaignState.PAUSED:
                    raise VersionConflict("It was resumed, and paused again since.")
                return self._triggered(campaign, key_id)
            check_revision(campaign, revisions)
            campaign = campaign if approve is None else approve(campaign)
            _check_paused(campaign, only)
            try:
                resumed = self._resume(campaign if only else campaign.edited())
            except VersionConflict:
                # Of the campaign or its ranges: what was put on the queue for an earlier pause
                # may be gone from it, so all of it is done again.
                continue
            return self._triggered(resumed, key_id)
        raise VersionConflict("The campaign kept changing.")

    def _resume(self, campaign: Campaign) -> Campaign:
        """As stored."""
        # First, for it changes nothing while the campaign is paused: workers left its chunks.
        self._enqueue_again(campaign.campaign_id)
        now = self.clock.now()
        check_at = now + self.policy.check_interval
        waits = (
            campaign.started_at is None
            and choose_path(campaign.schedule_at, now) is ExecutionPath.SCHEDULED
        )
        resumed = campaign.wait_again(now, check_at) if waits else campaign.resume(now, check_at)
        return self.campaigns.save(resumed)

    def _enqueue_again(self, campaign_id: CampaignId) -> None:
        """Fan-out puts every chunk on the queue once more: there is one way to enqueue."""
        for each in self.fan_out.progress(campaign_id).ranges:
            if each.enqueue_again() != each:
                self.fan_out.save(each.enqueue_again())

    def _triggered(self, campaign: Campaign, key_id: str | None) -> Resumed:
        try:
            way = self._trigger(campaign, key_id)
        except DependencyFault as fault:
            logger.exception(
                "Campaign resumed, but not triggered; the reconciler goes on",
                extra={"campaign_id": campaign.campaign_id},
            )
            return Resumed(campaign, str(fault))
        return Resumed(campaign, None, way)

    def _trigger(self, campaign: Campaign, key_id: str | None) -> Dispatch | None:
        names = {"campaign_id": campaign.campaign_id}
        if campaign.state is CampaignState.SENDING:
            way = self.dispatch(campaign.campaign_id, self.dispatch.choose(key_id))
            logger.info("⚡ Immediate execution, resumed", extra={**names, "start": way})
            return way
        if campaign.state is not CampaignState.SCHEDULED:
            return None
        self.scheduler.put(
            Schedule(campaign.campaign_id, campaign.schedule_version, campaign.schedule_at)
        )
        logger.info("📅 Scheduled execution, resumed", extra=names)
        return None


def _check_paused(campaign: Campaign, only: PauseReason | None) -> None:
    if campaign.state is not CampaignState.PAUSED or only not in {None, campaign.pause_reason}:
        raise IllegalTransition("campaign", campaign.state, CampaignEvent.RESUME)
