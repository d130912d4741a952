"""Any number of values as one parameter: SQLite takes 999 in older releases (SQLite, "Limits")."""

import json
from collections.abc import Iterable

ANY_OF = "IN (SELECT value FROM json_each(?))"
"""With `listed` values as its parameter; SQLite looks each of them up in the index."""


def listed(values: Iterable[str]) -> str:
    """As JSON (SQLite, "JSON Functions And Operators")."""
    return json.dumps(list(values))
