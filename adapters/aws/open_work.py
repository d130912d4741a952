"""The index of open work in DynamoDB."""

from collections.abc import Sequence
from datetime import datetime

from adapters.aws.delivery_records import OPEN_SHARDS
from adapters.aws.keys import open_work_of
from adapters.aws.table import Item, Table
from adapters.aws.times import time_to_text
from domain.chunk import ChunkRef
from domain.identifiers import CampaignId


class DynamoDBOpenWork:
    """Implements `domain.ports.open_work.OpenWork`: one Query for each shard of the index."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def due(self, now: datetime, limit: int) -> Sequence[CampaignId | ChunkRef]:
        """Merged from the shards."""
        found: list[Item] = []
        for shard in range(OPEN_SHARDS):
            found += self._table.query(
                "open_shard = :shard AND next_check_at <= :now",
                {":shard": str(shard), ":now": time_to_text(now)},
                index="open_work",
                limit=limit,
            )
        found.sort(key=lambda item: str(item["next_check_at"]))
        return [open_work_of(item) for item in found[:limit]]
