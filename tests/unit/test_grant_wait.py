"""Waiting for a grant, by a clock that somebody sets."""

from datetime import timedelta

import pytest

from domain.grants import TOLERANCE
from domain.use_cases.grant_wait import wait_until
from tests.unit.sentinel import SettableClock

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


class StepClock(SettableClock):
    """Is set by `step` in the midst of the first sleep; what passes is not touched by that."""

    def __init__(self, step: timedelta) -> None:
        """Nobody has slept yet."""
        super().__init__()
        self._step = step
        self._passed = timedelta()

    def monotonic(self) -> timedelta:
        """How long was slept."""
        return self._passed

    def sleep(self, duration: timedelta) -> None:
        """Over at once."""
        self._passed += duration
        self._now += duration + self._step
        self._step = timedelta()


@pytest.mark.parametrize("step", [timedelta(), -timedelta(milliseconds=10), -HOUR, HOUR])
def test_no_longer_than_it_was_away(step: timedelta) -> None:
    """Whatever the clock is set to meanwhile; by one that is nearly right, until then."""
    clock = StepClock(step)
    at = clock.now() + SECOND

    wait_until(at, clock)

    assert SECOND <= clock.monotonic() <= SECOND + TOLERANCE
    assert clock.now() >= at or step == -HOUR
