"""The contract of `domain.ports.clock`; the clock that other tests set keeps it too."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.system.clock import SystemClock
from domain.ports.clock import Clock
from tests.contracts.settable_clock import SettableClock


@pytest.fixture(params=[SystemClock, SettableClock], ids=["system", "settable"])
def clock(request: pytest.FixtureRequest) -> Clock:
    """The machine's, and the one that tests set."""
    made: Clock = request.param()
    return made


def test_wall_time_is_aware_and_in_utc(clock: Clock) -> None:
    """Whatever the machine's zone is."""
    assert clock.now().tzinfo is UTC


def test_the_system_tells_the_present_time() -> None:
    """Between two readings of the standard library's clock."""
    before = datetime.now(UTC)
    now = SystemClock().now()

    assert before <= now <= datetime.now(UTC)


def test_monotonic_time_never_goes_back(clock: Clock) -> None:
    """Over many readings."""
    readings = [clock.monotonic() for _ in range(1000)]

    assert readings == sorted(readings)


@pytest.mark.parametrize("milliseconds", [1, 20])
def test_a_sleep_lasts(clock: Clock, milliseconds: int) -> None:
    """At least as long as was asked, by either clock."""
    duration = timedelta(milliseconds=milliseconds)
    now, monotonic = clock.now(), clock.monotonic()

    clock.sleep(duration)

    assert clock.monotonic() - monotonic >= duration
    assert clock.now() - now >= duration - timedelta(milliseconds=1)


@pytest.mark.parametrize("duration", [timedelta(), timedelta(minutes=-1), timedelta.min])
def test_no_sleep_is_none(clock: Clock, duration: timedelta) -> None:
    """Not positive: it returns at once, or when the machine comes to it."""
    monotonic = clock.monotonic()

    clock.sleep(duration)

    assert clock.monotonic() - monotonic < timedelta(seconds=30)
