"""Idempotency records in SQLite."""

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.idempotency_rows import write_idempotency_record
from adapters.sqlite.records import decode
from domain.idempotency import IdempotencyRecord


class SqliteIdempotencyRepository:
    """Implements `domain.ports.idempotency.IdempotencyRepository`."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def get(self, digest: str) -> IdempotencyRecord | None:
        """As last committed."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT record FROM idempotency WHERE digest = ?", (digest,)
            ).fetchone()
        return None if row is None else decode(row[0], IdempotencyRecord)

    def save(self, record: IdempotencyRecord) -> IdempotencyRecord:
        """By version."""
        with self._database.writing() as connection:
            return write_idempotency_record(connection, record)
