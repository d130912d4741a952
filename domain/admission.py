"""Admission to the direct way of starting: a token bucket of the account, and one of each API key.

A bucket is kept as the moment at which it is full again: a start that is admitted moves that by
what one token takes to come back, and none is admitted that would move it further ahead than a
whole bucket takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_CLOCKS_DIFFER = timedelta(minutes=1)
"""By no more than this. A bucket that is further from full than empty, and this, was written by a
clock that was wrong."""


@dataclass(frozen=True)
class StartLimit:
    """`a_second` starts in the long run, of which `burst` may come at once; both 1 or more."""

    a_second: int
    burst: int

    @property
    def _token(self) -> timedelta:
        """How long one takes to come back."""
        return timedelta(seconds=1) / self.a_second

    def taken(self, full_at: datetime | None, now: datetime) -> datetime:
        """When the bucket is full again with one token less; None is a full one.

        It is never further from full than empty. One that a wrong clock has written, or that was
        written before the clock was set back, has one token: whoever takes it sets it right.
        """
        empty = now + self._token * self.burst
        if full_at is None:
            full_at = now
        elif full_at > empty + _CLOCKS_DIFFER:
            full_at = empty - self._token
        return min(max(full_at, now), empty) + self._token

    def wait(self, taken: datetime, now: datetime) -> timedelta:
        """How long until that token is there; not above zero where it is."""
        return taken - now - self._token * self.burst


@dataclass(frozen=True)
class StartLimits:
    """Of all starts that go the direct way, and of those that one API key asks for."""

    account: StartLimit
    key: StartLimit


@dataclass(frozen=True)
class Admissions:
    """Who has taken what: when each bucket is full again. Those that are full are left out.

    What is left is as small as the account's bucket: no more keys than it admits while one of
    theirs fills up.
    """

    account_full_at: datetime | None = None
    keys_full_at: Mapping[str, datetime] = field(default_factory=dict)

    def take(
        self, key_id: str | None, now: datetime, limits: StartLimits
    ) -> "Admissions | timedelta":
        """With a token taken from both buckets, or how long to wait: then none was taken.

        Without a key there is the account's bucket alone.
        """
        account = limits.account.taken(self.account_full_at, now)
        wait = limits.account.wait(account, now)
        keys = {each: full_at for each, full_at in self.keys_full_at.items() if full_at > now}
        if key_id is not None:
            keys[key_id] = limits.key.taken(keys.get(key_id), now)
            wait = max(wait, limits.key.wait(keys[key_id], now))
        return wait if wait > timedelta() else Admissions(account, keys)
