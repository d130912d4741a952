"""The sliding log of a rate limit: never more than the limit in any one-second window.

A token bucket lets a full bucket and a second's refill fall into one window; this log does not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.priority import Priority

WINDOW = timedelta(seconds=1)
TOLERANCE = timedelta(milliseconds=250)
"""How late a grant may be used. The window is wider by it, so a late use breaks no promise."""
RECOVERY = timedelta(minutes=1)
"""After so long the pace is the limit again."""
LEFT_FREE = timedelta(seconds=5)
"""So long do lanes leave each other room: a worker takes less from one grant to the next."""
REFUSED_FOR = timedelta(minutes=1)
"""So long before that they leave it to who was refused: whoever waits asks again by then."""
LONGEST_WAIT = timedelta(minutes=1)
"""No grant is further ahead of who asks for it, however patient they are."""
_FURTHEST = 2 * LONGEST_WAIT
"""What is further ahead was granted by a clock that was wrong, and bears on nothing."""
_SAME_THROTTLING = timedelta(seconds=1)
_SPAN = WINDOW + TOLERANCE
"""Grants so far apart, or further, never fall into one second."""


@dataclass(frozen=True)
class Grant:
    """`messages` may be sent from `at` on, for `TOLERANCE`."""

    at: datetime
    messages: int
    priority: Priority = Priority.NORMAL

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
class Demand:
    """How much of a second a lane lately wanted, and when."""

    priority: Priority
    messages: int
    at: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether the others need not leave it room any more, or a wrong clock told of it."""
        return not self.at - _FURTHEST <= now < self.at + LEFT_FREE


