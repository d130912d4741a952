"""Changes to be announced, in memory."""

from collections.abc import Sequence

from adapters.memory.database import MemoryDatabase
from domain.campaign_history import ChangeRef, StateChange


class MemoryCampaignChanges:
    """Implements `domain.ports.campaign_changes.CampaignChanges`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def due(self, limit: int) -> Sequence[ChangeRef]:
        """The oldest first."""
        with self._database.lock:
            found = sorted(self._database.changes.items(), key=lambda entry: entry[1].at)
        return [ref for ref, _ in found[:limit]]

    def get(self, ref: ChangeRef) -> StateChange | None:
        """As it was written."""
        return self._database.changes.get(ref)

    def remove(self, ref: ChangeRef) -> None:
        """Once, or not at all."""
        self._database.changes.pop(ref, None)
