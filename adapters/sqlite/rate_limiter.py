"""The rate limit in SQLite: shared by the workers of all processes that have the file open."""

import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.records import decode, encode
from domain.grants import Grant, GrantLog
from domain.priority import Priority

logger = logging.getLogger(__name__)


class SqliteRateLimiter:
    """Implements `domain.ports.rate_limiter.RateLimiter` by one row, read and written in turn.

    A loss of power may undo grants: when the machine is back, their second is long over.
    """

    def __init__(self, database: SqliteDatabase, limit: int | Callable[[], int]) -> None:
        """`limit` messages a second, or who tells it."""
        self._database = database
        self._limit = limit

    @property
    def limit(self) -> int:
        """Messages a second."""
        return self._limit() if callable(self._limit) else self._limit

    def request(
        self, messages: int, now: datetime, patience: timedelta, priority: Priority
    ) -> Grant | timedelta:
        """By the sliding log."""
        limit = self.limit
        with self._database.writing_unsynced() as connection:
            log = _select_log(connection)
            after, answer = log.request(messages, now, patience, limit, priority)
            if after is not log:
                _write_log(connection, after)
            return answer

    def slow_down(self, now: datetime) -> None:
        """In the log."""
        limit = self.limit
        with self._database.writing_unsynced() as connection:
            log = _select_log(connection)
            slowed = log.slowed_down(now, limit)
            if slowed is log:
                return
            _write_log(connection, slowed)
        logger.warning("Throttled: slowed to %d of %d a second", slowed.pace(now, limit), limit)


def _select_log(connection: sqlite3.Connection) -> GrantLog:
    row = connection.execute("SELECT log FROM grants").fetchone()
    return GrantLog() if row is None else decode(row[0], GrantLog)


def _write_log(connection: sqlite3.Connection, log: GrantLog) -> None:
    connection.execute("INSERT OR REPLACE INTO grants (only, log) VALUES (1, ?)", (encode(log),))
