"""Schedules in SQLite, fired by the tick of any process."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.message_rows import insert_messages
from adapters.sqlite.records import encode
from adapters.sqlite.times import from_column, to_column
from domain.dead_letter import DeadLetterSource
from domain.identifiers import CampaignId
from domain.ports.clock import Clock
from domain.schedule import Schedule
from domain.start import StartRequest, Trigger

_SECOND = timedelta(seconds=1)
_AT_ONCE = 500
"""In one transaction, of some milliseconds: a claim waits for it."""


class SqliteScheduler:
    """Implements `domain.ports.scheduler.Scheduler`; `tick` fires what is due.

    By wall time, looked at anew in every tick: after a step forwards what became due fires at once,
    after one back nothing fires again, for what has fired is no schedule any more.
    """

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        """Over a shared database."""
        self._database = database
        self._clock = clock

    def put(self, schedule: Schedule) -> None:
        """The highest version stays."""
        fraction = timedelta(microseconds=schedule.at.microsecond)
        rounded = schedule.at - fraction + (_SECOND if fraction else timedelta())
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO schedules (campaign_id, version, at) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET version = excluded.version, at = excluded.at"
                " WHERE excluded.version > version",
                (schedule.campaign_id, schedule.version, to_column(rounded)),
            )

    def get(self, campaign_id: CampaignId) -> Schedule | None:
        """As put, to the second."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT version, at FROM schedules WHERE campaign_id = ?", (campaign_id,)
            ).fetchone()
        if row is None:
            return None
        version, at = row
        return Schedule(campaign_id, version, from_column(at))

    def delete(self, campaign_id: CampaignId) -> None:
        """Nothing if it is gone."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM schedules WHERE campaign_id = ?", (campaign_id,))

    def next_at(self) -> datetime | None:
        """When the next one is due, past or not; None where there is none. Raises DependencyFault.

        Another process may put an earlier one, and the clock may step: look again soon.
        """
        with self._database.reading() as connection:
            (at,) = connection.execute("SELECT min(at) FROM schedules").fetchone()
        return None if at is None else from_column(at)

    def tick(self, limit: int = _AT_ONCE) -> Sequence[CampaignId]:
        """Make up to `limit` schedules that are due invocations of start; whose they were.

        In one transaction, so that each is the one or the other, whatever is killed or loses
        power. Where fewer than `limit` are returned, no more are due. Takes no turn at writing
        where none is. Raises DependencyFault.
        """
        now = self._clock.now()
        next_at = self.next_at()
        if next_at is None or next_at > now:
            return ()
        with self._database.writing_unsynced() as connection:
            due = [
                CampaignId(campaign_id)
                for (campaign_id,) in connection.execute(
                    "SELECT campaign_id FROM schedules WHERE at <= ? ORDER BY at LIMIT ?",
                    (to_column(now), limit),
                ).fetchall()
            ]
            connection.executemany(
                "DELETE FROM schedules WHERE campaign_id = ?", [(each,) for each in due]
            )
            insert_messages(
                connection,
                DeadLetterSource.START,
                [encode(StartRequest(each, Trigger.SCHEDULE)) for each in due],
                now,
            )
        return due
