"""The suppression list in DynamoDB."""

from adapters.aws.address_hash_key import AddressHashKey
from adapters.aws.audience_records import suppression_to_item
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
