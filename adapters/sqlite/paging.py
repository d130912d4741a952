"""Pages of a table in the order of its key: one row more is read, to know whether there is one."""

import sqlite3
from collections.abc import Sequence

from domain.errors import InvalidInput


def check_cursor(connection: sqlite3.Connection, table: str, key: str, cursor: str | None) -> None:
    """A cursor is the last key of the page before. Raises InvalidInput where nothing has it."""
    if cursor is None:
        return
    found = connection.execute(f"SELECT 1 FROM {table} WHERE {key} = ?", (cursor,))  # noqa: S608  names of this code
    if found.fetchone() is None:
        raise InvalidInput("cursor", "Not a cursor of this list; start without one.")


def page_of(rows: Sequence[tuple[str, str]], limit: int) -> tuple[Sequence[str], str | None]:
    """The records of the first `limit` of (key, record), and the cursor if there is one more."""
    page = rows[:limit]
    return [record for _, record in page], page[-1][0] if len(rows) > limit else None
