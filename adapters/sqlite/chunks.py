"""Chunks in SQLite."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, suppress

from adapters.sqlite.campaign_rows import select_campaign, update_campaign
from adapters.sqlite.chunk_rows import select_chunk, update_progress, update_recipients
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.suppression_rows import select_suppressions
from domain.campaign import Campaign, CampaignCategory
from domain.chunk import Chunk, ChunkRef
from domain.errors import VersionConflict
from domain.identifiers import CampaignId
from domain.ports.chunks import ChunkChange, SendPermission


class SqliteChunkRepository:
    """Implements `domain.ports.chunks.ChunkRepository`."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def load(self, ref: ChunkRef) -> tuple[Campaign, Chunk] | None:
        """Both at one instant."""
        return self.load_all([ref]).get(ref)

    def load_all(self, refs: Sequence[ChunkRef]) -> Mapping[ChunkRef, tuple[Campaign, Chunk]]:
        """All at one instant."""
        found: dict[ChunkRef, tuple[Campaign, Chunk]] = {}
        with self._database.reading() as connection:
            campaigns = {
                campaign_id: select_campaign(connection, campaign_id)
                for campaign_id in {ref.campaign_id for ref in refs}
            }
            for ref in refs:
                campaign = campaigns[ref.campaign_id]
                chunk = select_chunk(connection, ref)
                if campaign is not None and chunk is not None:
                    found[ref] = (campaign, chunk)
        return found

    def save(self, chunk: Chunk, before: Chunk) -> Chunk:
        """By version, with the tally. What an attempt came to does not wait for the disk.

        Where a loss of power undoes it, those who were mailed are `sending` under a dead lease, and
        so of unknown outcome: nobody is mailed twice.
        """
        with self._writing([ChunkChange(chunk, before)]) as connection:
            return update_progress(connection, chunk, before)

    def save_all(self, changes: Sequence[ChunkChange]) -> Mapping[ChunkRef, Chunk]:
        """All in one transaction; of the outcomes of attempts the same holds."""
        stored: dict[ChunkRef, Chunk] = {}
        with self._writing(changes) as connection:
            for change in changes:
                with suppress(VersionConflict):
                    stored[change.chunk.ref] = update_progress(
                        connection, change.chunk, change.before
                    )
        return stored

    def _writing(
        self, changes: Sequence[ChunkChange]
    ) -> AbstractContextManager[sqlite3.Connection]:
        is_recorded = all(each.before.sending and not each.chunk.sending for each in changes)
        database = self._database
        return database.writing_unsynced() if is_recorded else database.writing()

    def reopen(self, chunk: Chunk, before: Chunk, campaign: Campaign) -> tuple[Chunk, Campaign]:
        """Both versions, or neither write."""
        with self._database.writing() as connection:
            return update_progress(connection, chunk, before), update_campaign(connection, campaign)

    def erase(self, chunk: Chunk, before: Chunk) -> Chunk:
        """Manifest and progress together."""
        with self._database.writing() as connection:
            stored = update_progress(connection, chunk, before)
            update_recipients(connection, stored)
            return stored

    def permission(self, campaign_id: CampaignId, addresses: Collection[str]) -> SendPermission:
        """Campaign and suppression list at one instant."""
        with self._database.reading() as connection:
            campaign = select_campaign(connection, campaign_id)
            found = select_suppressions(connection, self._database.hash_key, addresses)
        category = CampaignCategory.MARKETING if campaign is None else campaign.category
        return SendPermission(
            campaign,
            frozenset(
                address for address, entry in found.items() if entry.scope.holds_back(category)
            ),
        )
