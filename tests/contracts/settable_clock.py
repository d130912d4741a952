"""A clock that tests move."""

from datetime import UTC, datetime, timedelta
from threading import Lock

START = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)


class SettableClock:
    """Implements `domain.ports.clock.Clock`; sleeping moves it on, at once."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._passed = timedelta()
        self._lock = Lock()

    def now(self) -> datetime:
        """What it was set to, and what has passed since."""
        return self._now + self._passed

    def monotonic(self) -> timedelta:
        """What has passed."""
        return self._passed

    def sleep(self, duration: timedelta) -> None:
        """Let `duration` pass."""
        if duration > timedelta():
            with self._lock:
                self._passed += duration
