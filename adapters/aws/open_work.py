"""The index of open work in DynamoDB."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from adapters.aws.analytics import LINE_SHARD, line_ref_of
from adapters.aws.delivery_records import CAMPAIGN_SHARD, CHUNK_SHARDS
from adapters.aws.keys import (
    JOB_SHARD,
    SERIES_SHARD,
    open_work_of,
    series_of,
)
from adapters.aws.table import Item, Table
from adapters.aws.times import time_to_text
from domain.chunk import ChunkRef
from domain.identifiers import CampaignId, ContactId, JobId, SeriesId
from domain.job_run import ErasureRun, JobRun, Run
from domain.path_line import LineRef


class DynamoDBOpenWork:
    """Implements `domain.ports.open_work.OpenWork`: one Query for each shard of the index."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def due_campaigns(self, now: datetime, limit: int) -> Sequence[CampaignId]:
        """They have a shard of their own."""
        found = self._of_shard(CAMPAIGN_SHARD, now, limit)
        return [work for work in map(open_work_of, found) if not isinstance(work, ChunkRef)]

    def due_jobs(self, now: datetime, limit: int) -> Sequence[Run]:
        """They have a shard of their own."""
        return [_run_of(item) for item in self._of_shard(JOB_SHARD, now, limit)]

    def due_series(self, now: datetime, limit: int) -> Sequence[SeriesId]:
        """They have a shard of their own."""
        return [series_of(item) for item in self._of_shard(SERIES_SHARD, now, limit)]

    def due_lines(self, now: datetime, limit: int) -> Sequence[LineRef]:
        """They have a shard of their own."""
        return [line_ref_of(item) for item in self._of_shard(LINE_SHARD, now, limit)]

    def due(self, now: datetime, limit: int) -> Sequence[CampaignId | ChunkRef]:
        """Merged from the shards."""
        found = [
            item
            for shard in (CAMPAIGN_SHARD, *map(str, range(CHUNK_SHARDS)))
            for item in self._of_shard(shard, now, limit)
        ]
        found.sort(key=lambda item: str(item["next_check_at"]))
        return [open_work_of(item) for item in found[:limit]]

    def _of_shard(self, shard: str, now: datetime, limit: int) -> Iterator[Item]:
        return self._table.query(
            "open_shard = :shard AND next_check_at <= :now",
            {":shard": shard, ":now": time_to_text(now)},
            index="open_work",
            limit=limit,
        )


def _run_of(item: Item) -> Run:
    """What an entry of the shard `JOB_SHARD` names."""
    kind, name = item["pk"].split("#")
    return JobRun(JobId(name)) if kind == "JOB" else ErasureRun(ContactId(name))
