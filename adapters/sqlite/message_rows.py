"""Rows of messages: one table holds every queue, each by its name."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.sqlite.times import to_column
from domain.dead_letter import DeadLetterSource

_COLUMNS = "message_id, body, receives"


@dataclass(frozen=True, slots=True)
class Message:
    """One as it was received: `receives` counts this time, too."""

    message_id: int
    body: str
    receives: int

    @property
    def receipt(self) -> str:
        """Good for this receive alone."""
        return f"{self.message_id}.{self.receives}"


def insert_messages(
    connection: sqlite3.Connection,
    queue: DeadLetterSource,
    bodies: Iterable[str],
    now: datetime,
    delay: timedelta = timedelta(),
) -> None:
    """One for each body, to be seen after `delay`."""
    hidden_until = to_column(now + delay) if delay > timedelta() else None
    connection.executemany(
        "INSERT INTO messages (queue, body, sent_at, hidden_until) VALUES (?, ?, ?, ?)",
        [(queue, body, to_column(now), hidden_until) for body in bodies],
    )


def is_any_visible(connection: sqlite3.Connection, queue: DeadLetterSource, now: int) -> bool:
    """Whether there is something to receive, or to give up."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM messages WHERE queue = ? AND hidden_until IS NULL)"
        " OR EXISTS (SELECT 1 FROM messages WHERE queue = ? AND hidden_until <= ?)",
        (queue, queue, now),
    ).fetchone()
    return bool(row[0])


def receive_messages(
    connection: sqlite3.Connection,
    queue: DeadLetterSource,
    limit: int,
    *,
    now: int,
    hidden_until: int,
) -> Sequence[Message]:
    """Up to `limit`, hidden from now on: those that have waited in hiding, then new ones."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM messages WHERE queue = ? AND hidden_until <= ?"  # noqa: S608  no value
        " ORDER BY hidden_until LIMIT ?",
        (queue, now, limit),
    ).fetchall()
    rows += connection.execute(
        f"SELECT {_COLUMNS} FROM messages WHERE queue = ? AND hidden_until IS NULL"  # noqa: S608  no value
        " ORDER BY message_id LIMIT ?",
        (queue, limit - len(rows)),
    ).fetchall()
    connection.executemany(
        "UPDATE messages SET hidden_until = ?, receives = receives + 1 WHERE message_id = ?",
        [(hidden_until, message_id) for message_id, _, _ in rows],
    )
    return [Message(message_id, body, receives + 1) for message_id, body, receives in rows]


def delete_received(connection: sqlite3.Connection, receipts: Iterable[str]) -> None:
    """Those that nobody has received since."""
    connection.executemany(
        "DELETE FROM messages WHERE message_id = ? AND receives = ?",
        [receipt.split(".") for receipt in receipts],
    )


def hide_received(connection: sqlite3.Connection, message: Message, hidden_until: int) -> None:
    """Until then, unless somebody has received it since."""
    connection.execute(
        "UPDATE messages SET hidden_until = ? WHERE message_id = ? AND receives = ?",
        (hidden_until, message.message_id, message.receives),
    )
