"""The rate limit in memory: shared by the workers of one process."""

from datetime import datetime, timedelta
from threading import Lock

from domain.grants import Grant, GrantLog


class MemoryRateLimiter:
    """Implements `domain.ports.rate_limiter.RateLimiter`."""

    def __init__(self, limit: int) -> None:
        """`limit` messages a second."""
        self._limit = limit
        self._log = GrantLog()
        self._lock = Lock()

    @property
    def limit(self) -> int:
        """Messages a second."""
        return self._limit

    def request(self, messages: int, now: datetime, patience: timedelta) -> Grant | timedelta:
        """By the sliding log."""
        with self._lock:
            grant = self._log.next_grant(messages, now, self._limit)
            if grant.at - now > patience:
                return grant.at - now
            self._log = self._log.with_grant(grant, now)
            return grant

    def slow_down(self, now: datetime) -> None:
        """Not yet."""
