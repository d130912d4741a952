"""The sqlite family without one of its guards, one at a time: the simulation has to miss each."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from unittest.mock import patch

from adapters.sqlite import campaigns as campaigns_module
from adapters.sqlite import chunks as chunks_module
from adapters.sqlite.campaign_rows import select_campaign, update_campaign
from adapters.sqlite.campaigns import SqliteCampaignRepository
from adapters.sqlite.chunk_rows import insert_chunks, select_chunk, update_progress
from adapters.sqlite.chunks import SqliteChunkRepository
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.fan_out import SqliteFanOutRepository
from adapters.sqlite.fan_out_rows import update_range
from domain.campaign import Campaign
from domain.chunk import Chunk
from domain.fan_out import FanOutRange
from domain.ports.chunks import ChunkChange
from tests.simulation.mutations import Mutation


@contextmanager
def _no_version_check_of_chunks() -> Iterator[None]:
    def update(connection: sqlite3.Connection, chunk: Chunk, before: Chunk) -> Chunk:
        stored = select_chunk(connection, chunk.ref)
        assert stored is not None
        return update_progress(connection, chunk, replace(before, version=stored.version))

    with patch.object(chunks_module, "update_progress", update):
        yield


@contextmanager
def _no_version_check_of_campaigns() -> Iterator[None]:
    def update(connection: sqlite3.Connection, campaign: Campaign) -> Campaign:
        stored = select_campaign(connection, campaign.campaign_id)
        assert stored is not None
        return update_campaign(connection, replace(campaign, version=stored.version))

    with patch.object(campaigns_module, "update_campaign", update):
        yield


@contextmanager
def _no_fence_of_the_state() -> Iterator[None]:
    def append(
        self: SqliteFanOutRepository, fan_out_range: FanOutRange, chunks: Sequence[Chunk]
    ) -> FanOutRange:
        with self._database.writing_unsynced() as connection:
            advanced = update_range(connection, fan_out_range)
            insert_chunks(connection, chunks)
            return advanced

    with patch.object(SqliteFanOutRepository, "append", append):
        yield


@contextmanager
def _cursor_and_chunks_apart() -> Iterator[None]:
    original = SqliteFanOutRepository.append

    def append(
        self: SqliteFanOutRepository, fan_out_range: FanOutRange, chunks: Sequence[Chunk]
    ) -> FanOutRange:
        advanced = original(self, fan_out_range, ())
        with self._database.writing_unsynced() as connection:
            insert_chunks(connection, chunks)
        return advanced

    with patch.object(SqliteFanOutRepository, "append", append):
        yield


@contextmanager
def _committed_though_killed() -> Iterator[None]:
    """What a process had written when it died stays, though it was not all."""
    original = SqliteDatabase._ended

    @contextmanager
    def ended(self: SqliteDatabase, connection: sqlite3.Connection) -> Iterator[None]:
        with original(self, connection):
            try:
                yield
            except BaseException:
                connection.execute("COMMIT")
                raise

    with patch.object(SqliteDatabase, "_ended", ended):
        yield


@contextmanager
def _claims_do_not_wait_for_the_disk() -> Iterator[None]:
    def writing(
        self: SqliteChunkRepository, changes: Sequence[ChunkChange]
    ) -> AbstractContextManager[sqlite3.Connection]:
        del changes
        return self._database.writing_unsynced()

    with patch.object(SqliteChunkRepository, "_writing", writing):
        yield


@contextmanager
def _edits_do_not_wait_for_the_disk() -> Iterator[None]:
    def writing(
        self: SqliteCampaignRepository, campaign: Campaign
    ) -> AbstractContextManager[sqlite3.Connection]:
        del campaign
        return self._database.writing_unsynced()

    with patch.object(SqliteCampaignRepository, "_writing", writing):
        yield


SQLITE_MUTATIONS = tuple(
    Mutation(guard, without, frozenset(breaks), seed)
    for guard, without, breaks, seed in (
        ("the version check of chunks", _no_version_check_of_chunks, {1, 2, 5, 7}, 2),
        ("the version check of campaigns", _no_version_check_of_campaigns, {2, 3, 5, 7}, 4),
        ("the fence: the campaign is sending", _no_fence_of_the_state, {3}, 130),
        ("chunks are appended with the cursor", _cursor_and_chunks_apart, {2, 5}, 81),
        ("edits are on the disk", _edits_do_not_wait_for_the_disk, {3}, 2),
        ("claims are on the disk", _claims_do_not_wait_for_the_disk, {1, 2}, 33),
        ("the dead leave nothing half done", _committed_though_killed, {0}, 13),
    )
)
