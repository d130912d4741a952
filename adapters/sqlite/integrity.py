"""Whether a database is sound: as a file, and as the ledger of what was sent."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.records import decode
from adapters.sqlite.tally_rows import select_tally
from domain.chunk import Chunk
from domain.identifiers import CampaignId
from domain.tally import Tally

_NONE_WITHOUT = {
    "fan-out range without its campaign": "SELECT campaign_id, number FROM fan_out_ranges"
    " WHERE campaign_id NOT IN (SELECT campaign_id FROM campaigns)",
    "chunk without its range": "SELECT campaign_id, range_number, number FROM chunks AS chunk"
    " WHERE NOT EXISTS (SELECT 1 FROM fan_out_ranges AS range"
    " WHERE range.campaign_id = chunk.campaign_id AND range.number = chunk.range_number)",
    "chunk without its recipients": "SELECT campaign_id, range_number, number FROM chunks"
    " EXCEPT SELECT campaign_id, range_number, number FROM chunk_manifests",
    "recipients without their chunk": "SELECT campaign_id, range_number, number"
    " FROM chunk_manifests EXCEPT SELECT campaign_id, range_number, number FROM chunks",
}


def find_damage(database: SqliteDatabase) -> Sequence[str]:
    """What is not as it should be, a line each without personal data; nothing of a sound one.

    Reads all of it, as it is at one instant; others go on writing. Raises DependencyFault, also
    where it is too damaged to be read.
    """
    with database.reading() as connection:
        return damage_of(connection)


def damage_of(connection: sqlite3.Connection) -> Sequence[str]:
    """As `find_damage`, but for what is raised; the ledger is looked at in a sound file only."""
    return list(_of_file(connection)) or list(_of_ledger(connection))


def _of_file(connection: sqlite3.Connection) -> Iterator[str]:
    # https://sqlite.org/pragma.html#pragma_integrity_check
    for (line,) in connection.execute("PRAGMA integrity_check"):
        if line != "ok":
            yield line


def _of_ledger(connection: sqlite3.Connection) -> Iterator[str]:
    for what, statement in _NONE_WITHOUT.items():
        for row in connection.execute(statement):
            yield f"{what}: {'/'.join(map(str, row))}"
    counted: dict[CampaignId, Tally] = defaultdict(Tally)
    for campaign_id, progress in connection.execute("SELECT campaign_id, progress FROM chunks"):
        chunk = decode(progress, Chunk)
        if chunk.is_finished:
            counted[campaign_id] += Tally.of(chunk.progress)
    for (campaign_id,) in connection.execute("SELECT campaign_id FROM campaigns").fetchall():
        tally, _ = select_tally(connection, campaign_id)
        if tally != counted[campaign_id]:
            yield f"tally that its finished chunks do not add up to: {campaign_id}"
