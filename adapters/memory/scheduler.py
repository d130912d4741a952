"""Schedules that fire by the clock, in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Lock

from adapters.memory.invoker import MemoryInvoker
from domain.identifiers import CampaignId
from domain.ports.clock import Clock
from domain.schedule import Schedule


class MemoryScheduler:
    """Implements `domain.ports.scheduler.Scheduler`; `tick` fires what is due."""

    def __init__(self, clock: Clock, invoker: MemoryInvoker) -> None:
        """No schedules."""
        self._clock = clock
        self._invoker = invoker
        self._schedules: dict[CampaignId, Schedule] = {}
        self._lock = Lock()

    def put(self, schedule: Schedule) -> None:
        """The highest version stays."""
        fraction = timedelta(microseconds=schedule.at.microsecond)
        rounded = schedule.at - fraction + timedelta(seconds=1 if fraction else 0)
        with self._lock:
            current = self._schedules.get(schedule.campaign_id)
            if current is None or current.version < schedule.version:
                self._schedules[schedule.campaign_id] = replace(schedule, at=rounded)

    def get(self, campaign_id: CampaignId) -> Schedule | None:
        """As put, to the second."""
        return self._schedules.get(campaign_id)

    def delete(self, campaign_id: CampaignId) -> None:
        """Nothing if it is gone."""
        self._schedules.pop(campaign_id, None)

    def tick(self) -> Sequence[CampaignId]:
        """Invoke start for every schedule that is due, then delete it; returns whose they were."""
        now = self._clock.now()
        with self._lock:
            due = [each for each in self._schedules.values() if each.at <= now]
        for schedule in due:
            self._invoker.fire(schedule.campaign_id)
            with self._lock:
                if self._schedules.get(schedule.campaign_id) == schedule:
                    del self._schedules[schedule.campaign_id]
        return [schedule.campaign_id for schedule in due]
