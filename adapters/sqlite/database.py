"""The database: connections, transactions, and what becomes of SQLite's errors."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from threading import RLock, local
from typing import TypeGuard

from adapters.sqlite.gate import Gate
from adapters.sqlite.log import has_frame
from adapters.sqlite.migrations import is_up_to_date, migrate
from domain.errors import DependencyRefused, DependencyUnavailable

_BUSY_SECONDS = 30
"""How long a transaction waits for its turn: there is one writer at a time, for less than a ms."""
_READERS_MILLISECONDS = 50
"""How long writers wait for readers, so that the log can go: less than a grant is good for."""
_LONG_LOG = 1_000
"""Frames, of a page each: so many are put into the file together (SQLite's own default)."""
_HASH_KEY = "address_hash_key"


class Synchronous(StrEnum):
    """What a commit waits for (SQLite's "PRAGMA synchronous")."""

    FULL = "FULL"
    """For the disk: it outlasts a loss of power."""
    NORMAL = "NORMAL"
    """For the operating system: it outlasts the process."""


class SqliteDatabase:
    """One file, used by any number of threads and processes; connections for each thread."""

    def __init__(self, path: Path) -> None:
        """Migrated to this release's schema, or made anew. Raises DependencyRefused."""
        # What is beside it is beside the file itself, by whatever link somebody has named it.
        self.path = path.resolve()
        self._log = self.path.with_name(f"{self.path.name}-wal")
        self._long_log = _LONG_LOG
        self._threads = local()
        self._turn = RLock()
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """All statements see the same instant. Raises DependencyRefused."""
        connection = self._begun("DEFERRED", Synchronous.FULL)
        with self._ended(connection):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All statements hold, durably, or none; nobody else writes meanwhile.

        An exception of any kind undoes them. Raises DependencyRefused where certainly nothing was
        written, else DependencyUnavailable.
        """
        with self._writing(Synchronous.FULL) as connection:
            yield connection

    @contextmanager
    def writing_unsynced(self) -> Iterator[sqlite3.Connection]:
        """As `writing`, without waiting for the disk: for what everybody may forget together.

        It outlasts every kill of a process. A loss of power may undo it, with all that was written
        since, unless a `writing` has returned since: the log is one, and written in order.
        """
        with self._writing(Synchronous.NORMAL) as connection:
            yield connection

    def empty_log(self) -> bool:
        """Put all of the log into the file, and leave none of it on the disk; whether that was so.

        What was deleted stands in it otherwise until other writes come over it. Somebody who has
        been reading for long is not waited for, as by then writers would wait, too (SQLite's
        "PRAGMA wal_checkpoint"). Raises DependencyRefused.
        """
        with self._turn, self._gate.held():
            try:
                connection = self._connection(Synchronous.FULL)
                _wait_for_the_writer(connection)
                connection.execute(f"PRAGMA busy_timeout = {_READERS_MILLISECONDS}")
                row = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                connection.execute(f"PRAGMA busy_timeout = {1000 * _BUSY_SECONDS}")
            except sqlite3.Error as error:
                self.close()
                raise DependencyRefused(told(error)) from error
        return bool(row[0] == 0)

    def close(self) -> None:
        """Close the connections of this thread; those of others go with their threads."""
        for synchronous in Synchronous:
            connection = self._threads.__dict__.pop(synchronous, None)
            if connection is not None:
                connection.close()

    def _open(self) -> None:
        """What is not Sentinel's is not touched, and what is as it should be not written to."""
        try:
            if not self.path.exists():
                # It holds addresses. What SQLite puts beside it is as private as it is.
                self.path.touch(mode=0o600)
            up_to_date = is_up_to_date(self._connection(Synchronous.FULL))
            self._gate = self._opened_gate()
            if not up_to_date:
                self._bring_up_to_date()
        except OSError as error:
            raise DependencyRefused(f"The database {self.path.name}: {error.strerror}") from error
        except sqlite3.Error as error:
            raise DependencyRefused(told(error)) from error
        with self.reading() as connection:
            self.hash_key = _select_hash_key(connection)
            """What addresses are hashed and tokens are signed with; made with the database."""

    def _opened_gate(self) -> Gate:
        try:
            return Gate(self.path)
        except PermissionError as error:
            name, gate = self.path.name, Path(error.filename).name
            raise DependencyRefused(
                f"The database {name}: {gate}: {error.strerror}; give it to whom the database "
                f"belongs: chown --reference={name} {gate}"
            ) from error

    def _bring_up_to_date(self) -> None:
        with self._gate.held():
            # For good: the file says so itself.
            self._connection(Synchronous.FULL).execute("PRAGMA journal_mode = WAL")
        with self.writing() as connection:
            migrate(connection)
            _make_hash_key(connection)

    @contextmanager
    def _writing(self, synchronous: Synchronous) -> Iterator[sqlite3.Connection]:
        # Threads take turns here, and processes at the gate: SQLite knows no turns.
        with self._turn:
            with self._gate.held():
                connection = self._begun("IMMEDIATE", synchronous)
            with self._ended(connection):
                yield connection
            if has_frame(self._log, self._long_log):
                self._checkpoint()

    def _checkpoint(self) -> None:
        """Put the log into the file, as far as readers allow, while nobody writes.

        SQLite's own come while others write, which damages a file in releases before 3.51.3, if
        rarely ("The WAL-Reset Bug" in its "Write-Ahead Logging").
        """
        # A full disk or a busy one: whoever writes next tries again.
        with self._gate.held(), suppress(sqlite3.Error):
            connection = self._connection(Synchronous.FULL)
            _wait_for_the_writer(connection)
            _, frames, copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            # Somebody who reads for long holds the rest back: not each commit looks at it again.
            self._long_log = _LONG_LOG if copied == frames else frames + _LONG_LOG

    def _begun(self, kind: str, synchronous: Synchronous) -> sqlite3.Connection:
        try:
            connection = self._connection(synchronous)
            connection.execute(f"BEGIN {kind}")
        except sqlite3.Error as error:
            raise DependencyRefused(told(error)) from error
        return connection

    @contextmanager
    def _ended(self, connection: sqlite3.Connection) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if _is_fault(error):
                raise DependencyRefused(told(error)) from error
            raise
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            # Of a write to the disk that failed nobody knows how far it came.
            self.close()
            raise DependencyUnavailable(told(error)) from error

    def _connection(self, synchronous: Synchronous) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = self._threads.__dict__.get(synchronous)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            # Or an erased address would stay where it was until something is written there; some
            # builds of SQLite do it by themselves.
            connection.execute("PRAGMA secure_delete = ON")
            self._threads.__dict__[synchronous] = connection
        return connection


def is_of_this_release(path: Path) -> bool:
    """Whether to open it changes nothing. Raises DependencyRefused."""
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
            return is_up_to_date(connection)
    except sqlite3.Error as error:
        raise DependencyRefused(told(error)) from error


def _wait_for_the_writer(connection: sqlite3.Connection) -> None:
    # The gate is held: who is in the middle of a write is the last one.
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("ROLLBACK")


def _make_hash_key(connection: sqlite3.Connection) -> None:
    # What addresses are hashed and tokens are signed with.
    connection.execute(
        "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (_HASH_KEY, secrets.token_bytes(32)),
    )


def _select_hash_key(connection: sqlite3.Connection) -> bytes:
    (key,) = connection.execute("SELECT value FROM secrets WHERE name = ?", (_HASH_KEY,)).fetchone()
    return bytes(key)


def _is_fault(error: BaseException) -> TypeGuard[sqlite3.Error]:
    # A damaged file has no class of its own; the others below DatabaseError are defects of code.
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def told(error: sqlite3.Error) -> str:
    """An error of SQLite, in a line."""
    # Its text may quote a statement, never a value: Sentinel binds all values.
    return f"SQLite: {getattr(error, 'sqlite_errorname', type(error).__name__)}: {error}"
