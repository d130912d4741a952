"""The index of open work in SQLite: an index over the times of each table that holds some."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.times import to_column
from domain.chunk import ChunkRef
from domain.identifiers import CampaignId, ContactId, JobId, SeriesId
from domain.job_run import ErasureRun, JobRun, Run
from domain.path_line import LineRef


class SqliteOpenWork:
    """Implements `domain.ports.open_work.OpenWork`: each method is one statement."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def due_campaigns(self, now: datetime, limit: int) -> Sequence[CampaignId]:
        """Longest due first."""
        rows = self._due(
            "SELECT campaign_id FROM campaigns WHERE next_check_at <= :now"
            " ORDER BY next_check_at LIMIT :limit",
            now,
            limit,
        )
        return [CampaignId(campaign_id) for (campaign_id,) in rows]

    def due_jobs(self, now: datetime, limit: int) -> Sequence[Run]:
        """Longest due first."""
        rows = self._due(
            "SELECT job_id, NULL, next_check_at FROM jobs WHERE next_check_at <= :now"
            " UNION ALL"
            " SELECT NULL, contact_id, next_check_at FROM erasures WHERE next_check_at <= :now"
            " ORDER BY next_check_at LIMIT :limit",
            now,
            limit,
        )
        return [
            ErasureRun(ContactId(contact_id)) if job_id is None else JobRun(JobId(job_id))
            for job_id, contact_id, _ in rows
        ]

    def due_series(self, now: datetime, limit: int) -> Sequence[SeriesId]:
        """Longest due first."""
        rows = self._due(
            "SELECT series_id FROM series WHERE next_check_at <= :now"
            " ORDER BY next_check_at LIMIT :limit",
            now,
            limit,
        )
        return [SeriesId(series_id) for (series_id,) in rows]

    def due_lines(self, now: datetime, limit: int) -> Sequence[LineRef]:
        """Longest due first."""
        rows = self._due(
            "SELECT day, campaign_id FROM path_lines WHERE next_look_at <= :now"
            " ORDER BY next_look_at LIMIT :limit",
            now,
            limit,
        )
        return [LineRef(date.fromisoformat(day), CampaignId(each)) for day, each in rows]

    def due(self, now: datetime, limit: int) -> Sequence[CampaignId | ChunkRef]:
        """Longest due first."""
        rows = self._due(
            "SELECT campaign_id, NULL, NULL, next_check_at"
            " FROM campaigns WHERE next_check_at <= :now"
            " UNION ALL"
            " SELECT campaign_id, range_number, number, next_check_at"
            " FROM chunks WHERE next_check_at <= :now"
            " ORDER BY next_check_at LIMIT :limit",
            now,
            limit,
        )
        return [
            CampaignId(campaign_id)
            if number is None
            else ChunkRef(CampaignId(campaign_id), range_number, number)
            for campaign_id, range_number, number, _ in rows
        ]

    def _due(self, statement: str, now: datetime, limit: int) -> list[Any]:
        with self._database.reading() as connection:
            return connection.execute(statement, {"now": to_column(now), "limit": limit}).fetchall()
