"""Rows of idempotency records."""

import sqlite3

from adapters.sqlite.records import encode
from adapters.sqlite.times import to_column
from domain.errors import IdempotencyKeyInUse
from domain.idempotency import IdempotencyRecord


def write_idempotency_record(
    connection: sqlite3.Connection, record: IdempotencyRecord
) -> IdempotencyRecord:
    """By version; as stored. Raises IdempotencyKeyInUse.

    A new one sweeps away those that have expired, the one whose place it takes among them.
    """
    stored = record.stored()
    columns = (stored.version, to_column(record.expires_at), encode(stored), record.digest)
    if record.version == 0:
        now = to_column(record.began_at)
        connection.execute("DELETE FROM idempotency WHERE expires_at <= ?", (now,))
        written = connection.execute(
            "INSERT INTO idempotency (version, expires_at, record, digest) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            columns,
        )
    else:
        written = connection.execute(
            "UPDATE idempotency SET version = ?, expires_at = ?, record = ?"
            " WHERE digest = ? AND version = ?",
            (*columns, record.version),
        )
    if written.rowcount == 0:
        raise IdempotencyKeyInUse
    return stored
