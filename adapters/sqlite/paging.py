"""Pages of a table in the order of its key: one row more is read, to know whether there is one."""

import sqlite3
from collections.abc import Sequence

from domain.errors import InvalidInput

AFTER_ALL = "~"
"""Greater than every id."""


def check_cursor(
    connection: sqlite3.Connection, table: str, key: str, cursor: str | None, **listed: str
) -> None:
    """A cursor is the last key of the page before.

    Raises InvalidInput where no row has it and, in its other columns, the values `listed`.
    """
    if cursor is None:
        return
    columns = {key: cursor, **listed}
    condition = " AND ".join(f"{name} = :{name}" for name in columns)
    found = connection.execute(f"SELECT 1 FROM {table} WHERE {condition}", columns)  # noqa: S608  names of this code
    if found.fetchone() is None:
        raise not_a_cursor()


def not_a_cursor() -> InvalidInput:
    """Of a cursor that another list gave, or none."""
    return InvalidInput("cursor", "Not a cursor of this list; start without one.")


def page_of(rows: Sequence[tuple[str, str]], limit: int) -> tuple[Sequence[str], str | None]:
    """The records of the first `limit` of (key, record), and the cursor if there is one more."""
    page = rows[:limit]
    return [record for _, record in page], page[-1][0] if len(rows) > limit else None


def in_key_range(key: str, *, lower: str, upper: str, after: str | None) -> tuple[str, list[str]]:
    """A condition that `key` is from `lower` to before `upper` and past `after`; its parameters.

    Of two bounds at one end SQLite seeks by one alone, and reads all rows between them.
    """
    if after is None or after < lower:
        return f"{key} >= ? AND {key} < ?", [lower, upper]
    return f"{key} > ? AND {key} < ?", [after, upper]
