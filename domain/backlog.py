"""What waits, of everything: what an operator looks at first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.dead_letter import DeadLetterSource


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """At one instant. Times are 0 where nothing waits; `dead_letters` has every source.

    `queued` are messages on the send queue, hidden and delayed ones included; `schedules` those
    that have not fired, of which the longest due has been due for `overdue`.
    """

    queued: int
    oldest_queued: timedelta
    schedules: int
    overdue: timedelta
    dead_letters: Mapping[DeadLetterSource, int]
