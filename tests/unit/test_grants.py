"""The rate limit: a promise over any one-second window."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.memory.rate_limiter import MemoryRateLimiter
from domain.grants import TOLERANCE, Grant, GrantLog
from tests.unit.sentinel import NOW

SPAN = timedelta(milliseconds=1_250)
"""A second, and the tolerance of a grant."""
MICROSECOND = timedelta(microseconds=1)


def log_of(*grants: tuple[timedelta, int]) -> GrantLog:
    """Grants at their distance from `NOW`."""
    return GrantLog(tuple(Grant(NOW + ahead, messages) for ahead, messages in grants))


def test_a_free_limit_grants_at_once() -> None:
    """The first request, up to the whole limit, does not wait."""
    assert GrantLog().next_grant(10, NOW, 10) == Grant(NOW, 10)


def test_what_fits_beside_earlier_grants_does_not_wait() -> None:
    """Requests that together stay within the limit are granted at the same instant."""
    assert log_of((timedelta(), 6)).next_grant(4, NOW, 10).at == NOW


def test_what_does_not_fit_waits_for_the_window() -> None:
    """One message over the limit waits until the earlier grants are out of the window."""
    assert log_of((timedelta(), 6)).next_grant(5, NOW, 10).at == NOW + SPAN


def test_only_as_many_as_needed_are_waited_for() -> None:
    """A request waits for the oldest grants only, where that makes room enough."""
    later = timedelta(milliseconds=500)
    log = log_of((timedelta(), 6), (later, 4))
    assert log.next_grant(6, NOW + later, 10).at == NOW + SPAN
    assert log.next_grant(7, NOW + later, 10).at == NOW + later + SPAN


def test_an_old_grant_bears_on_the_limit_to_its_end() -> None:
    """What was granted a second ago still counts, though others were granted since."""
    late = timedelta(seconds=1)
    log = log_of((timedelta(), 5)).with_grant(Grant(NOW + late, 1), NOW + late)
    assert log.next_grant(4, NOW + late, 10).at == NOW + late
    assert log.next_grant(5, NOW + late, 10).at == NOW + SPAN


def test_first_come_first_served() -> None:
    """A small request does not overtake a large one that came before and waits."""
    log = log_of((timedelta(), 8))
    large = log.next_grant(9, NOW, 10)
    small = log.with_grant(large, NOW).next_grant(1, NOW, 10)
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
        log = log.with_grant(log.next_grant(1, now, 100), now)
        now += timedelta(milliseconds=100)
    assert len(log.grants) <= SPAN / timedelta(milliseconds=100) + 1


def test_a_refusal_consumes_nothing() -> None:
    """A request that would wait too long learns how long, and takes no place in the queue."""
    limiter = MemoryRateLimiter(10)
    limiter.request(10, NOW, timedelta())
    for _ in range(3):
        assert limiter.request(10, NOW, timedelta(seconds=1)) == SPAN
    assert limiter.request(10, NOW, SPAN) == Grant(NOW + SPAN, 10)


@st.composite
def grant_histories(draw: st.DrawFn) -> tuple[int, list[Grant], list[datetime]]:
    """A limit, the grants that were taken, and when each was really used."""
    limit = draw(st.integers(1, 20))
    log, now = GrantLog(), NOW
    taken: list[Grant] = []
    for _ in range(draw(st.integers(1, 25))):
        # Clocks of workers differ, so time may also seem to go back a little.
        now += timedelta(milliseconds=draw(st.integers(-100, 500)))
        grant = log.next_grant(draw(st.integers(1, limit)), now, limit)
        assert grant.at >= now
        too_far_away = draw(st.booleans())
        if not too_far_away:
            log = log.with_grant(grant, now)
            taken.append(grant)
    return limit, taken, [grant.at + TOLERANCE * draw(st.floats(0, 1)) for grant in taken]


@given(history=grant_histories())
def test_no_window_exceeds_the_limit(history: tuple[int, list[Grant], list[datetime]]) -> None:
    """Whatever is asked for, however late grants are used, no second has more than the limit."""
    limit, taken, used = history
    for start in used:
        within = sum(
            grant.messages
            for grant, at in zip(taken, used, strict=True)
            if start <= at < start + timedelta(seconds=1)
        )
        assert within <= limit
    instants = [grant.at for grant in taken]
    assert instants == sorted(instants)
