"""The suppression list in memory."""

from collections.abc import Collection, Mapping

from adapters.memory.database import MemoryDatabase
from domain.suppression import Suppression


class MemorySuppressionRepository:
    """Implements `domain.ports.suppressions.SuppressionRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, suppression: Suppression) -> None:
        """The first reason stays."""
        self._database.suppressions.setdefault(suppression.address, suppression)

    def find(self, addresses: Collection[str]) -> Mapping[str, Suppression]:
        """Those that are on it."""
        stored = self._database.suppressions
        return {each: stored[each] for each in addresses if each in stored}
