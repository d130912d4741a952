"""Rows of campaigns, and the changes of their state that are written with them."""

import sqlite3
from dataclasses import replace

from adapters.sqlite.records import decode, encode
from adapters.sqlite.times import optional_to_column, to_column
from domain.campaign import Campaign
from domain.errors import AlreadyExists, VersionConflict
from domain.identifiers import CampaignId


def select_campaign(connection: sqlite3.Connection, campaign_id: CampaignId) -> Campaign | None:
    """As last written."""
    row = connection.execute(
        "SELECT record FROM campaigns WHERE campaign_id = ?", (campaign_id,)
    ).fetchone()
    return None if row is None else decode(row[0], Campaign)


def insert_campaign(connection: sqlite3.Connection, campaign: Campaign) -> None:
    """Raises AlreadyExists."""
    inserted = connection.execute(
        "INSERT INTO campaigns (state, version, next_check_at, record, campaign_id)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        _columns(campaign),
    )
    if inserted.rowcount == 0:
        raise AlreadyExists("campaign", campaign.campaign_id)
    _insert_changes(connection, campaign)


def update_campaign(connection: sqlite3.Connection, campaign: Campaign) -> Campaign:
    """By version; returns it as stored. Raises VersionConflict."""
    stored = replace(campaign, version=campaign.version + 1)
    updated = connection.execute(
        "UPDATE campaigns SET state = ?, version = ?, next_check_at = ?, record = ?"
        " WHERE campaign_id = ? AND version = ?",
        (*_columns(stored), campaign.version),
    )
    if updated.rowcount == 0:
        raise VersionConflict(f"campaign {campaign.campaign_id}")
    _insert_changes(connection, stored)
    return stored


def _columns(campaign: Campaign) -> tuple[object, ...]:
    return (
        campaign.state,
        campaign.version,
        optional_to_column(campaign.next_check_at),
        encode(campaign),
        campaign.campaign_id,
    )


def _insert_changes(connection: sqlite3.Connection, campaign: Campaign) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO campaign_changes (campaign_id, number, at, record)"
        " VALUES (?, ?, ?, ?)",
        [
            (campaign.campaign_id, each.number, to_column(each.at), encode(each))
            for each in campaign.new_changes
        ],
    )
