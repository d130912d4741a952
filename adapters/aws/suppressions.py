"""The suppression list in DynamoDB."""

from collections.abc import Collection, Mapping

from adapters.aws.address_hash_key import AddressHashKey
from adapters.aws.audience_records import (
    item_to_suppression,
    item_to_suppression_entry,
    suppression_to_item,
)
from adapters.aws.keys import suppression_id_key, suppression_key
from adapters.aws.listing import page_of
from adapters.aws.table import Put, StoredConflict, Table
from domain.errors import DependencyRefused, VersionConflict
from domain.identifiers import SuppressionId
from domain.ports.suppressions import SuppressionPage
from domain.suppression import Suppression, SuppressionEntry, SuppressionScope

_ATTEMPTS = 5
_ABSENT = "attribute_not_exists(pk)"
_WEAKER = f"{_ABSENT} OR #scope = :marketing"


class DynamoDBSuppressionRepository:
    """Implements `domain.ports.suppressions.SuppressionRepository`."""

    def __init__(self, table: Table, address_hash_key: AddressHashKey) -> None:
        """Over one table; found by the keyed hash of the address."""
        self._table = table
        self._address_hash_key = address_hash_key

    def add(self, suppression: Suppression) -> SuppressionEntry:
        """A conditional PutItem."""
        item = suppression_to_item(self._address_hash_key(), suppression)
        if suppression.replaces(SuppressionScope.MARKETING):
            put = Put(
                item,
                _WEAKER,
                {"#scope": "scope"},
                {":marketing": SuppressionScope.MARKETING.value},
            )
        else:
            put = Put(item, _ABSENT)
        try:
            self._table.put(put)
        except StoredConflict as conflict:
            if conflict.stored is None:
                raise VersionConflict("suppression") from conflict
            return item_to_suppression_entry(conflict.stored)
        return item_to_suppression_entry(item)

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
        """A DeleteItem."""
        item = self._table.delete(suppression_id_key(suppression_id))
        return None if item is None else item_to_suppression_entry(item)

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
                # One that took its place meanwhile is of another moment.
                self._table.put(
                    Put(kept, "#since = :since", {"#since": "since"}, {":since": item["since"]})
                )
            except VersionConflict:
                continue
            return
        raise DependencyRefused("Suppressions: other writers kept writing the same one.")

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
