"""The SQLite family."""

from dataclasses import replace
from pathlib import Path

from adapters.sqlite.campaigns import SqliteCampaignRepository
from adapters.sqlite.chunks import SqliteChunkRepository
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.fan_out import SqliteFanOutRepository
from adapters.sqlite.idempotency import SqliteIdempotencyRepository
from tests.contracts.family import Family
from tests.contracts.memory_family import memory_family


def sqlite_family(path: Path) -> Family:
    """Over a database of its own."""
    database = SqliteDatabase(path)
    return replace(
        memory_family(),
        name="sqlite",
        campaigns=SqliteCampaignRepository(database),
        chunks=SqliteChunkRepository(database),
        fan_out=SqliteFanOutRepository(database),
        idempotency=SqliteIdempotencyRepository(database),
    )
