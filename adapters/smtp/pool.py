"""Connections that wait for the next batch."""

from collections.abc import Callable
from datetime import timedelta
from threading import Lock

from adapters.smtp.connection import Deadline, SmtpConnection

IDLE = timedelta(seconds=30)
"""Longer than between two batches of a campaign; shorter than what stands between forgets in."""
_FAREWELL = timedelta(seconds=1)
"""In which a server that is there answers QUIT; nobody waits longer for one that is not."""
_TRIED_AGAIN = timedelta(seconds=30)
"""For more connections than the server takes of us: some take none of who asks all the time."""


class ConnectionPool:
    """The one used last is taken first, so that those there are too many of grow old."""

    def __init__(
        self, connect: Callable[[Deadline], SmtpConnection], monotonic: Callable[[], timedelta]
    ) -> None:
        self._connect = connect
        self._monotonic = monotonic
        self._waiting: list[tuple[timedelta, SmtpConnection]] = []
        self._is_over = False
        self._full_until: timedelta | None = None
        self._lock = Lock()

    def take(self, deadline: Deadline) -> tuple[SmtpConnection, bool]:
        """A connection, and whether it is a new one. Raises what `connect` does.

        Whether an older one still stands shows when a mail is begun on it, and not before.
        """
        waiting = self._take_waiting(deadline)
        return (self._connect(deadline), True) if waiting is None else (waiting, False)

    def take_another(self, deadline: Deadline) -> tuple[SmtpConnection, bool] | None:
        """Likewise, for who can be done without; None where the last try for one failed lately."""
        waiting = self._take_waiting(deadline)
        if waiting is not None:
            return waiting, False
        if self._full_until is not None and self._monotonic() < self._full_until:
            return None
        try:
            return self._connect(deadline), True
        except Exception:
            self._full_until = self._monotonic() + _TRIED_AGAIN
            raise

    def give(self, connection: SmtpConnection) -> None:
        """For whoever comes next, if it still stands as far as is known."""
        with self._lock:
            if connection.is_open and not self._is_over:
                self._waiting.append((self._monotonic(), connection))
                return
        connection.close(politely=True)

    def close(self) -> None:
        """All that wait, and whatever is given from now on: nobody comes next."""
        with self._lock:
            self._is_over = True
            waiting = [each for _, each in self._waiting]
            self._waiting = []
        for connection in waiting:
            connection.quit()
        deadline = Deadline(self._monotonic() + _FAREWELL, self._monotonic)
        for connection in waiting:
            connection.deadline = deadline
            connection.close_once_answered()

    def _take_waiting(self, deadline: Deadline) -> SmtpConnection | None:
        self._close_idle()
        waiting = self._pop()
        if waiting is not None:
            waiting.deadline = deadline
        return waiting

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
