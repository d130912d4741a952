"""The rate limit: a promise over any one-second window."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.memory.rate_limiter import MemoryRateLimiter
from domain.grants import TOLERANCE, Grant, GrantLog
from domain.priority import Priority
from tests.unit.sentinel import NOW

SPAN = timedelta(milliseconds=1_250)
"""A second, and the tolerance of a grant."""
MICROSECOND = timedelta(microseconds=1)


def log_of(*grants: tuple[timedelta, int]) -> GrantLog:
    """Grants at their distance from `NOW`."""
    return GrantLog(tuple(Grant(NOW + ahead, messages) for ahead, messages in grants))


def test_a_free_limit_grants_at_once() -> None:
    """The first request, up to the whole limit, does not wait."""
    assert GrantLog().next_grant(10, NOW, 10, Priority.NORMAL) == Grant(NOW, 10)


def test_what_fits_beside_earlier_grants_does_not_wait() -> None:
    """Requests that together stay within the limit are granted at the same instant."""
    assert log_of((timedelta(), 6)).next_grant(4, NOW, 10, Priority.NORMAL).at == NOW


def test_what_does_not_fit_waits_for_the_window() -> None:
    """Where less than half of it fits, until the earlier grants are out of the window."""
    assert log_of((timedelta(), 6)).next_grant(9, NOW, 10, Priority.NORMAL) == Grant(NOW + SPAN, 9)
    assert log_of((timedelta(), 10)).next_grant(1, NOW, 10, Priority.NORMAL) == Grant(NOW + SPAN, 1)


def test_where_half_of_it_fits_that_is_granted() -> None:
    """A second is filled up, rather than left to wait for a whole grant."""
    assert log_of((timedelta(), 6)).next_grant(8, NOW, 10, Priority.NORMAL) == Grant(NOW, 4)
    assert log_of((timedelta(), 6)).next_grant(5, NOW, 10, Priority.NORMAL) == Grant(NOW, 4)


def test_only_as_many_as_needed_are_waited_for() -> None:
    """A request waits for the oldest grants only, where that makes room enough."""
    later = timedelta(milliseconds=500)
    log = log_of((timedelta(), 6), (later, 4))
    assert log.next_grant(6, NOW + later, 10, Priority.NORMAL) == Grant(NOW + SPAN, 6)
    log = log_of((timedelta(), 4), (later, 6))
    assert log.next_grant(8, NOW + later, 10, Priority.NORMAL) == Grant(NOW + SPAN, 4)
    assert log.next_grant(9, NOW + later, 10, Priority.NORMAL) == Grant(NOW + later + SPAN, 9)


def test_an_old_grant_bears_on_the_limit_to_its_end() -> None:
    """What was granted a second ago still counts, though others were granted since."""
    late = timedelta(seconds=1)
    log = log_of((timedelta(), 5)).with_grant(Grant(NOW + late, 1), NOW + late)
    assert log.next_grant(4, NOW + late, 10, Priority.NORMAL).at == NOW + late
    assert log.next_grant(9, NOW + late, 10, Priority.NORMAL) == Grant(NOW + SPAN, 9)


def test_first_come_first_served() -> None:
    """A small request does not overtake a large one that came before and waits."""
    log = log_of((timedelta(), 8))
    large = log.next_grant(9, NOW, 10, Priority.NORMAL)
    assert large.messages == 9
    small = log.with_grant(large, NOW).next_grant(1, NOW, 10, Priority.NORMAL)
    assert small.at >= large.at > NOW


def test_a_grant_is_good_for_its_tolerance() -> None:
    """A grant is used from its instant on, for a quarter of a second."""
    grant = Grant(NOW, 1)
    assert not grant.is_usable(NOW - MICROSECOND)
    assert grant.is_usable(NOW)
    assert grant.is_usable(NOW + TOLERANCE)
    assert not grant.is_usable(NOW + TOLERANCE + MICROSECOND)


def test_the_log_forgets() -> None:
    """A limiter that has run for long keeps no more than the last moments' grants."""
    log = GrantLog()
    now = NOW
    for _ in range(1_000):
        log = log.with_grant(log.next_grant(1, now, 100, Priority.NORMAL), now)
        now += timedelta(milliseconds=100)
    assert len(log.grants) <= SPAN / timedelta(milliseconds=100) + 1


