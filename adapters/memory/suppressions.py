"""The suppression list in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from adapters.memory.database import MemoryDatabase, suppression_id
from adapters.memory.paging import page_of
from domain.identifiers import SuppressionId
from domain.ports.suppressions import SuppressionPage
from domain.suppression import Suppression, SuppressionEntry


class MemorySuppressionRepository:
    """Implements `domain.ports.suppressions.SuppressionRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, suppression: Suppression) -> SuppressionEntry:
        """Unless it holds back no more than what is there."""
        with self._database.lock:
            stored = self._database.suppression_entry(suppression.address)
            if stored is not None and not suppression.replaces(stored.scope):
                return stored
            added = suppression_id(suppression.address)
            self._database.suppressions[suppression.address] = suppression
            self._database.forgotten.pop(added, None)
            return SuppressionEntry.of(added, suppression)

    def find(self, addresses: Collection[str]) -> Mapping[str, Suppression]:
        """Those that are on it."""
        with self._database.lock:
            found = {each: self._database.suppression_entry(each) for each in addresses}
            return {
                address: Suppression(address, entry.reason, entry.since, entry.scope, entry.note)
                for address, entry in found.items()
                if entry is not None
            }

    def entry(self, address: str) -> SuppressionEntry | None:
        """By address."""
        with self._database.lock:
            return self._database.suppression_entry(address)

    def remove(self, suppression_id: SuppressionId) -> SuppressionEntry | None:
        """By id."""
        with self._database.lock:
            entry = self._entries().get(suppression_id)
            if entry is not None and entry.address is not None:
                del self._database.suppressions[entry.address]
            self._database.forgotten.pop(suppression_id, None)
            return entry

    def forget(self, suppression_id: SuppressionId) -> None:
        """What stays is not found by the address but by its hash."""
        with self._database.lock:
            entry = self._entries().get(suppression_id)
            if entry is None or entry.address is None:
                return
            del self._database.suppressions[entry.address]
            self._database.forgotten[suppression_id] = replace(entry, address=None, note=None)

    def page(self, limit: int, cursor: str | None) -> SuppressionPage:
        """By id."""
        with self._database.lock:
            entries = self._entries()
        keys, following = page_of(entries, limit, cursor)
        return SuppressionPage(tuple(entries[key] for key in keys), following)

    def _entries(self) -> dict[SuppressionId, SuppressionEntry]:
        known = [
            SuppressionEntry.of(suppression_id(address), suppression)
            for address, suppression in self._database.suppressions.items()
        ]
        return {
            **{entry.suppression_id: entry for entry in known},
            **self._database.forgotten,
        }
