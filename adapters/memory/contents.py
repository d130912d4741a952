"""Content snapshots in memory."""

from adapters.memory.database import MemoryDatabase
from domain.identifiers import CampaignId
from domain.template import Content


class MemoryContentRepository:
    """Implements `domain.ports.contents.ContentRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add_if_absent(self, campaign_id: CampaignId, content: Content) -> Content:
        """The first one stays."""
        return self._database.contents.setdefault(campaign_id, content)

    def get(self, campaign_id: CampaignId) -> Content | None:
        """The snapshot."""
        return self._database.contents.get(campaign_id)
