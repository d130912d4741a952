"""Series in DynamoDB."""

from dataclasses import replace

from adapters.aws.campaign_writes import added, saved
from adapters.aws.delivery_records import range_to_item
from adapters.aws.keys import series_key
from adapters.aws.listing import page_of
from adapters.aws.series_records import LISTING, item_to_series, series_to_item
from adapters.aws.table import Table, put_new, put_version
from domain.campaign import Campaign
from domain.errors import AlreadyExists, VersionConflict
from domain.fan_out import FanOutRange
from domain.identifiers import SeriesId
from domain.ports.series import SeriesPage
from domain.series import Series


class DynamoDBSeriesRepository:
    """Implements `domain.ports.series.SeriesRepository`."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def add(self, series: Series) -> None:
        """A conditional PutItem."""
        try:
            self._table.put(put_new(series_to_item(series)))
        except VersionConflict as error:
            raise AlreadyExists("series", series.series_id) from error

    def get(self, series_id: SeriesId) -> Series | None:
        """A consistent GetItem."""
        item = self._table.get(series_key(series_id))
        return None if item is None else item_to_series(item)

    def save(self, series: Series, *campaigns: Campaign) -> Series:
        """A conditional PutItem; a transaction with campaigns."""
        stored = replace(series, version=series.version + 1)
        put = put_version(series_to_item(stored), series.version)
        if not campaigns:
            self._table.put(put)
            return stored
        written = [replace(each, version=each.version + 1) for each in campaigns]
        self._table.transact([put, *(each for campaign in written for each in saved(campaign))])
        return stored

    def make(self, series: Series, campaign: Campaign, ranges: tuple[FanOutRange, ...]) -> Series:
        """One transaction."""
        stored = replace(series, version=series.version + 1)
        self._table.transact(
            [
                put_version(series_to_item(stored), series.version),
                *added(campaign),
                *(put_new(range_to_item(each)) for each in ranges),
            ]
        )
        return stored

    def page(self, limit: int, cursor: str | None) -> SeriesPage:
        """From the index `listing`."""
        items, following = page_of(
            self._table,
            index="listing",
            attribute="listing",
            value=LISTING,
            key_of=lambda listing_id: series_key(SeriesId(listing_id)),
            limit=limit,
            cursor=cursor,
            newest_first=True,
        )
        return SeriesPage(tuple(item_to_series(item) for item in items), following)
