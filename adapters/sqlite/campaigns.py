"""Campaigns in SQLite."""

import sqlite3
from contextlib import AbstractContextManager

from adapters.sqlite.campaign_rows import insert_campaign, select_campaign, update_campaign
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.fan_out_rows import insert_range
from adapters.sqlite.idempotency_rows import write_idempotency_record
from adapters.sqlite.paging import AFTER_ALL, check_cursor, not_a_cursor, page_of
from adapters.sqlite.records import decode
from domain.campaign import Campaign, CampaignState
from domain.fan_out import FanOutRange
from domain.idempotency import IdempotencyRecord
from domain.identifiers import CampaignId
from domain.ports.campaigns import CampaignPage


class SqliteCampaignRepository:
    """Implements `domain.ports.campaigns.CampaignRepository`."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(
        self,
        campaign: Campaign,
        ranges: tuple[FanOutRange, ...],
        record: IdempotencyRecord | None = None,
    ) -> None:
        """One transaction."""
        with self._database.writing() as connection:
            insert_campaign(connection, campaign)
            if record is not None:
                write_idempotency_record(connection, record)
            for each in ranges:
                insert_range(connection, each)

    def get(self, campaign_id: CampaignId) -> Campaign | None:
        """As last committed."""
        with self._database.reading() as connection:
            return select_campaign(connection, campaign_id)

    def save(self, campaign: Campaign) -> Campaign:
        """By version; on the disk where people edit it, who are told so, or where mails stop.

        What else delivery moved, and a loss of power takes back, it moves again. A pause by the
        account is no such thing: mails would leave until the account refuses one again.
        """
        with self._writing(campaign) as connection:
            return update_campaign(connection, campaign)

    def _writing(self, campaign: Campaign) -> AbstractContextManager[sqlite3.Connection]:
        stored = self.get(campaign.campaign_id)
        is_edited = stored is None or stored.revision != campaign.revision
        if not is_edited and campaign.state is not CampaignState.PAUSED:
            return self._database.writing_unsynced()
        return self._database.writing()

    def page(
        self,
        state: CampaignState | None,
        limit: int,
        cursor: str | None,
        *,
        ids: tuple[str, str] | None = None,
    ) -> CampaignPage:
        """Newest first: ids sort by time."""
        lower, upper = ids or ("", AFTER_ALL)
        if cursor is not None and not lower <= cursor < upper:
            raise not_a_cursor()
        of_state = "" if state is None else "state = :state AND "
        with self._database.reading() as connection:
            check_cursor(connection, "campaigns", "campaign_id", cursor)
            rows = connection.execute(
                f"SELECT campaign_id, record FROM campaigns WHERE {of_state}"  # noqa: S608  no value
                " campaign_id >= :lower AND campaign_id < :before"
                " ORDER BY campaign_id DESC LIMIT :rows",
                {
                    "state": state,
                    "lower": lower,
                    "before": cursor or upper,
                    "rows": limit + 1,
                },
            ).fetchall()
        page, following = page_of(rows, limit)
        return CampaignPage(tuple(decode(each, Campaign) for each in page), following)

    def cursor_after(self, state: CampaignState | None, campaign_id: CampaignId) -> str:  # noqa: ARG002  one for all
        """Its id."""
        return campaign_id
