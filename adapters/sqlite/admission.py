"""Admission control in SQLite: shared by all processes that have the file open."""

import sqlite3
from datetime import datetime, timedelta

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.records import decode, encode
from domain.admission import Admissions, StartLimits


class SqliteAdmissionControl:
    """Implements `domain.ports.admission.AdmissionControl` by one row, read and written in turn.

    A loss of power may give tokens back: when the machine is back, every bucket is full anyway.
    """

    def __init__(self, database: SqliteDatabase, limits: StartLimits) -> None:
        """Over a shared database."""
        self._database = database
        self._limits = limits

    def admit(self, key_id: str | None, now: datetime) -> timedelta | None:
        """Takes no turn at writing where there is no token."""
        with self._database.reading() as connection:
            seen = _select_admissions(connection).take(key_id, now, self._limits)
        if isinstance(seen, timedelta):
            return seen
        with self._database.writing_unsynced() as connection:
            taken = _select_admissions(connection).take(key_id, now, self._limits)
            if isinstance(taken, timedelta):
                return taken
            connection.execute(
                "INSERT OR REPLACE INTO admissions (only, record) VALUES (1, ?)", (encode(taken),)
            )
        return None


def _select_admissions(connection: sqlite3.Connection) -> Admissions:
    row = connection.execute("SELECT record FROM admissions").fetchone()
    return Admissions() if row is None else decode(row[0], Admissions)
