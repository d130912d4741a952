"""The suppression list in SQLite."""

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import replace

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.paging import check_cursor, page_of
from adapters.sqlite.records import decode, encode
from adapters.sqlite.suppression_rows import select_suppressions
from domain.identifiers import SuppressionId
from domain.ports.suppressions import SuppressionPage
from domain.suppression import Suppression, SuppressionEntry, suppression_id_of


class SqliteSuppressionRepository:
    """Implements `domain.ports.suppressions.SuppressionRepository`."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, suppression: Suppression) -> SuppressionEntry:
        """What is there, and this one after it."""
        added = suppression_id_of(self._database.hash_key, suppression.address)
        with self._database.writing() as connection:
            stored = _select(connection, added)
            if stored is None:
                entry = SuppressionEntry.of(added, suppression)
            else:
                entry = stored.then(suppression)
            _put(connection, entry)
            return entry

    def find(self, addresses: Collection[str]) -> Mapping[str, Suppression]:
        """Those that are on it, erased or not."""
        with self._database.reading() as connection:
            found = select_suppressions(connection, self._database.hash_key, addresses)
        return {
            address: Suppression(address, entry.reason, entry.since, entry.scope, entry.note)
            for address, entry in found.items()
        }

    def entry(self, address: str) -> SuppressionEntry | None:
        """By the hash of the address."""
        with self._database.reading() as connection:
            return _select(connection, suppression_id_of(self._database.hash_key, address))

    def remove(self, suppression_id: SuppressionId) -> SuppressionEntry | None:
        """What is left of it takes its place."""
        with self._database.writing() as connection:
            entry = _select(connection, suppression_id)
            if entry is None:
                return None
            if entry.left is None:
                _delete(connection, suppression_id)
            else:
                _put(connection, entry.left)
            return entry

    def lift(self, entry: SuppressionEntry) -> bool:
        """By what is there."""
        with self._database.writing() as connection:
            stored = _select(connection, entry.suppression_id)
            if stored == entry:
                _delete(connection, entry.suppression_id)
            return stored in (None, entry)

    def forget(self, suppression_id: SuppressionId) -> None:
        """What stays is found by the hash."""
        with self._database.writing() as connection:
            entry = _select(connection, suppression_id)
            if entry is not None:
                _put(connection, replace(entry, address=None, note=None))

    def page(self, limit: int, cursor: str | None) -> SuppressionPage:
        """By id."""
        with self._database.reading() as connection:
            check_cursor(connection, "suppressions", "suppression_id", cursor)
            rows = connection.execute(
                "SELECT suppression_id, record FROM suppressions WHERE suppression_id > ?"
                " ORDER BY suppression_id LIMIT ?",
                (cursor or "", limit + 1),
            ).fetchall()
        page, following = page_of(rows, limit)
        return SuppressionPage(tuple(decode(each, SuppressionEntry) for each in page), following)


def _select(connection: sqlite3.Connection, suppression_id: str) -> SuppressionEntry | None:
    row = connection.execute(
        "SELECT record FROM suppressions WHERE suppression_id = ?", (suppression_id,)
    ).fetchone()
    return None if row is None else decode(row[0], SuppressionEntry)


def _put(connection: sqlite3.Connection, entry: SuppressionEntry) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO suppressions (suppression_id, record) VALUES (?, ?)",
        (entry.suppression_id, encode(entry)),
    )


def _delete(connection: sqlite3.Connection, suppression_id: str) -> None:
    connection.execute("DELETE FROM suppressions WHERE suppression_id = ?", (suppression_id,))
