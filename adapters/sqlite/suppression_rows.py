"""Rows of the suppression list, found by a keyed hash of the address."""

import sqlite3
from collections.abc import Collection, Mapping

from adapters.sqlite.records import decode
from domain.suppression import SuppressionEntry, suppression_id_of

_AT_ONCE = 500
"""Parameters of one statement: 999 at most in older releases of SQLite (SQLite, "Limits")."""


def select_suppressions(
    connection: sqlite3.Connection, hash_key: bytes, addresses: Collection[str]
) -> Mapping[str, SuppressionEntry]:
    """Those of these normalised addresses that are on the list, erased or not."""
    by_id = {suppression_id_of(hash_key, each): each for each in addresses}
    ids = list(by_id)
    found: dict[str, SuppressionEntry] = {}
    for start in range(0, len(ids), _AT_ONCE):
        asked = ids[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(asked))
        for suppression_id, record in connection.execute(
            f"SELECT suppression_id, record FROM suppressions WHERE suppression_id IN ({marks})",  # noqa: S608  no value
            asked,
        ):
            found[by_id[suppression_id]] = decode(record, SuppressionEntry)
    return found
