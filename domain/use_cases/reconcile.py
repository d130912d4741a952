"""Look after everything that was left undone."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.campaign import Campaign, CampaignState
from domain.chunk import ChunkRef
from domain.delivery_policy import DeliveryPolicy
from domain.errors import DependencyRefused, VersionConflict
from domain.identifiers import CampaignId
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.fan_out import FanOutRepository
from domain.ports.invoker import Invoker
from domain.ports.open_work import OpenWork
from domain.ports.queue import SendQueue
from domain.ports.scheduler import Scheduler
from domain.schedule import Schedule
from domain.use_cases.finish_campaign import FinishCampaign

logger = logging.getLogger(__name__)

_SENT_TO_WORKERS = frozenset({CampaignState.SENDING, CampaignState.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """Does nothing that the other steps would not do themselves (docs/delivery.md, Reconcile)."""

    campaigns: CampaignRepository
    chunks: ChunkRepository
    fan_out: FanOutRepository
    open_work: OpenWork
    scheduler: Scheduler
    invoker: Invoker
    queue: SendQueue
    clock: Clock
    policy: DeliveryPolicy
    finish: FinishCampaign

    def __call__(self, limit: int = 500, time_left: timedelta | None = None) -> int:
        """Look at all that is due, `limit` at a time; returns how many it looked at.

        Campaigns come first: a backlog of chunks does not keep one from starting. What fails does
        not keep the others waiting: it stays due. With `time_left` nothing is begun after that
        has passed. Raises DependencyFault when the index itself cannot be read.
        """
        now = self.clock.now()
        deadline = None if time_left is None else self.clock.monotonic() + time_left
        looked_at: set[CampaignId | ChunkRef] = set()
        while True:
            reach = limit + len(looked_at)
            due = (
                *self.open_work.due_campaigns(now, reach),
                *self.open_work.due(now, reach),
            )
            work = [each for each in dict.fromkeys(due) if each not in looked_at]
            if not work:
                return len(looked_at)
            for each in work:
                if deadline is not None and self.clock.monotonic() >= deadline:
                    return len(looked_at)
                looked_at.add(each)
                self._look_after(each)

    def _look_after(self, work: CampaignId | ChunkRef) -> None:
        try:
            if isinstance(work, ChunkRef):
                self._chunk(work)
            else:
                self._campaign(work)
        except VersionConflict:
            # Somebody is at work on it; it is looked at again when it is due again.
            return
        except Exception:
            # A fault, or a record that cannot be read: the others are looked after all the same.
            logger.exception("Could not be looked after yet", extra={"work": str(work)})

    def _campaign(self, campaign_id: CampaignId) -> None:
        campaign = self.campaigns.get(campaign_id)
        if campaign is None or campaign.next_check_at is None:
            return
        now = self.clock.now()
        if campaign.next_check_at > now:
            return
        if campaign.state is CampaignState.SCHEDULED and not campaign.is_due(now):
            self.scheduler.put(
                Schedule(campaign_id, campaign.schedule_version, campaign.schedule_at)
            )
            self.campaigns.save(campaign.check_again(campaign.schedule_at))
            return
        # Written first: two reconcilers do not both act, and a failing one tries again in time.
        campaign = self.campaigns.save(campaign.check_again(now + self.policy.check_interval))
        if self._needs_start(campaign, now):
            self.invoker.start(campaign_id)
        elif campaign.state is CampaignState.SENDING:
            self.finish(campaign_id)

    def _needs_start(self, campaign: Campaign, now: datetime) -> bool:
        if campaign.awaits_first_start:
            return True
        if campaign.state is not CampaignState.SENDING:
            return False
        return any(
            each.has_work_left and not each.is_held(now)
            for each in self.fan_out.progress(campaign.campaign_id).ranges
        )

    def _chunk(self, ref: ChunkRef) -> None:
        loaded = self.chunks.load(ref)
        if loaded is None:
            logger.error("A chunk in the index is gone", extra={"work": str(ref)})
            return
        campaign, chunk = loaded
        now = self.clock.now()
        if chunk.is_finished or chunk.next_check_at is None or chunk.next_check_at > now:
            return
        if chunk.lease is not None and chunk.is_held(now):
            later = chunk.lease.until + self.policy.chunk_check_interval
            self.chunks.save(chunk.check_not_before(later), chunk)
            return
        interval = self.policy.chunk_check_interval
        if campaign.state not in _SENT_TO_WORKERS:
            # Paused: not enqueued, so the next look must not be put off further and further.
            self.chunks.save(chunk.check_not_before(now + interval), chunk)
            return
        self.chunks.save(chunk.check_later(now, interval), chunk)
        if self.queue.enqueue([ref]):
            raise DependencyRefused("The send queue did not take the chunk.")
        logger.info(
            "Abandoned chunk enqueued again",
            extra={
                "campaign_id": ref.campaign_id,
                "range": ref.range_number,
                "chunk": ref.number,
            },
        )