@dataclass(frozen=True)
class GrantLog:
    """The grants that still bear on the limit, by time, the last slowdown, and who wants how much.

    One log for all lanes, so that one promise holds for all of them: no second holds more than the
    pace. A lane that is alone has all of it. Of several, each leaves the others as much of a second
    as they lately wanted of one, up to their share by weight: a lane that is used for a mail now
    and then costs the others hardly more than that.

    Clocks may differ by as much as `LONGEST_WAIT`. What one granted or wanted that is further ahead
    bears on nothing: neither it nor one that is set back stops the others.
    """

    grants: tuple[Grant, ...] = ()
    slowdown: Slowdown | None = None
    demands: tuple[Demand, ...] = ()

    def pace(self, now: datetime, limit: int) -> int:
        """Messages a second for now: `limit`, or less after a slowdown; at least 1."""
        slowdown = self.slowdown
        if slowdown is None or slowdown.at > now + _FURTHEST:
            return limit
        return slowdown.pace_at(now, limit)

    def request(
        self, messages: int, now: datetime, patience: timedelta, limit: int, priority: Priority
    ) -> tuple["GrantLog", Grant | timedelta]:
        """The log after it, and what `RateLimiter.request` answers.

        It is the same log after a refusal that says nothing new.
        """
        grant = self.next_grant(messages, now, limit, priority)
        wait = grant.at - now
        if wait <= min(patience, LONGEST_WAIT):
            return self.with_grant(grant, now), grant
        return self._with_refused(grant, now), wait

    def next_grant(self, messages: int, now: datetime, limit: int, priority: Priority) -> Grant:
        """The first instant at which `messages` more stay within the pace, or half of them do.

        Fewer are granted where no more fit: a chunk's last few would else leave a second unused
        that is too full for a whole grant. So it is where the pace, or what the other lanes leave
        of it, is below `messages`.

        First come, first served within a lane: never before its last grant. It may be before those
        of other lanes, where these left room: no second that it falls into holds more than the
        present pace, whatever the pace was when the others were granted.
        """
        pace = self.pace(now, limit)
        left_free = self._left_free(now, pace, priority)
        wanted = min(messages, pace - sum(left_free.values()))
        grants = self._grants_at(now)
        return next(
            Grant(at, min(wanted, room), priority)
            for at in _instants(grants, now, priority)
            if 2 * (room := _room(grants, at, pace, left_free)) >= wanted
        )

    def _grants_at(self, now: datetime) -> Sequence[Grant]:
        """Those that bear on what is granted now."""
        return [each for each in self.grants if now - _SPAN < each.at <= now + _FURTHEST]

    def _left_free(self, now: datetime, pace: int, priority: Priority) -> Mapping[Priority, int]:
        """How much of each second is left to the other lanes; less than the pace together.

        A share that is less than a message is one, where that leaves one to this lane.
        """
        others = {each.priority: each.messages for each in self._others(now, priority)}
        weights = priority.weight + sum(each.weight for each in others)
        least = 1 if pace > len(others) else 0
        return {
            each: min(messages, max(least, pace * each.weight // weights))
            for each, messages in others.items()
        }

    def _others(self, now: datetime, priority: Priority) -> Sequence[Demand]:
        """What the other lanes want."""
        return [
            each for each in self.demands if each.priority is not priority and not each.is_over(now)
        ]

    def with_grant(self, grant: Grant, now: datetime) -> "GrantLog":
        """The log with it added, and without what does not bear on anything."""
        slowdown = self.slowdown
        if slowdown is not None and slowdown.is_over(now):
            slowdown = None
        demand, before = self._demand(grant, now), self._demand_of(grant.priority)
        if before is not None and before.messages > demand.messages:
            demand = demand if before.is_over(grant.at) else before
        return GrantLog(
            tuple(sorted((*self._grants_at(now), grant), key=lambda each: each.at)),
            slowdown,
            (*self._others(now, grant.priority), demand),
        )

    def _with_refused(self, grant: Grant, now: datetime) -> "GrantLog":
        """The log with a demand for it, else a lane that is only refused has none and starves.

        The same log where the others leave it as much already.
        """
        demand, before = self._demand(grant, now), self._demand_of(grant.priority)
        if before is not None and before.messages >= demand.messages and not before.is_over(now):
            return self
        lasting = replace(demand, at=max(demand.at, now + REFUSED_FOR))
        return replace(self, demands=(*self._others(now, grant.priority), lasting))

    def _demand(self, grant: Grant, now: datetime) -> Demand:
        """What the lane has in the second that ends with it.

        Twice as much where it has to wait: it may want more than others leave it room to show.
        """
        messages = grant.messages + sum(
            each.messages
            for each in self._grants_at(now)
            if each.priority is grant.priority and each.at > grant.at - _SPAN
        )
        return Demand(grant.priority, messages * 2 if grant.at > now else messages, grant.at)

    def _demand_of(self, priority: Priority) -> Demand | None:
        return next((each for each in self.demands if each.priority is priority), None)

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


def _instants(grants: Sequence[Grant], now: datetime, priority: Priority) -> Iterator[datetime]:
    """From the lane's last grant on, those at which there is room again, until all is free."""
    first = max([now, *(grant.at for grant in grants if grant.priority is priority)])
    yield first
    for grant in grants:
        if grant.at + _SPAN > first:
            yield grant.at + _SPAN


def _room(
    grants: Sequence[Grant], at: datetime, pace: int, left_free: Mapping[Priority, int]
) -> int:
    """How many more every second can hold that `at` may fall into."""
    near = [grant for grant in grants if at - _SPAN < grant.at < at + _SPAN]
    starts = [grant.at for grant in near if grant.at < at]
    if starts and near[-1].at <= at:
        # The longest of them holds all that the others hold.
        starts = starts[:1]
    else:
        starts.append(at)
    return pace - max(
        _taken([grant for grant in near if start <= grant.at < start + _SPAN], left_free)
        for start in starts
    )


def _taken(grants: Sequence[Grant], left_free: Mapping[Priority, int]) -> int:
    """What they have of a second, with what is left free in it for the lanes that have less."""
    held = dict.fromkeys(left_free, 0)
    for grant in grants:
        held[grant.priority] = held.get(grant.priority, 0) + grant.messages
    return sum(max(messages, left_free.get(lane, 0)) for lane, messages in held.items())
