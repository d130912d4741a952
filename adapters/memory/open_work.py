"""The index of open work in memory."""

from collections.abc import Sequence
from datetime import datetime

from adapters.memory.database import MemoryDatabase
from domain.chunk import ChunkRef
from domain.identifiers import CampaignId, SeriesId
from domain.job_run import ErasureRun, JobRun, Run
from domain.path_line import LineRef


class MemoryOpenWork:
    """Implements `domain.ports.open_work.OpenWork`: small enough to look through."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def due_campaigns(self, now: datetime, limit: int) -> Sequence[CampaignId]:
        """Longest due first."""
        found = self.due(now, len(self._database.campaigns) + len(self._database.chunks))
        return [work for work in found if not isinstance(work, ChunkRef)][:limit]

    def due_jobs(self, now: datetime, limit: int) -> Sequence[Run]:
        """Longest due first."""
        with self._database.lock:
            found: list[tuple[datetime | None, Run]] = [
                *((job.next_check_at, JobRun(job.job_id)) for job in self._database.jobs.values()),
                *(
                    (each.next_check_at, ErasureRun(each.contact_id))
                    for each in self._database.erasures.values()
                ),
            ]
        due = [(at, run) for at, run in found if at is not None and at <= now]
        due.sort(key=lambda entry: entry[0])
        return [run for _, run in due[:limit]]

    def due_series(self, now: datetime, limit: int) -> Sequence[SeriesId]:
        """Longest due first."""
        with self._database.lock:
            found = [
                (each.next_check_at, each.series_id) for each in self._database.series.values()
            ]
        due = sorted((at, series_id) for at, series_id in found if at is not None and at <= now)
        return [series_id for _, series_id in due[:limit]]

    def due_lines(self, now: datetime, limit: int) -> Sequence[LineRef]:
        """Longest due first."""
        with self._database.lock:
            found = [(line.next_look_at, ref) for ref, line in self._database.lines.items()]
        due = sorted((at, ref) for at, ref in found if at is not None and at <= now)
        return [ref for _, ref in due[:limit]]

    def due(self, now: datetime, limit: int) -> Sequence[CampaignId | ChunkRef]:
        """Longest due first."""
        with self._database.lock:
            found: list[tuple[datetime, CampaignId | ChunkRef]] = [
                (campaign.next_check_at, campaign.campaign_id)
                for campaign in self._database.campaigns.values()
                if campaign.next_check_at is not None and campaign.next_check_at <= now
            ]
            found += [
                (chunk.next_check_at, chunk.ref)
                for chunk in self._database.chunks.values()
                if chunk.next_check_at is not None and chunk.next_check_at <= now
            ]
        found.sort(key=lambda entry: entry[0])
        return [work for _, work in found[:limit]]
