"""What waits in SQLite."""

from datetime import datetime, timedelta

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.times import from_column
from domain.backlog import Backlog, Queued
from domain.dead_letter import SEND_QUEUES, DeadLetterSource
from domain.ports.clock import Clock


class SqliteBacklogReader:
    """Implements `domain.ports.backlog.BacklogReader`."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        """Over a shared database."""
        self._database = database
        self._clock = clock

    def read(self) -> Backlog:
        """Some counts, each by an index."""
        with self._database.reading() as connection:
            queues = {
                priority: connection.execute(
                    "SELECT count(*), min(sent_at) FROM messages WHERE queue = ?", (queue,)
                ).fetchone()
                for priority, queue in SEND_QUEUES.items()
            }
            schedules, first = connection.execute(
                "SELECT count(*), min(at) FROM schedules"
            ).fetchone()
            dead = dict(
                connection.execute(
                    "SELECT queue, count(*) FROM dead_letters GROUP BY queue"
                ).fetchall()
            )
        now = self._clock.now()
        return Backlog(
            queued={
                priority: Queued(messages, _age(oldest, now))
                for priority, (messages, oldest) in queues.items()
            },
            schedules=schedules,
            overdue=_age(first, now),
            dead_letters={source: dead.get(source, 0) for source in DeadLetterSource},
        )


def _age(since: int | None, now: datetime) -> timedelta:
    """None where nothing waits; no clock makes it negative."""
    return timedelta() if since is None else max(now - from_column(since), timedelta())
