"""Fan-out ranges in DynamoDB."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.aws.campaign_writes import saved
from adapters.aws.delivery_records import (
    item_to_range,
    item_to_tally,
    manifest_to_item,
    progress_to_item,
    range_to_item,
)
from adapters.aws.keys import campaign_key
from adapters.aws.table import Check, Table, Write, put_new, put_version
from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk
from domain.fan_out import DeliveryProgress, FanOutRange
from domain.identifiers import CampaignId
from domain.tally import Tally


class DynamoDBFanOutRepository:
    """Implements `domain.ports.fan_out.FanOutRepository`."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def progress(self, campaign_id: CampaignId) -> DeliveryProgress:
        """One consistent Query: the range records and the tally shards stand side by side."""
        ranges: list[FanOutRange] = []
        tally = Tally()
        ends: list[datetime] = []
        pk, _ = campaign_key(campaign_id)
        for item in self._table.query(
            "pk = :pk AND sk BETWEEN :first AND :last",
            {":pk": pk, ":first": "RANGE#", ":last": "TALLY#~"},
            consistent=True,
        ):
            if item["sk"].startswith("RANGE#"):
                ranges.append(item_to_range(item))
            else:
                shard, last_finished_at = item_to_tally(item)
                tally += shard
                ends += [last_finished_at] if last_finished_at else []
        return DeliveryProgress(tuple(ranges), tally, max(ends, default=None))

    def claim(self, fan_out_range: FanOutRange, campaign: Campaign) -> tuple[FanOutRange, Campaign]:
        """One transaction of two conditional puts."""
        held = replace(fan_out_range, version=fan_out_range.version + 1)
        started = replace(campaign, version=campaign.version + 1)
        self._table.transact(
            [
                put_version(range_to_item(held), fan_out_range.version),
                *saved(started),
            ]
        )
        return held, started

    def append(self, fan_out_range: FanOutRange, chunks: Sequence[Chunk]) -> FanOutRange:
        """One transaction: manifests, progress, the range, and a check of the campaign."""
        advanced = replace(fan_out_range, version=fan_out_range.version + 1)
        expires_at = self._table.expires_at()
        writes: list[Write] = [
            put_version(range_to_item(advanced), fan_out_range.version),
            Check(
                campaign_key(fan_out_range.campaign_id),
                "#state = :sending",
                {"#state": "state"},
                {":sending": CampaignState.SENDING.value},
            ),
        ]
        for chunk in chunks:
            writes.append(put_new(manifest_to_item(chunk, expires_at)))
            writes.append(put_new(progress_to_item(chunk, expires_at)))
        self._table.transact(writes)
        return advanced

    def split(self, fan_out_range: FanOutRange, others: Sequence[FanOutRange]) -> FanOutRange:
        """One transaction of conditional puts."""
        stored = replace(fan_out_range, version=fan_out_range.version + 1)
        self._table.transact(
            [
                put_version(range_to_item(stored), fan_out_range.version),
                *(put_new(range_to_item(each)) for each in others),
            ]
        )
        return stored

    def save(self, fan_out_range: FanOutRange) -> FanOutRange:
        """A conditional PutItem."""
        stored = replace(fan_out_range, version=fan_out_range.version + 1)
        self._table.put(put_version(range_to_item(stored), fan_out_range.version))
        return stored
