"""The analytics of campaigns in SQLite."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.records import decode, encode
from adapters.sqlite.times import optional_to_column, to_column
from domain.errors import VersionConflict
from domain.path_line import RETENTION, LineRef, PathLine


class SqliteAnalyticsRepository:
    """Implements `domain.ports.analytics.AnalyticsRepository`."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def get(self, ref: LineRef) -> PathLine | None:
        """As last committed."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT record FROM path_lines WHERE day = ? AND campaign_id = ?",
                (ref.day.isoformat(), ref.campaign_id),
            ).fetchone()
        return None if row is None else decode(row[0], PathLine)

    def save(self, line: PathLine) -> PathLine:
        """By version; a new one sweeps away those that have expired."""
        stored = replace(line, version=line.version + 1)
        columns = (
            stored.version,
            optional_to_column(stored.next_look_at),
            to_column(stored.as_of + RETENTION),
            encode(stored),
            stored.ref.day.isoformat(),
            stored.ref.campaign_id,
        )
        with self._database.writing() as connection:
            if line.version == 0:
                connection.execute(
                    "DELETE FROM path_lines WHERE expires_at <= ?", (to_column(line.as_of),)
                )
                written = connection.execute(
                    "INSERT INTO path_lines"
                    " (version, next_look_at, expires_at, record, day, campaign_id)"
                    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    columns,
                )
            else:
                written = connection.execute(
                    "UPDATE path_lines"
                    " SET version = ?, next_look_at = ?, expires_at = ?, record = ?"
                    " WHERE day = ? AND campaign_id = ? AND version = ?",
                    (*columns, line.version),
                )
            if written.rowcount == 0:
                raise VersionConflict(f"line of campaign {line.ref.campaign_id}")
        return stored

    def of_day(self, day: date) -> Sequence[PathLine]:
        """A part of the table, which is in the order of days."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT record FROM path_lines WHERE day = ?", (day.isoformat(),)
            ).fetchall()
        return [decode(record, PathLine) for (record,) in rows]
