"""The sliding log of a rate limit: never more than the limit in any one-second window.

A token bucket lets a full bucket and a second's refill fall into one window; this log does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=1)
TOLERANCE = timedelta(milliseconds=250)
"""How late a grant may be used. The window is wider by it, so a late use breaks no promise."""
RECOVERY = timedelta(minutes=1)
"""After so long the pace is the limit again."""
_SAME_THROTTLING = timedelta(seconds=1)


@dataclass(frozen=True)
class Grant:
    """`messages` may be sent from `at` on, for `TOLERANCE`."""

    at: datetime
    messages: int

    def is_usable(self, now: datetime) -> bool:
        """Whether `now` is in its tolerance."""
        return self.at <= now <= self.at + TOLERANCE

    def left(self, now: datetime) -> timedelta:
        """How much of its tolerance is left."""
        return self.at + TOLERANCE - now


@dataclass(frozen=True)
class Slowdown:
    """The provider throttled: `pace` messages a second at that time, and then more and more.

    Up to `same_until` it throttles what was granted before.
    """

    at: datetime
    pace: int
    same_until: datetime

    def pace_at(self, now: datetime, limit: int) -> int:
        """Grows evenly to the limit within `RECOVERY`. A clock that is behind sees the start."""
        passed = min(max(now - self.at, timedelta()), RECOVERY)
        return min(limit, self.pace + int((limit - self.pace) * (passed / RECOVERY)))

    def is_same(self, now: datetime) -> bool:
        """Whether a throttling that is told of `now` is this one.

        Not by a clock that is far behind: another that was far ahead must not slow all for long.
        """
        return self.at - _SAME_THROTTLING < now < self.same_until and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        """Whether it bears on nothing any more."""
        return now >= self.at + RECOVERY


@dataclass(frozen=True)
class GrantLog:
    """The grants that still bear on the limit, oldest first, and the last slowdown."""

    grants: tuple[Grant, ...] = ()
    slowdown: Slowdown | None = None

    def pace(self, now: datetime, limit: int) -> int:
        """Messages a second for now: `limit`, or less after a slowdown; at least 1."""
        return limit if self.slowdown is None else self.slowdown.pace_at(now, limit)

    def next_grant(self, messages: int, now: datetime, limit: int) -> Grant:
        """The first instant at which `messages` more stay within the pace, or half of them do.

        Fewer are granted where no more fit: a chunk's last few would else leave a second unused
        that is too full for a whole grant. So it is where the pace is below `messages`.

        First come, first served: never before the last grant. No second that ends with it holds
        more than the present pace, whatever the pace was when the others were granted.
        """
        pace = self.pace(now, limit)
        wanted = min(messages, pace)
        return next(
            Grant(at, min(wanted, pace - within))
            for at, within in self._windows(now)
            if 2 * (pace - within) >= wanted
        )

    def _windows(self, now: datetime) -> Iterator[tuple[datetime, int]]:
        """Instants from the last grant on, at which windows empty, and what each then holds."""
        at = max([now, *(grant.at for grant in self.grants[-1:])])
        within = sum(grant.messages for grant in self.grants)
        for grant in self.grants:
            end = grant.at + WINDOW + TOLERANCE
            if end > at:
                yield at, within
                at = end
            within -= grant.messages
        yield at, within

    def with_grant(self, grant: Grant, now: datetime) -> "GrantLog":
        """The log with it added, and without what no longer bears on anything."""
        horizon = min(now, grant.at) - WINDOW - TOLERANCE
        kept = tuple(each for each in self.grants if each.at > horizon)
        slowdown = self.slowdown
        if slowdown is not None and slowdown.is_over(now):
            slowdown = None
        return GrantLog((*kept, grant), slowdown)

    def slowed_down(self, now: datetime, limit: int) -> "GrantLog":
        """With half the pace from now on; the same log where it is the same throttling.

        Grants stand that were made before, at a higher pace. What is throttled of them says nothing
        of the lower one.
        """
        if self.slowdown is not None and self.slowdown.is_same(now):
            return self
        last = max([now, *(grant.at for grant in self.grants[-1:])])
        pace = max(1, self.pace(now, limit) // 2)
        return replace(self, slowdown=Slowdown(now, pace, last + _SAME_THROTTLING))
