"""The keys of the API in SQLite."""

from collections.abc import Sequence

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.records import decode, encode
from domain.access import ApiKey


class SqliteApiKeys:
    """Implements `domain.ports.api_keys.ApiKeys`: read anew each time, which takes microseconds."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def all(self) -> Sequence[ApiKey]:
        """In the order in which they were saved."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT record FROM api_keys ORDER BY rowid").fetchall()
        return [decode(record, ApiKey) for (record,) in rows]

    def save(self, keys: Sequence[ApiKey]) -> None:
        """In place of all, in one transaction."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM api_keys")
            connection.executemany(
                "INSERT INTO api_keys (key_id, record) VALUES (?, ?)",
                [(key.key_id, encode(key)) for key in keys],
            )