def test_a_refusal_consumes_nothing() -> None:
    """A request that would wait too long learns how long, and takes no place in the queue."""
    limiter = MemoryRateLimiter(10)
    limiter.request(10, NOW, timedelta(), Priority.NORMAL)
    for _ in range(3):
        assert limiter.request(10, NOW, timedelta(seconds=1), Priority.NORMAL) == SPAN
    assert limiter.request(10, NOW, SPAN, Priority.NORMAL) == Grant(NOW + SPAN, 10)


@pytest.mark.parametrize("lane", Priority)
def test_what_a_wrong_clock_was_granted_is_forgotten(lane: Priority) -> None:
    """By the next grant that is made; until then it bears on nothing."""
    log, _ = GrantLog().request(10, NOW + timedelta(hours=1), timedelta(), 10, lane)

    log, answer = log.request(10, NOW, timedelta(), 10, Priority.NORMAL)
    assert answer == Grant(NOW, 10)
    assert log.grants == (answer,)
    assert [each.at for each in log.demands] == [NOW]


# Paces: a provider that throttles, and limits that change.


def test_a_throttling_halves_the_pace_which_recovers_evenly() -> None:
    """Within a minute; a function of the time and nothing else."""
    log = GrantLog().slowed_down(NOW, 14)

    paces = [log.pace(NOW + timedelta(seconds=seconds), 14) for seconds in range(0, 66, 6)]
    assert paces == [7, 7, 8, 9, 9, 10, 11, 11, 12, 13, 14]


@pytest.mark.parametrize(
    ("limit", "pace"), [(1, 1), (2, 1), (3, 1), (14, 7), (15, 7), (100_000, 50_000)]
)
def test_the_pace_is_half_of_the_limit_and_at_least_one(limit: int, pace: int) -> None:
    """Something is always sent."""
    assert GrantLog().slowed_down(NOW, limit).pace(NOW, limit) == pace


def test_the_same_throttling_changes_nothing() -> None:
    """Told within a second of it, by a clock that is before or behind."""
    log = GrantLog().slowed_down(NOW, 14)

    for milliseconds in (-999, 0, 999):
        assert log.slowed_down(NOW + timedelta(milliseconds=milliseconds), 14) is log
    assert log.slowed_down(NOW + timedelta(seconds=1), 14).pace(NOW + timedelta(seconds=1), 14) == 3


def test_throttlings_of_grants_made_before_are_the_same() -> None:
    """Until a second after the last of them, but no longer than the slowdown lasts."""
    log = log_of((timedelta(), 14), (SPAN, 14), (2 * SPAN, 14)).slowed_down(NOW, 14)
    end = NOW + 2 * SPAN + timedelta(seconds=1)
    assert log.slowed_down(end - MICROSECOND, 14) is log
    assert log.slowed_down(end, 14) is not log

    log = log_of((timedelta(hours=1), 14)).slowed_down(NOW, 14)
    end = NOW + timedelta(minutes=1)
    assert log.slowed_down(end - MICROSECOND, 14) is log
    assert log.slowed_down(end, 14).pace(end, 14) == 7


def test_a_clock_far_ahead_slows_nobody_else() -> None:
    """The next throttling, told by a right clock, takes its place."""
    log = GrantLog().slowed_down(NOW + timedelta(hours=1), 14)
    assert log.pace(NOW, 14) == 14

    log = log.slowed_down(NOW, 14)
    assert log.pace(NOW, 14) == 7
    assert log.pace(NOW + timedelta(minutes=1), 14) == 14


def test_a_lowered_limit_is_below_a_pace_that_was_higher() -> None:
    """The pace never exceeds what the account allows now."""
    log = GrantLog().slowed_down(NOW, 100)

    assert [log.pace(NOW + timedelta(seconds=seconds), 14) for seconds in (0, 30, 60)] == [14] * 3


