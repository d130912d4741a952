"""The send rate shared by all workers."""

from datetime import datetime, timedelta
from typing import Protocol

from domain.grants import Grant


class RateLimiter(Protocol):
    """Grants places in time, so that no one-second window holds more than the limit.

    Shared by every worker of the account; grants are first come, first served.
    """

    @property
    def limit(self) -> int:
        """Messages a second; the most that one request may ask for."""
        ...

    def request(self, messages: int, now: datetime, patience: timedelta) -> Grant | timedelta:
        """A grant at most `patience` after `now`, or how long the wait would be.

        A refusal consumes nothing. A grant not used within its tolerance is lost: ask again.
        Raises DependencyFault: nothing may be sent.
        """
        ...
