"""Rows of fan-out ranges."""

import sqlite3
from dataclasses import replace

from adapters.sqlite.records import encode
from domain.errors import VersionConflict
from domain.fan_out import FanOutRange

_INSERT = "INSERT INTO fan_out_ranges (version, record, campaign_id, number) VALUES (?, ?, ?, ?)"


def insert_range(connection: sqlite3.Connection, fan_out_range: FanOutRange) -> None:
    """With its campaign, so that it is new."""
    connection.execute(_INSERT, _columns(fan_out_range))


def insert_new_range(connection: sqlite3.Connection, fan_out_range: FanOutRange) -> None:
    """Where there is none of its number. Raises VersionConflict."""
    inserted = connection.execute(
        f"{_INSERT} ON CONFLICT DO NOTHING",
        _columns(fan_out_range),
    )
    if inserted.rowcount == 0:
        raise VersionConflict(
            f"range {fan_out_range.number} of campaign {fan_out_range.campaign_id}"
        )


def update_range(connection: sqlite3.Connection, fan_out_range: FanOutRange) -> FanOutRange:
    """By version; returns it as stored. Raises VersionConflict."""
    stored = replace(fan_out_range, version=fan_out_range.version + 1)
    updated = connection.execute(
        "UPDATE fan_out_ranges SET version = ?, record = ?"
        " WHERE campaign_id = ? AND number = ? AND version = ?",
        (*_columns(stored), fan_out_range.version),
    )
    if updated.rowcount == 0:
        raise VersionConflict(
            f"range {fan_out_range.number} of campaign {fan_out_range.campaign_id}"
        )
    return stored


def _columns(fan_out_range: FanOutRange) -> tuple[object, ...]:
    return (
        fan_out_range.version,
        encode(fan_out_range),
        fan_out_range.campaign_id,
        fan_out_range.number,
    )