def test_a_slowdown_that_is_over_is_forgotten() -> None:
    """The record stays small, and the next throttling begins anew."""
    log = GrantLog().slowed_down(NOW, 14)
    for seconds, remembered in ((59, True), (60, False)):
        now = NOW + timedelta(seconds=seconds)
        assert (log.with_grant(Grant(now, 1), now).slowdown is not None) == remembered


@dataclass
class History:
    """What was granted, in order, under which pace, and when it was really used."""

    grants: list[Grant] = field(default_factory=list)
    paces: list[int] = field(default_factory=list)
    used: list[datetime] = field(default_factory=list)


@st.composite
def histories(
    draw: st.DrawFn,
    *,
    limits: st.SearchStrategy[int],
    throttled: bool,
    lanes: st.SearchStrategy[Priority] = st.just(Priority.NORMAL),  # noqa: B008  it never changes
) -> History:
    """Of a limit that may change, with clocks that differ, and a provider that may throttle.

    Who is not patient enough is refused.
    """
    limit = draw(limits)
    log, now = GrantLog(), NOW
    history = History()
    for _ in range(draw(st.integers(1, 25))):
        # Clocks of workers differ, so time may also seem to go back a little.
        now += timedelta(milliseconds=draw(st.integers(-100, 500)))
        if draw(st.integers(0, 4)) == 0:
            limit = draw(limits)
        if throttled and draw(st.integers(0, 3)) == 0:
            log = log.slowed_down(now, limit)
        asked = draw(st.integers(1, 20))
        pace = log.pace(now, limit)
        assert pace <= limit
        patience = timedelta(seconds=draw(st.sampled_from([0, 3, 60])))
        log, grant = log.request(asked, now, patience, limit, draw(lanes))
        if isinstance(grant, timedelta):
            assert grant > patience
            continue
        assert now <= grant.at <= now + patience
        assert 1 <= grant.messages <= min(asked, pace)
        history.grants.append(grant)
        history.paces.append(pace)
        history.used.append(grant.at + TOLERANCE * draw(st.floats(0, 1)))
    return history


def windows(history: History) -> Iterator[tuple[int, int]]:
    """The mails that each second from a use on really holds, and the last pace of its grants."""
    for start in history.used:
        within = [
            number
            for number, at in enumerate(history.used)
            if start <= at < start + timedelta(seconds=1)
        ]
        yield (
            sum(history.grants[number].messages for number in within),
            history.paces[max(within)],
        )


steady = st.shared(st.integers(1, 20), key="limit")


@given(history=histories(limits=steady, throttled=False))
def test_no_window_exceeds_the_limit(history: History) -> None:
    """Whatever is asked for, however late grants are used, no second has more than the limit."""
    assert len(set(history.paces)) <= 1
    for held, limit in windows(history):
        assert held <= limit
    instants = [grant.at for grant in history.grants]
    assert instants == sorted(instants)


@given(history=histories(limits=st.integers(1, 20), throttled=True))
def test_no_window_exceeds_the_pace_of_its_last_grant(history: History) -> None:
    """Also when the limit is lowered or the provider throttles between grants."""
    for held, pace in windows(history):
        assert held <= pace


@given(history=histories(limits=steady, throttled=True), limit=steady)
def test_no_throttling_raises_a_window_above_the_limit(history: History, limit: int) -> None:
    """Nor does the recovery after it."""
    for held, _ in windows(history):
        assert held <= limit


@given(
    asked=st.lists(st.integers(1, 20), min_size=1, max_size=30),
    limit=st.integers(1, 20),
)
def test_no_window_is_left_half_empty_while_somebody_waits(asked: list[int], limit: int) -> None:
    """Who wants more than fits gets what fits, if it is half of it or more."""
    log = GrantLog()
    for messages in asked:
        log = log.with_grant(log.next_grant(messages, NOW, limit, Priority.NORMAL), NOW)
    total = sum(grant.messages for grant in log.grants)
    spans = (log.grants[-1].at - NOW) / SPAN
    assert total > spans * limit / 2
