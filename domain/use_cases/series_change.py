"""What all changes that people make of a series share."""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from domain.campaign import Campaign, CampaignState, PauseReason
from domain.errors import DependencyFault, NotFound, StaleRevision, VersionConflict
from domain.identifiers import SeriesId
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.ports.metrics import Metrics
from domain.ports.scheduler import Scheduler
from domain.ports.series import SeriesRepository
from domain.series import Series
from domain.use_cases.campaign_change import without_schedule
from domain.use_cases.make_occurrences import MakeOccurrences, report_missed

logger = logging.getLogger(__name__)

_ATTEMPTS = 5
"""Races lost to whoever makes its campaigns; people asked for this all the same."""


@dataclass(frozen=True, kw_only=True)
class SeriesChange:
    """One write: the series, and what becomes of its campaigns that wait for their time.

    Those as they were made are cancelled: what is wanted instead is made anew. What people have
    changed is theirs; it is paused where the series is to hold.
    """

    series: SeriesRepository
    campaigns: CampaignRepository
    scheduler: Scheduler
    clock: Clock
    metrics: Metrics
    make: MakeOccurrences

    def __call__(
        self,
        series_id: SeriesId,
        change: Callable[[Series, datetime], Series],
        *,
        revisions: Collection[int] | None,
        holds: bool,
    ) -> Series:
        """The series as it is then, its next campaign made if that can be done now.

        Only one of `revisions`, if given. Raises NotFound, StaleRevision, what `change` raises,
        VersionConflict and DependencyFault.
        """
        before, stored, written = self._changed(series_id, change, revisions, holds=holds)
        report_missed(self.metrics, before, stored)
        for campaign in written:
            without_schedule(self.scheduler, campaign.campaign_id)
        return make_or_leave(self.make, self.series, stored)

    def _changed(
        self,
        series_id: SeriesId,
        change: Callable[[Series, datetime], Series],
        revisions: Collection[int] | None,
        *,
        holds: bool,
    ) -> tuple[Series, Series, list[Campaign]]:
        for _ in range(_ATTEMPTS):
            series = self.series.get(series_id)
            if series is None:
                raise NotFound("series", series_id)
            if revisions is not None and series.revision not in revisions:
                raise StaleRevision("series", series.revision)
            now = self.clock.now()
            changed = change(series, now)
            waiting = self._waiting(series, now)
            cancelled = [each.cancel(now) for each in waiting if each.waits_untouched]
            changed = changed.without(tuple(each.campaign_id for each in cancelled), now)
            paused = [
                each.pause(now, PauseReason.OPERATOR).edited()
                for each in waiting
                if holds and not each.waits_untouched
            ]
            try:
                stored = self.series.save(changed, *cancelled, *paused)
            except VersionConflict:
                continue
            return series, stored, [*cancelled, *paused]
        raise VersionConflict("The series kept changing.")

    def _waiting(self, series: Series, now: datetime) -> list[Campaign]:
        """Its campaigns of occurrences to come that no start has claimed, and that are not held."""
        found = (
            self.campaigns.get(each.campaign_id)
            for each in series.history
            if each.campaign_id is not None and each.at > now
        )
        return [
            each
            for each in found
            if each is not None and (each.state is CampaignState.SCHEDULED or each.waits_untouched)
        ]


def make_or_leave(make: MakeOccurrences, repository: SeriesRepository, series: Series) -> Series:
    """Its next campaign is made now, or by the reconciler; the series as it is then."""
    try:
        make(series.series_id)
        return repository.get(series.series_id) or series
    except (DependencyFault, VersionConflict) as error:
        logger.warning("Left to the reconciler: %s", error, extra={"series_id": series.series_id})
        return series
