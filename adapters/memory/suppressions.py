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
        """What is there, and this one after it."""
        with self._database.lock:
            stored = self._database.suppression_entry(suppression.address)
            if stored is None:
                added = suppression_id(suppression.address)
                entry = SuppressionEntry.of(added, suppression)
            else:
                entry = stored.then(suppression)
            self._keep(entry)
            return entry

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
            if entry is None:
                return None
            self._drop(entry)
            if entry.left is not None:
                self._keep(entry.left)
            return entry

    def lift(self, entry: SuppressionEntry) -> bool:
        """By what is there."""
        with self._database.lock:
            stored = self._entries().get(entry.suppression_id)
            if stored == entry:
                self._drop(entry)
            return stored in (None, entry)

    def forget(self, suppression_id: SuppressionId) -> None:
        """What stays is not found by the address but by its hash."""
        with self._database.lock:
            entry = self._entries().get(suppression_id)
            if entry is not None:
                self._drop(entry)
                self._keep(replace(entry, address=None, note=None))

    def page(self, limit: int, cursor: str | None) -> SuppressionPage:
        """By id."""
        with self._database.lock:
            entries = self._entries()
        keys, following = page_of(entries, limit, cursor)
        return SuppressionPage(tuple(entries[key] for key in keys), following)

    def _entries(self) -> dict[SuppressionId, SuppressionEntry]:
        known = self._database.suppression_entries(self._database.suppressions)
        return {**known, **self._database.forgotten}

    def _drop(self, entry: SuppressionEntry) -> None:
        if entry.address is not None:
            self._database.suppressions.pop(entry.address, None)
        self._database.forgotten.pop(entry.suppression_id, None)
        self._database.unsubscribed.pop(entry.suppression_id, None)

    def _keep(self, entry: SuppressionEntry) -> None:
        """In place of what is there under its id."""
        self._drop(entry)
        if entry.address is None:
            self._database.forgotten[entry.suppression_id] = entry
            return
        self._database.suppressions[entry.address] = Suppression(
            entry.address, entry.reason, entry.since, entry.scope, entry.note
        )
        if entry.unsubscribed is not None:
            self._database.unsubscribed[entry.suppression_id] = entry.unsubscribed
