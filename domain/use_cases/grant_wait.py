"""Waiting for a place in time."""

from datetime import datetime, timedelta

from domain.grants import LONGEST_WAIT, TOLERANCE
from domain.ports.clock import Clock


def wait_until(at: datetime, clock: Clock) -> None:
    """Until `at`, or no longer than it was away: a clock set back an hour must not hold a lane.

    Whoever comes out of it too early finds the grant unusable.
    """
    away = at - clock.now()
    if away > LONGEST_WAIT:
        # Nobody is given such a place: the clock was set back already.
        return
    latest = clock.monotonic() + away + TOLERANCE
    # A sleep is measured by another clock than the grant: it can end just before it.
    while (wait := at - clock.now()) > timedelta() and clock.monotonic() < latest:
        clock.sleep(min(wait, latest - clock.monotonic()))
