"""The machine's clocks."""

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Implements `domain.ports.clock.Clock`."""

    def now(self) -> datetime:
        """The system's wall clock."""
        return datetime.now(UTC)

    def monotonic(self) -> timedelta:
        """The process's monotonic clock."""
        return timedelta(seconds=time.monotonic())

    def sleep(self, duration: timedelta) -> None:
        """Block this thread."""
        if duration > timedelta():
            time.sleep(duration.total_seconds())
