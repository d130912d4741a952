"""Rows of objects, and of what they are made of while they are written in parts."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.sqlite.parameters import ANY_OF, listed
from adapters.sqlite.times import to_column
from domain.errors import DependencyRefused, NotFound
from domain.ports.object_store import MIN_PART_BYTES


@dataclass(frozen=True)
class StoredFile:
    """A file of the folder, and its size in bytes."""

    file: str
    size: int


def select_object(connection: sqlite3.Connection, name: str, now: datetime) -> StoredFile | None:
    """Unless it has expired."""
    row = connection.execute(
        "SELECT file, size FROM objects WHERE name = ? AND expires_at > ?", (name, to_column(now))
    ).fetchone()
    return None if row is None else StoredFile(*row)


def put_object(
    connection: sqlite3.Connection, name: str, stored: StoredFile, expires_at: datetime
) -> list[str]:
    """In the place of one of that name, whose file is returned."""
    replaced = delete_object(connection, name)
    connection.execute(
        "INSERT INTO objects (name, file, size, expires_at) VALUES (?, ?, ?, ?)",
        (name, stored.file, stored.size, to_column(expires_at)),
    )
    return replaced


def delete_object(connection: sqlite3.Connection, name: str) -> list[str]:
    """Returns its file."""
    return _files(connection.execute("DELETE FROM objects WHERE name = ? RETURNING file", (name,)))


def insert_writing(
    connection: sqlite3.Connection, writing_id: str, name: str, expires_at: datetime
) -> None:
    """Of no parts yet."""
    connection.execute(
        "INSERT INTO object_writings (writing_id, name, expires_at) VALUES (?, ?, ?)",
        (writing_id, name, to_column(expires_at)),
    )


def check_writing(connection: sqlite3.Connection, writing_id: str, name: str) -> None:
    """Raises NotFound where it is over, or of another object."""
    found = connection.execute(
        "SELECT 1 FROM object_writings WHERE writing_id = ? AND name = ?", (writing_id, name)
    )
    if found.fetchone() is None:
        raise NotFound("writing", writing_id)


def put_part(
    connection: sqlite3.Connection, writing_id: str, number: int, tag: str, stored: StoredFile
) -> list[str]:
    """In the place of one of that number, whose file is returned."""
    part = (writing_id, number)
    replaced = _files(
        connection.execute(
            "DELETE FROM object_parts WHERE writing_id = ? AND number = ? RETURNING file", part
        )
    )
    connection.execute(
        "INSERT INTO object_parts (writing_id, number, tag, file, size) VALUES (?, ?, ?, ?, ?)",
        (*part, tag, stored.file, stored.size),
    )
    return replaced


def select_parts(
    connection: sqlite3.Connection, writing_id: str, tags: Sequence[str]
) -> Sequence[StoredFile]:
    """Those with these tags, in order. Raises NotFound and DependencyRefused as S3 does."""
    rows = connection.execute(
        "SELECT number, tag, file, size FROM object_parts WHERE writing_id = ?", (writing_id,)
    )
    written = {(number, tag): StoredFile(file, size) for number, tag, file, size in rows}
    chosen: list[StoredFile] = []
    for place in enumerate(tags, start=1):
        if place not in written:
            raise NotFound("part", str(place[0]))
        chosen.append(written[place])
    if not chosen or any(part.size < MIN_PART_BYTES for part in chosen[:-1]):
        raise DependencyRefused("A part but the last is too small, or there is none")
    return chosen


def delete_writing(connection: sqlite3.Connection, writing_id: str) -> list[str]:
    """With its parts, whose files are returned."""
    connection.execute("DELETE FROM object_writings WHERE writing_id = ?", (writing_id,))
    return _files(
        connection.execute(
            "DELETE FROM object_parts WHERE writing_id = ? RETURNING file", (writing_id,)
        )
    )


def delete_expired(connection: sqlite3.Connection, now: datetime) -> list[str]:
    """Objects, and what was begun and never ended; returns their files."""
    until = (to_column(now),)
    files = _files(
        connection.execute("DELETE FROM objects WHERE expires_at <= ? RETURNING file", until)
    )
    writings = connection.execute(
        "SELECT writing_id FROM object_writings WHERE expires_at <= ?", until
    ).fetchall()
    for (writing_id,) in writings:
        files += delete_writing(connection, writing_id)
    return files


def files_in_use(connection: sqlite3.Connection) -> frozenset[str]:
    """Of objects and of parts."""
    return frozenset(
        _files(connection.execute("SELECT file FROM objects UNION SELECT file FROM object_parts"))
    )


def forget_all_but(connection: sqlite3.Connection, files: Iterable[str]) -> None:
    """Objects and parts, where there are no other files than these."""
    kept = (listed(files),)
    connection.execute(f"DELETE FROM objects WHERE file NOT {ANY_OF}", kept)  # noqa: S608  no value
    connection.execute(
        f"DELETE FROM object_parts WHERE file NOT {ANY_OF}",  # noqa: S608  no value
        kept,
    )


def _files(rows: sqlite3.Cursor) -> list[str]:
    return [file for (file,) in rows.fetchall()]
