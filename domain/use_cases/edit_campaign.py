"""Edit a campaign: give it another name, time or priority, or several of them."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.campaign import Campaign, CampaignState
from domain.delivery_policy import DeliveryPolicy
from domain.errors import DependencyFault
from domain.identifiers import CampaignId
from domain.names import checked_name
from domain.path_policy import Timing, decide_timing
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.ports.scheduler import Scheduler
from domain.priority import Priority
from domain.schedule import Schedule
from domain.start import Dispatch
from domain.use_cases.campaign_change import change_campaign, without_schedule
from domain.use_cases.dispatch_start import DispatchStart

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class NewTime:
    """A time as written; without `schedule_at` it is now.

    Whether it is where the recipients live stays as it is where `local_time` is None, and with it
    the `timezone` of those of whom nobody knows where.
    """

    schedule_at: str | None = None
    timezone: str | None = None
    fold: int | None = None
    local_time: bool | None = None

    def decide(self, campaign: Campaign, now: datetime, horizon: timedelta) -> Timing:
        """Raises InvalidInput."""
        known = campaign.local_time if self.schedule_at is not None else None
        is_local = known is not None if self.local_time is None else self.local_time
        timezone = self.timezone
        if is_local and timezone is None and known is not None:
            timezone = known.time_zone
        return decide_timing(
            self.schedule_at,
            now,
            timezone=timezone,
            fold=self.fold,
            local_time=is_local,
            horizon=horizon,
        )


@dataclass(frozen=True, kw_only=True)
class CampaignEdit:
    """What people change; None stays as it is."""

    name: str | None = None
    priority: Priority | None = None
    new_time: NewTime | None = None


@dataclass(frozen=True)
class Edited:
    """The campaign as stored; if it has another time, whether that could be arranged.

    With a `trigger_error` it has the time all the same: the reconciler goes on. `start` is the way
    that its start went.
    """

    campaign: Campaign
    is_moved: bool
    trigger_error: str | None
    start: Dispatch | None = None

    @property
    def goes_out(self) -> bool:
        """Whether it was moved to now."""
        return self.is_moved and self.campaign.state is CampaignState.SENDING


@dataclass(frozen=True, kw_only=True)
class EditCampaign:
    """With another time the path is decided again (docs/delivery.md, Another time)."""

    campaigns: CampaignRepository
    dispatch: DispatchStart
    scheduler: Scheduler
    clock: Clock
    policy: DeliveryPolicy
    horizon: timedelta

    def __call__(
        self,
        campaign_id: CampaignId,
        edit: CampaignEdit,
        *,
        revisions: Collection[int] | None = None,
        key_id: str | None = None,
    ) -> Edited:
        """All of `edit` or nothing; only one of `revisions`, if given.

        `key_id` is of the API key of whoever asks.

        Raises InvalidInput, NotFound, StaleRevision, IllegalTransition, VersionConflict and
        DependencyFault.
        """
        before, edited = change_campaign(
            self.campaigns, campaign_id, lambda campaign: self._edit(campaign, edit), revisions
        )
        logger.info("Edited", extra={"campaign_id": campaign_id})
        if edit.new_time is None:
            return Edited(edited, is_moved=False, trigger_error=None)
        try:
            way = self._trigger(edited, key_id)
            if before.state is CampaignState.SCHEDULED and edited.state is CampaignState.PAUSED:
                # It awaits approval again.
                without_schedule(self.scheduler, campaign_id)
        except DependencyFault as fault:
            logger.exception(
                "Campaign moved, but not triggered; the reconciler goes on",
                extra={"campaign_id": campaign_id, "path": edited.execution_path},
            )
            return Edited(edited, is_moved=True, trigger_error=str(fault))
        return Edited(edited, is_moved=True, trigger_error=None, start=way)

    def _edit(self, campaign: Campaign, edit: CampaignEdit) -> Campaign:
        campaign = campaign.edited()
        if edit.name is not None:
            campaign = campaign.rename(checked_name(edit.name))
        if edit.priority is not None:
            campaign = campaign.prioritize(edit.priority)
        if edit.new_time is None:
            return campaign
        now = self.clock.now()
        timing = edit.new_time.decide(campaign, now, self.horizon)
        return campaign.reschedule(timing, now, now + self.policy.check_interval)

    def _trigger(self, campaign: Campaign, key_id: str | None) -> Dispatch | None:
        """What the state that it is in now asks for; paused, nothing: resuming it does that."""
        names = {"campaign_id": campaign.campaign_id}
        if campaign.state is CampaignState.SENDING:
            try:
                way = self.dispatch(campaign.campaign_id, self.dispatch.choose(key_id))
            finally:
                without_schedule(self.scheduler, campaign.campaign_id)
            logger.info("⚡ Immediate execution, moved", extra={**names, "start": way})
            return way
        if campaign.state is CampaignState.SCHEDULED:
            self.scheduler.put(
                Schedule(campaign.campaign_id, campaign.schedule_version, campaign.schedule_at)
            )
            logger.info("📅 Scheduled execution, moved", extra=names)
        return None
