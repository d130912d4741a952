"""Rows of tallies: one for a campaign, since there is one writer at a time."""

import sqlite3
from datetime import datetime

from adapters.sqlite.records import decode, encode
from adapters.sqlite.times import from_column, optional_to_column
from domain.identifiers import CampaignId
from domain.tally import Tally


def select_tally(
    connection: sqlite3.Connection, campaign_id: CampaignId
) -> tuple[Tally, datetime | None]:
    """The counts of a campaign, and when a chunk of it was last finished."""
    row = connection.execute(
        "SELECT tally, last_finished_at FROM tallies WHERE campaign_id = ?", (campaign_id,)
    ).fetchone()
    if row is None:
        return Tally(), None
    tally, finished_at = row
    return decode(tally, Tally), None if finished_at is None else from_column(finished_at)


def move_tally(
    connection: sqlite3.Connection,
    campaign_id: CampaignId,
    change: Tally,
    finished_at: datetime | None,
) -> None:
    """Add a difference; `finished_at` is None where it finishes no chunk."""
    tally, latest = select_tally(connection, campaign_id)
    moments = [moment for moment in (latest, finished_at) if moment is not None]
    connection.execute(
        "INSERT OR REPLACE INTO tallies (campaign_id, tally, last_finished_at) VALUES (?, ?, ?)",
        (campaign_id, encode(tally + change), optional_to_column(max(moments, default=None))),
    )
