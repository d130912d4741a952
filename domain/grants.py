"""The sliding log of a rate limit: never more than the limit in any one-second window.

A token bucket lets a full bucket and a second's refill fall into one window; this log does not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=1)
TOLERANCE = timedelta(milliseconds=250)
"""How late a grant may be used. The window is wider by it, so a late use breaks no promise."""


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
class GrantLog:
    """The grants that still bear on the limit, oldest first."""

    grants: tuple[Grant, ...] = ()

    def next_grant(self, messages: int, now: datetime, limit: int) -> Grant:
        """The first instant at which `messages` more stay within `limit` a second.

        `messages` is at most `limit`. First come, first served: never before the last grant.
        """
        window = WINDOW + TOLERANCE
        at = max([now, *(grant.at for grant in self.grants[-1:])])
        within = sum(grant.messages for grant in self.grants)
        for grant in self.grants:
            if grant.at + window > at and within + messages > limit:
                at = grant.at + window
            within -= grant.messages
        return Grant(at, messages)

    def with_grant(self, grant: Grant, now: datetime) -> "GrantLog":
        """The log with it added, and without what no longer bears on anything."""
        horizon = min(now, grant.at) - WINDOW - TOLERANCE
        return GrantLog((*(each for each in self.grants if each.at > horizon), grant))
