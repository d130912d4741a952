"""The supervisor of the processes that send: real processes, that will not live."""

import fcntl
import os
from datetime import timedelta

from adapters.system.clock import SystemClock
from entrypoints.local.workers import Workers
from tests.integration.waiting import wait_for


class Told:
    """What the metrics were told."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.living: list[int] = []
        self.restarts = 0

    def alive(self, count: int) -> None:
        """Kept."""
        self.living.append(count)

    def restarted(self) -> None:
        """Counted."""
        self.restarts += 1


def test_a_worker_that_cannot_live_is_started_again_until_it_is_to_end() -> None:
    """Its end is counted, the next comes after a pause, and no drain waits for the pause."""
    told = Told()
    reading, writing = os.pipe()
    # What is wrong with its settings it says itself, and ends.
    environment = {"PATH": os.environ["PATH"], "SEND_RATE": "-1"}
    workers = Workers(1, environment, reading, SystemClock().monotonic, told)

    workers.start()
    wait_for(lambda: told.restarts >= 2 or None, what="a second restart")
    workers.begin_to_drain(timedelta(seconds=30))
    workers.wait_until_drained()

    assert told.living[-1] == 0
    assert set(told.living) == {0, 1}
    os.close(reading)
    os.close(writing)


def test_a_worker_that_cannot_be_started_is_tried_again() -> None:
    """What it lacks now, memory or a descriptor, it may have later; nobody else would begin it."""
    told = Told()
    reading, writing = os.pipe()
    # Of a number that nothing else is given: what is to be inherited is not there yet.
    inherited = fcntl.fcntl(reading, fcntl.F_DUPFD, 500)
    os.close(inherited)
    environment = {"PATH": os.environ["PATH"], "SEND_RATE": "-1"}
    workers = Workers(1, environment, inherited, SystemClock().monotonic, told)

    workers.start()
    wait_for(lambda: told.restarts or None, what="another try")
    assert told.living == []
    os.dup2(reading, inherited)
    wait_for(lambda: told.living or None, what="a worker")
    workers.begin_to_drain(timedelta(seconds=30))
    workers.wait_until_drained()

    for each in (inherited, reading, writing):
        os.close(each)
