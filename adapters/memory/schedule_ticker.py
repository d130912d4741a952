"""Fires due schedules in the process, for emulators that store schedules but cannot call it."""

from collections.abc import Sequence

from adapters.memory.invoker import MemoryInvoker
from domain.campaign import CampaignState
from domain.identifiers import CampaignId
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.ports.open_work import OpenWork
from domain.ports.scheduler import Scheduler

_AT_ONCE = 100


class ScheduleTicker:
    """Works by the index of open work, as the reconciler does: a double fire is everyday."""

    def __init__(
        self,
        *,
        open_work: OpenWork,
        campaigns: CampaignRepository,
        scheduler: Scheduler,
        invoker: MemoryInvoker,
        clock: Clock,
    ) -> None:
        """Fires through `invoker` what `campaigns` says is due."""
        self._open_work = open_work
        self._campaigns = campaigns
        self._scheduler = scheduler
        self._invoker = invoker
        self._clock = clock

    def tick(self) -> Sequence[CampaignId]:
        """Invoke start for every scheduled campaign that is due, and delete its schedule."""
        now = self._clock.now()
        fired: list[CampaignId] = []
        for work in self._open_work.due_campaigns(now, _AT_ONCE):
            campaign = self._campaigns.get(work)
            if (
                campaign is not None
                and campaign.state is CampaignState.SCHEDULED
                and campaign.is_due(now)
            ):
                self._invoker.fire(work)
                self._scheduler.delete(work)
                fired.append(work)
        return fired
