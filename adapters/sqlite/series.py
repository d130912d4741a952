"""Series in SQLite."""

import sqlite3
from dataclasses import replace

from adapters.sqlite.campaign_rows import insert_campaign, update_campaign
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.fan_out_rows import insert_range
from adapters.sqlite.paging import AFTER_ALL, check_cursor, page_of
from adapters.sqlite.records import decode, encode
from adapters.sqlite.times import optional_to_column
from domain.campaign import Campaign
from domain.errors import AlreadyExists, VersionConflict
from domain.fan_out import FanOutRange
from domain.identifiers import SeriesId
from domain.ports.series import SeriesPage
from domain.series import Series


class SqliteSeriesRepository:
    """Implements `domain.ports.series.SeriesRepository`."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, series: Series) -> None:
        """New ones only."""
        with self._database.writing() as connection:
            inserted = connection.execute(
                "INSERT INTO series (version, next_check_at, record, series_id)"
                " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                _columns(series),
            )
            if inserted.rowcount == 0:
                raise AlreadyExists("series", series.series_id)

    def get(self, series_id: SeriesId) -> Series | None:
        """As last committed."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT record FROM series WHERE series_id = ?", (series_id,)
            ).fetchone()
        return None if row is None else decode(row[0], Series)

    def save(self, series: Series, *campaigns: Campaign) -> Series:
        """One transaction, each by version."""
        with self._database.writing() as connection:
            for campaign in campaigns:
                update_campaign(connection, campaign)
            return _update(connection, series)

    def make(self, series: Series, campaign: Campaign, ranges: tuple[FanOutRange, ...]) -> Series:
        """One transaction, by version."""
        with self._database.writing() as connection:
            try:
                insert_campaign(connection, campaign)
            except AlreadyExists as error:
                raise VersionConflict(f"campaign {campaign.campaign_id}") from error
            for each in ranges:
                insert_range(connection, each)
            return _update(connection, series)

    def page(self, limit: int, cursor: str | None) -> SeriesPage:
        """Newest first: ids sort by time."""
        with self._database.reading() as connection:
            check_cursor(connection, "series", "series_id", cursor)
            rows = connection.execute(
                "SELECT series_id, record FROM series WHERE series_id < ?"
                " ORDER BY series_id DESC LIMIT ?",
                (cursor or AFTER_ALL, limit + 1),
            ).fetchall()
        page, following = page_of(rows, limit)
        return SeriesPage(tuple(decode(each, Series) for each in page), following)


def _update(connection: sqlite3.Connection, series: Series) -> Series:
    """By version; returns it as stored. Raises VersionConflict."""
    stored = replace(series, version=series.version + 1)
    updated = connection.execute(
        "UPDATE series SET version = ?, next_check_at = ?, record = ?"
        " WHERE series_id = ? AND version = ?",
        (*_columns(stored), series.version),
    )
    if updated.rowcount == 0:
        raise VersionConflict(f"series {series.series_id}")
    return stored


def _columns(series: Series) -> tuple[object, ...]:
    return (
        series.version,
        optional_to_column(series.next_check_at),
        encode(series),
        series.series_id,
    )
