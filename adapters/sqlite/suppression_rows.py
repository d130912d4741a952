"""Rows of the suppression list, found by a keyed hash of the address."""

import sqlite3
from collections.abc import Collection, Mapping

from adapters.sqlite.parameters import ANY_OF, listed
from adapters.sqlite.records import decode
from domain.suppression import SuppressionEntry, suppression_id_of


def select_suppressions(
    connection: sqlite3.Connection, hash_key: bytes, addresses: Collection[str]
) -> Mapping[str, SuppressionEntry]:
    """Those of these normalised addresses that are on the list, erased or not."""
    by_id = {suppression_id_of(hash_key, each): each for each in addresses}
    rows = connection.execute(
        f"SELECT suppression_id, record FROM suppressions WHERE suppression_id {ANY_OF}",  # noqa: S608  no value
        (listed(by_id),),
    )
    return {by_id[each]: decode(record, SuppressionEntry) for each, record in rows}
