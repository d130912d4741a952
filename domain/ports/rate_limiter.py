"""The send rate shared by all workers."""

from datetime import datetime, timedelta
from typing import Protocol

from domain.grants import Grant
from domain.priority import Priority


class RateLimiter(Protocol):
    """Grants places in time, so that no one-second window holds more than the limit.

    Shared by every worker of the account; grants are first come, first served within a priority,
    and each priority has its share of the rate while others ask, and all of it while none does. The
    limit is what the account allows or less; the pace is as much, but for a while after the
    provider throttled.

    Workers' clocks may differ by `LONGEST_WAIT`. One that is further ahead, or was until it was set
    back, stops nobody: what it was granted counts for nothing by a clock that is right.
    """

    @property
    def limit(self) -> int:
        """Messages a second, as last known; the most that one request may ask for."""
        ...

    def request(
        self, messages: int, now: datetime, patience: timedelta, priority: Priority
    ) -> Grant | timedelta:
        """A grant at most `patience` and `LONGEST_WAIT` after `now`, or how long the wait would be.

        It may be for fewer than `messages`, never for none: no more than a second holds at the
        present pace, and less while other priorities take a part of that. A refusal consumes
        nothing, but has the other priorities leave room as a grant has, until after the wait: who
        asks again then gets its share, however far ahead the others have grants. A grant not used
        within its tolerance is lost: ask again. Raises DependencyFault: nothing may be sent.
        """
        ...

    def slow_down(self, now: datetime) -> None:
        """The provider throttled: halve the pace of all workers, which recovers by itself.

        Told again within a second it is the same throttling, and changes nothing; also until a
        second after the last grant that was made before, whose mails it may be. Raises
        DependencyFault.
        """
        ...
