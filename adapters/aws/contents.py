"""Content snapshots in DynamoDB."""

from adapters.aws.keys import content_key
from adapters.aws.table import StoredConflict, Table, put_new
from adapters.aws.template_records import content_to_item, item_to_content
from domain.identifiers import CampaignId
from domain.template import Content

_REMEMBERED = 16


class DynamoDBContentRepository:
    """Implements `domain.ports.contents.ContentRepository`; remembers the last few it read."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table
        self._contents: dict[CampaignId, Content] = {}

    def add_if_absent(self, campaign_id: CampaignId, content: Content) -> Content:
        """A conditional PutItem; where it fails, its answer holds the snapshot."""
        try:
            self._table.put(put_new(content_to_item(campaign_id, content)))
        except StoredConflict as conflict:
            return content if conflict.stored is None else item_to_content(conflict.stored)
        return content

    def get(self, campaign_id: CampaignId) -> Content | None:
        """A consistent GetItem, the first time."""
        remembered = self._contents.get(campaign_id)
        if remembered is not None:
            return remembered
        item = self._table.get(content_key(campaign_id))
        if item is None:
            return None
        if len(self._contents) >= _REMEMBERED:
            self._contents.clear()
        return self._contents.setdefault(campaign_id, item_to_content(item))
