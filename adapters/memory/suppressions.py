"""The suppression list in memory."""

from collections.abc import Collection, Mapping

from adapters.memory.database import MemoryDatabase
from adapters.memory.paging import page_of
from domain.identifiers import SuppressionId
from domain.ports.suppressions import SuppressionPage
from domain.suppression import Suppression, SuppressionEntry, suppression_id_of

_HASH_KEY = b"memory"
"""No secret: nothing of it outlives the process, and the addresses are beside the ids."""


class MemorySuppressionRepository:
    """Implements `domain.ports.suppressions.SuppressionRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, suppression: Suppression) -> SuppressionEntry:
        """Unless it holds back no more than what is there."""
        with self._database.lock:
            stored = self._database.suppressions.get(suppression.address)
            if stored is not None and not suppression.replaces(stored.scope):
                return _entry(stored)
            self._database.suppressions[suppression.address] = suppression
            return _entry(suppression)

    def find(self, addresses: Collection[str]) -> Mapping[str, Suppression]:
        """Those that are on it."""
        stored = self._database.suppressions
        return {each: stored[each] for each in addresses if each in stored}

    def entry(self, address: str) -> SuppressionEntry | None:
        """By address."""
        stored = self._database.suppressions.get(address)
        return None if stored is None else _entry(stored)

    def remove(self, suppression_id: SuppressionId) -> SuppressionEntry | None:
        """By id."""
        with self._database.lock:
            entry = self._entries().get(suppression_id)
            if entry is not None and entry.address is not None:
                del self._database.suppressions[entry.address]
            return entry

    def page(self, limit: int, cursor: str | None) -> SuppressionPage:
        """By id."""
        with self._database.lock:
            entries = self._entries()
        keys, following = page_of(entries, limit, cursor)
        return SuppressionPage(tuple(entries[key] for key in keys), following)

    def _entries(self) -> dict[SuppressionId, SuppressionEntry]:
        entries = map(_entry, self._database.suppressions.values())
        return {entry.suppression_id: entry for entry in entries}


def _entry(suppression: Suppression) -> SuppressionEntry:
    return SuppressionEntry.of(suppression_id_of(_HASH_KEY, suppression.address), suppression)
