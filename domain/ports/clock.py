"""Time."""

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The only source of time in the domain.

    Wall time is shared by all processes and may step; monotonic time is this process's own and
    never goes back: durations that guard a send are measured by it.
    """

    def now(self) -> datetime:
        """Wall time, aware, in UTC."""
        ...

    def monotonic(self) -> timedelta:
        """Time since an arbitrary instant; never goes back."""
        ...

    def sleep(self, duration: timedelta) -> None:
        """Return once `duration` has passed; at once if it is not positive."""
        ...
