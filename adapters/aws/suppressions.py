"""The suppression list in DynamoDB."""

from collections.abc import Collection, Mapping

from adapters.aws.address_hash_key import AddressHashKey
from adapters.aws.audience_records import item_to_suppression, suppression_to_item
from adapters.aws.keys import suppression_key
from adapters.aws.table import Table, put_new
from domain.errors import VersionConflict
from domain.suppression import Suppression


class DynamoDBSuppressionRepository:
    """Implements `domain.ports.suppressions.SuppressionRepository`."""

    def __init__(self, table: Table, address_hash_key: AddressHashKey) -> None:
        """Over one table; found by the keyed hash of the address."""
        self._table = table
        self._address_hash_key = address_hash_key

    def add(self, suppression: Suppression) -> None:
        """A conditional PutItem."""
        try:
            self._table.put(put_new(suppression_to_item(self._address_hash_key(), suppression)))
        except VersionConflict:
            return

    def find(self, addresses: Collection[str]) -> Mapping[str, Suppression]:
        """Consistent, 100 a request."""
        keys = {suppression_key(self._address_hash_key(), each): each for each in addresses}
        found = self._table.batch_get(list(keys), consistent=True)
        return {keys[key]: item_to_suppression(item) for key, item in found.items()}
