"""List the occurrences of a series: those to come, and what became of the latest."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from domain.campaign import Campaign
from domain.errors import NotFound
from domain.identifiers import SeriesId
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.ports.series import SeriesRepository
from domain.series import Occurrence, Series, SeriesState


@dataclass(frozen=True)
class OccurrenceList:
    """`settled`, newest first, each with its campaign as it is now; `coming`, earliest first."""

    series: Series
    settled: tuple[tuple[Occurrence, Campaign | None], ...]
    coming: tuple[datetime, ...]


@dataclass(frozen=True, kw_only=True)
class ListOccurrences:
    """Nothing is made for it."""

    series: SeriesRepository
    campaigns: CampaignRepository
    clock: Clock

    def __call__(self, series_id: SeriesId, limit: int) -> OccurrenceList:
        """At most `limit` of each. Raises NotFound and DependencyFault."""
        series = self.series.get(series_id)
        if series is None:
            raise NotFound("series", series_id)
        latest = tuple(reversed(series.history[-limit:]))
        settled = tuple(
            (each, None if each.campaign_id is None else self.campaigns.get(each.campaign_id))
            for each in latest
        )
        return OccurrenceList(series, settled, self._coming(series, limit))

    def _coming(self, series: Series, limit: int) -> tuple[datetime, ...]:
        if series.state is SeriesState.ENDED:
            return ()
        most = limit if series.left is None else min(limit, series.left)
        return tuple(islice(series.coming(self.clock.now()), most))
