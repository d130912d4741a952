"""Rows of dead letters: messages that were given up, and why."""

import sqlite3
from typing import NamedTuple

from domain.dead_letter import DeadLetterSource

_COLUMNS = "message_id, queue, body, sent_at, receives"


class DeadLetterRow(NamedTuple):
    """As it is stored."""

    message_id: int
    body: str
    sent_at: int
    receives: int
    reason: str


def give_up_exhausted(
    connection: sqlite3.Connection, queue: DeadLetterSource, *, now: int, max_receives: int
) -> None:
    """Those of `queue` that came so often and were not acknowledged."""
    which = "FROM messages WHERE queue = ? AND hidden_until <= ? AND receives >= ?"
    moved = connection.execute(
        f"INSERT INTO dead_letters ({_COLUMNS}, reason)"
        f" SELECT {_COLUMNS}, 'received too often; the log says why' {which}",
        (queue, now, max_receives),
    )
    if moved.rowcount:
        connection.execute(f"DELETE {which}", (queue, now, max_receives))


def give_up_message(connection: sqlite3.Connection, message_id: int, reason: str) -> None:
    """As it is."""
    connection.execute(
        f"INSERT INTO dead_letters ({_COLUMNS}, reason)"  # noqa: S608  no value
        f" SELECT {_COLUMNS}, ? FROM messages WHERE message_id = ?",
        (reason, message_id),
    )
    connection.execute("DELETE FROM messages WHERE message_id = ?", (message_id,))


def select_dead_letters(
    connection: sqlite3.Connection, queue: DeadLetterSource, limit: int
) -> list[DeadLetterRow]:
    """Of `queue`, the oldest first."""
    rows = connection.execute(
        "SELECT message_id, body, sent_at, receives, reason FROM dead_letters"
        " WHERE queue = ? ORDER BY sent_at, message_id LIMIT ?",
        (queue, limit),
    )
    return [DeadLetterRow(*row) for row in rows]


def delete_dead_letter(connection: sqlite3.Connection, message_id: int) -> None:
    """Nothing if it is gone."""
    connection.execute("DELETE FROM dead_letters WHERE message_id = ?", (message_id,))
