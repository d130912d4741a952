"""What waits, of everything: what an operator looks at first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.dead_letter import DeadLetterSource
from domain.priority import Priority


@dataclass(frozen=True, slots=True)
class Queued:
    """Messages on one queue, hidden and delayed ones included, and the age of the oldest."""

    messages: int = 0
    oldest: timedelta = timedelta()


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """At one instant. Times are 0 where nothing waits; `dead_letters` has every source.

    `queued` are those on the send queue of each priority; `schedules` those that have not fired, of
    which the longest due has been due for `overdue`.
    """

    queued: Mapping[Priority, Queued]
    schedules: int
    overdue: timedelta
    dead_letters: Mapping[DeadLetterSource, int]
