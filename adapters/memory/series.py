"""Series in memory."""

from dataclasses import replace

from adapters.memory.database import MemoryDatabase
from adapters.memory.paging import page_of
from domain.campaign import Campaign
from domain.errors import AlreadyExists, VersionConflict
from domain.fan_out import FanOutRange
from domain.identifiers import SeriesId
from domain.ports.series import SeriesPage
from domain.series import Series


class MemorySeriesRepository:
    """Implements `domain.ports.series.SeriesRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, series: Series) -> None:
        """New ones only."""
        with self._database.lock:
            if series.series_id in self._database.series:
                raise AlreadyExists("series", series.series_id)
            self._database.series[series.series_id] = series

    def get(self, series_id: SeriesId) -> Series | None:
        """As last written."""
        return self._database.series.get(series_id)

    def save(self, series: Series, *campaigns: Campaign) -> Series:
        """By version."""
        with self._database.lock:
            self._check(series)
            for campaign in campaigns:
                self._database.check_campaign(campaign)
            for campaign in campaigns:
                self._database.put_campaign(replace(campaign, version=campaign.version + 1))
            return self._put(series)

    def make(self, series: Series, campaign: Campaign, ranges: tuple[FanOutRange, ...]) -> Series:
        """By version."""
        with self._database.lock:
            self._check(series)
            if campaign.campaign_id in self._database.campaigns:
                raise VersionConflict(f"campaign {campaign.campaign_id}")
            self._database.put_campaign(campaign)
            self._database.ranges[campaign.campaign_id] = {each.number: each for each in ranges}
            return self._put(series)

    def page(self, limit: int, cursor: str | None) -> SeriesPage:
        """Newest first: ids sort by time."""
        with self._database.lock:
            keys, following = page_of(self._database.series, limit, cursor, newest_first=True)
            return SeriesPage(tuple(self._database.series[key] for key in keys), following)

    def _check(self, series: Series) -> None:
        stored = self._database.series.get(series.series_id)
        if stored is None or stored.version != series.version:
            raise VersionConflict(f"series {series.series_id}")

    def _put(self, series: Series) -> Series:
        saved = replace(series, version=series.version + 1)
        self._database.series[series.series_id] = saved
        return saved
