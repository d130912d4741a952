"""The rate limit in memory: shared by the workers of one process."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from domain.grants import Grant, GrantLog
from domain.priority import Priority

logger = logging.getLogger(__name__)


class MemoryRateLimiter:
    """Implements `domain.ports.rate_limiter.RateLimiter`."""

    def __init__(self, limit: int | Callable[[], int]) -> None:
        """`limit` messages a second, or who tells it."""
        self._limit = limit
        self._log = GrantLog()
        self._lock = Lock()

    @property
    def limit(self) -> int:
        """Messages a second."""
        return self._limit() if callable(self._limit) else self._limit

    def request(
        self, messages: int, now: datetime, patience: timedelta, priority: Priority
    ) -> Grant | timedelta:
        """By the sliding log."""
        limit = self.limit
        with self._lock:
            self._log, answer = self._log.request(messages, now, patience, limit, priority)
            return answer

    def slow_down(self, now: datetime) -> None:
        """In the log."""
        limit = self.limit
        with self._lock:
            slowed = self._log.slowed_down(now, limit)
            if slowed is self._log:
                return
            self._log = slowed
        logger.warning("Throttled: slowed to %d of %d a second", slowed.pace(now, limit), limit)
