"""Changes to be announced, in DynamoDB."""

import json
from collections.abc import Sequence

from adapters.aws.delivery_records import row_to_change
from adapters.aws.keys import CHANGE_SHARD, change_key, change_of
from adapters.aws.table import Table
from domain.campaign_history import ChangeRef, StateChange


class DynamoDBCampaignChanges:
    """Implements `domain.ports.campaign_changes.CampaignChanges`."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def due(self, limit: int) -> Sequence[ChangeRef]:
        """A shard of the index `open_work`."""
        found = self._table.query(
            "open_shard = :shard", {":shard": CHANGE_SHARD}, index="open_work", limit=limit
        )
        return [change_of(item) for item in found]

    def get(self, ref: ChangeRef) -> StateChange | None:
        """A consistent GetItem."""
        item = self._table.get(change_key(ref))
        return None if item is None else row_to_change(json.loads(item["change"]))

    def remove(self, ref: ChangeRef) -> None:
        """A DeleteItem."""
        self._table.delete(change_key(ref))
