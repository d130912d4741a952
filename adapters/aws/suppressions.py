"""The suppression list in DynamoDB."""

from collections.abc import Collection, Mapping

from adapters.aws.address_hash_key import AddressHashKey
from adapters.aws.listing import page_of
from adapters.aws.suppression_records import (
    item_to_suppression,
    item_to_suppression_entry,
    suppression_id_key,
    suppression_key,
    suppression_to_item,
)
from adapters.aws.table import Table, delete_unchanged, put_new, put_unchanged
from domain.errors import DependencyRefused, VersionConflict
from domain.identifiers import SuppressionId
from domain.ports.suppressions import SuppressionPage
from domain.suppression import Suppression, SuppressionEntry, suppression_id_of

_ATTEMPTS = 5
_BUSY = "Suppressions: other writers kept writing the same one."


class DynamoDBSuppressionRepository:
    """Implements `domain.ports.suppressions.SuppressionRepository`."""

    def __init__(self, table: Table, address_hash_key: AddressHashKey) -> None:
        """Over one table; found by the keyed hash of the address."""
        self._table = table
        self._address_hash_key = address_hash_key

    def add(self, suppression: Suppression) -> SuppressionEntry:
        """A conditional PutItem, unless it changes nothing."""
        suppression_id = suppression_id_of(self._address_hash_key(), suppression.address)
        key = suppression_id_key(suppression_id)
        for attempt in range(_ATTEMPTS):
            self._table.back_off(attempt)
            item = self._table.get(key)
            if item is None:
                entry = SuppressionEntry.of(suppression_id, suppression)
                put = put_new(suppression_to_item(entry))
            else:
                stored = item_to_suppression_entry(item)
                entry = stored.then(suppression)
                if entry == stored:
                    return stored
                put = put_unchanged(suppression_to_item(entry), item)
            try:
                self._table.put(put)
            except VersionConflict:
                continue
            return entry
        raise DependencyRefused(_BUSY)

    def find(self, addresses: Collection[str]) -> Mapping[str, Suppression]:
        """Consistent, 100 a request."""
        keys = {suppression_key(self._address_hash_key(), each): each for each in addresses}
        found = self._table.batch_get(list(keys), consistent=True)
        # Of one whose address was erased it is known only here.
        return {
            keys[key]: item_to_suppression({**item, "address": keys[key]})
            for key, item in found.items()
        }

    def entry(self, address: str) -> SuppressionEntry | None:
        """A consistent GetItem."""
        item = self._table.get(suppression_key(self._address_hash_key(), address))
        return None if item is None else item_to_suppression_entry(item)

    def remove(self, suppression_id: SuppressionId) -> SuppressionEntry | None:
        """A conditional DeleteItem, or a PutItem of what stays."""
        key = suppression_id_key(suppression_id)
        for attempt in range(_ATTEMPTS):
            self._table.back_off(attempt)
            item = self._table.get(key)
            if item is None:
                return None
            entry = item_to_suppression_entry(item)
            try:
                if entry.left is None:
                    self._table.transact([delete_unchanged(item)])
                else:
                    self._table.put(put_unchanged(suppression_to_item(entry.left), item))
            except VersionConflict:
                continue
            return entry
        raise DependencyRefused(_BUSY)

    def lift(self, entry: SuppressionEntry) -> bool:
        """A consistent GetItem, and a conditional DeleteItem."""
        item = self._table.get(suppression_id_key(entry.suppression_id))
        if item is None:
            return True
        if item_to_suppression_entry(item) != entry:
            return False
        try:
            self._table.transact([delete_unchanged(item)])
        except VersionConflict:
            return False
        return True

    def forget(self, suppression_id: SuppressionId) -> None:
        """A conditional PutItem of what stays."""
        key = suppression_id_key(suppression_id)
        for attempt in range(_ATTEMPTS):
            self._table.back_off(attempt)
            item = self._table.get(key)
            if item is None or not item.keys() & {"address", "note"}:
                return
            kept = {name: value for name, value in item.items() if name not in {"address", "note"}}
            try:
                self._table.put(put_unchanged(kept, item))
            except VersionConflict:
                continue
            return
        raise DependencyRefused(_BUSY)

    def page(self, limit: int, cursor: str | None) -> SuppressionPage:
        """From the index `listing`."""
        items, following = page_of(
            self._table,
            index="listing",
            attribute="listing",
            value="suppressions",
            key_of=lambda listing_id: suppression_id_key(SuppressionId(listing_id)),
            limit=limit,
            cursor=cursor,
        )
        return SuppressionPage(tuple(map(item_to_suppression_entry, items)), following)
