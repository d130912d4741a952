"""Whether a database is sound: as a file, and as the ledger of what was sent."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from adapters.sqlite.database import told
from adapters.sqlite.migrations import is_up_to_date
from adapters.sqlite.records import UNREADABLE, decode
from adapters.sqlite.tally_rows import select_tally
from domain.chunk import Chunk
from domain.errors import DependencyRefused
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
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_KIND = 0xFF
"""Of the code of an error (SQLite's "Result and Error Codes")."""


def find_damage(path: Path) -> Sequence[str]:
    """What is not as it should be, a line each without personal data; nothing of a sound one.

    Reads all of it, as it is at one instant; others go on writing. Of a file that nobody uses
    nothing is written beside it, so that it may lie where nobody can. Raises DependencyRefused,
    also where its schema is not this release's.
    """
    file = path.resolve()
    try:
        before, damage = _state(file), _looked_for(file)
        while before != _state(file):
            # Somebody came to use it, and may have written to it meanwhile.
            before, damage = _state(file), _looked_for(file)
    except OSError as error:
        raise DependencyRefused(f"The database {file.name}: {error.strerror}") from error
    return damage


def _is_used(file: Path) -> bool:
    """Or was, by somebody who was killed: what is in the log is part of it."""
    return file.with_name(f"{file.name}-wal").exists()


def _state(file: Path) -> tuple[int, ...]:
    """Always the same of one in use: SQLite sees to it that what is read of it is of one instant.

    Of another it changes with the file.
    """
    if _is_used(file):
        return ()
    found = file.stat()
    return found.st_size, found.st_mtime_ns


def _looked_for(file: Path) -> Sequence[str]:
    if not file.stat().st_size:
        return ["nothing is in it"]
    # By "immutable" SQLite needs no files beside it, and looks at none.
    uri = f"{file.as_uri()}?{'mode=ro' if _is_used(file) else 'immutable=1'}"
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.text_factory = _text
            connection.execute("BEGIN")
            if not is_up_to_date(connection):
                raise DependencyRefused(
                    "The database has the schema of an earlier release: run that one's check."
                )
            return list(_of_file(connection)) or list(_of_ledger(connection))
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & _KIND in _DAMAGED:
            return [f"it cannot be read: {told(error)}"]
        raise DependencyRefused(told(error)) from error
    except UnicodeDecodeError:
        # Of an error that quotes it.
        return ["it cannot be read: its schema is no text"]


def _text(octets: bytes) -> str:
    # What is no text is found by who reads it.
    return octets.decode(errors="replace")


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
    for *ref, progress in connection.execute(
        "SELECT campaign_id, range_number, number, progress FROM chunks"
    ):
        try:
            chunk = decode(progress, Chunk)
        except UNREADABLE:
            yield f"chunk that cannot be read: {'/'.join(map(str, ref))}"
            continue
        if chunk.is_finished:
            counted[ref[0]] += Tally.of(chunk.progress)
    for (campaign_id,) in connection.execute("SELECT campaign_id FROM campaigns").fetchall():
        if _tally_of(connection, campaign_id) != counted[campaign_id]:
            yield f"tally that its finished chunks do not add up to: {campaign_id}"


def _tally_of(connection: sqlite3.Connection, campaign_id: CampaignId) -> Tally | None:
    """None where it cannot be read."""
    try:
        tally, _ = select_tally(connection, campaign_id)
    except UNREADABLE:
        return None
    return tally
