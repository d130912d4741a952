"""The database: connections, transactions, and what becomes of SQLite's errors."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import local

from adapters.sqlite.migrations import migrate
from domain.errors import DependencyRefused, DependencyUnavailable

_BUSY_SECONDS = 30
"""How long a transaction waits for its turn: there is one writer at a time, for less than a ms."""
_HASH_KEY = "address_hash_key"


class SqliteDatabase:
    """One file, used by any number of threads and processes; a connection for each thread."""

    def __init__(self, path: Path) -> None:
        """Migrated to this release's schema, or made anew. Raises DependencyRefused."""
        self.path = path
        self._threads = local()
        with self._transaction("EXCLUSIVE") as connection:
            migrate(connection)
            self.hash_key = _hash_key(connection)
            """What addresses are hashed and tokens are signed with; made with the database."""

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """All statements see the same instant. Raises DependencyRefused."""
        with self._transaction("DEFERRED") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All statements hold, durably, or none; nobody else writes meanwhile.

        An exception of any kind undoes them. Raises DependencyRefused where certainly nothing was
        written, else DependencyUnavailable.
        """
        with self._transaction("IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Close the connection of this thread; those of others go with their threads."""
        connection: sqlite3.Connection | None = self._threads.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._connection()
            connection.execute(f"BEGIN {kind}")
        except sqlite3.Error as error:
            raise DependencyRefused(_told(error)) from error
        try:
            yield connection
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise DependencyRefused(_told(error)) from error
            raise
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            # Of a write to the disk that failed nobody knows how far it came.
            self.close()
            raise DependencyUnavailable(_told(error)) from error

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            self._threads.connection = connection
        return connection


def _hash_key(connection: sqlite3.Connection) -> bytes:
    connection.execute(
        "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (_HASH_KEY, secrets.token_bytes(32)),
    )
    (key,) = connection.execute("SELECT value FROM secrets WHERE name = ?", (_HASH_KEY,)).fetchone()
    return bytes(key)


def _told(error: sqlite3.Error) -> str:
    # Its text may quote a statement, never a value: Sentinel binds all values.
    return f"SQLite: {getattr(error, 'sqlite_errorname', type(error).__name__)}: {error}"
