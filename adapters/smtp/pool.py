"""Connections that wait for the next batch."""

from collections.abc import Callable
from datetime import timedelta
from threading import Lock

from adapters.smtp.connection import Deadline, SmtpConnection

IDLE = timedelta(seconds=30)
"""Longer than between two batches of a campaign; shorter than what stands between forgets in."""


class ConnectionPool:
    """The one used last is taken first, so that those there are too many of grow old."""

    def __init__(
        self, connect: Callable[[Deadline], SmtpConnection], monotonic: Callable[[], timedelta]
    ) -> None:
        self._connect = connect
        self._monotonic = monotonic
        self._waiting: list[tuple[timedelta, SmtpConnection]] = []
        self._lock = Lock()

    def take(self, deadline: Deadline) -> tuple[SmtpConnection, bool]:
        """A connection, and whether it is a new one. Raises what `connect` does.

        Whether an older one still stands shows when a mail is begun on it, and not before.
        """
        self._close_idle()
        waiting = self._pop()
        if waiting is None:
            return self._connect(deadline), True
        waiting.deadline = deadline
        return waiting, False

    def give(self, connection: SmtpConnection) -> None:
        """For whoever comes next, if it still stands as far as is known."""
        if connection.is_open:
            with self._lock:
                self._waiting.append((self._monotonic(), connection))

    def close(self) -> None:
        """All that wait."""
        while (waiting := self._pop()) is not None:
            waiting.close(politely=True)

    def _pop(self) -> SmtpConnection | None:
        with self._lock:
            return self._waiting.pop()[1] if self._waiting else None

    def _close_idle(self) -> None:
        since = self._monotonic() - IDLE
        with self._lock:
            idle = [each for at, each in self._waiting if at < since]
            self._waiting = [(at, each) for at, each in self._waiting if at >= since]
        for connection in idle:
            connection.close(politely=True)
