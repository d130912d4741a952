"""Virtual time, and the greenlets that live in it: one thread, every step decided by the seed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from heapq import heappop, heappush

from greenlet import getcurrent, greenlet

from tests.simulation.decisions import Decisions


class Died(BaseException):
    """The process is gone: nothing that it was about to do happens."""


class Hub:
    """Time is in whole microseconds, and moves only to the next moment at which somebody wakes."""

    def __init__(self, decisions: Decisions, epoch: datetime) -> None:
        """Nothing has begun; a right clock shows `epoch`."""
        self.decisions = decisions
        self.epoch = epoch
        self.main = getcurrent()
        self.now = 0
        self.current: Process | None = None
        self._waking: list[tuple[int, float, int, Process, int]] = []
        self._wakings = 0
        self._is_interrupted = False
        self._processes: list[Process] = []

    def moment(self, at: int) -> datetime:
        """The wall time of a right clock at virtual time `at`."""
        return self.epoch + timedelta(microseconds=at)

    def spawn(self, name: str, role: str, body: Callable[["Process"], None], at: int) -> "Process":
        """A process that begins at `at`; its name keys every decision about it."""
        process = Process(self, name, role, body)
        self._processes.append(process)
        self.wake(process, at)
        return process

    def wake(self, process: "Process", at: int, tie: float = 0.5) -> None:
        """`process` goes on at `at`, unless something else wakes it before."""
        self._wakings += 1
        heappush(self._waking, (at, tie, self._wakings, process, process.turn))

    def run(self, until: int) -> None:
        """Let time go on to `until`."""
        while self._waking and self._waking[0][0] <= until and not self._is_interrupted:
            at, _, _, process, turn = heappop(self._waking)
            if turn != process.turn or process.is_dead:
                continue
            self.now = max(self.now, at)
            process.turn += 1
            self.current = process
            process.go_on()
            self.current = None
        if not self._is_interrupted:
            self.now = max(self.now, until)
        self._is_interrupted = False

    def interrupt(self) -> None:
        """`run` returns as soon as whoever is at it waits."""
        self._is_interrupted = True

    def end_the_busy(self) -> None:
        """Whoever is in the middle of something dies. Not from within a process."""
        for process in list(self._processes):
            if process.has_begun and not process.is_idle:
                process.kill()

    def close(self) -> None:
        """End every process where it is."""
        for process in self._processes:
            process.kill()

    @property
    def is_anybody_busy(self) -> bool:
        """Whether a process is in the middle of something."""
        return any(not each.is_idle and not each.is_dead for each in self._processes)


class Process:
    """One process: dies alone, and its clocks are its own."""

    def __init__(self, hub: Hub, name: str, role: str, body: Callable[["Process"], None]) -> None:
        """Not begun."""
        self.hub = hub
        self.name = name
        self.role = role
        self.turn = 0
        self.is_dead = False
        self.is_idle = False
        self.skew = 0
        """By how much its wall clock is ahead."""
        self.killed_at: int | None = None
        """When the platform ends it, whatever it is at."""
        self.calls: dict[str, int] = {}
        self._body = body
        # Of the hub, not of the process that happens to make this one.
        self._greenlet = greenlet(self._run, parent=hub.main)

    @property
    def has_begun(self) -> bool:
        """And has not ended."""
        return bool(self._greenlet)

    def go_on(self) -> None:
        """From where it was, until it waits again."""
        self._greenlet.switch()

    def pause(self, duration: int) -> None:
        """Go on after `duration`. Raises Died where it is ended before."""
        until = self.hub.now + max(duration, 0)
        if self.killed_at is not None and until >= self.killed_at:
            self._wait_until(max(self.killed_at, self.hub.now))
            raise Died
        self._wait_until(until)

    def wait(self, signal: "Signal", timeout: int) -> None:
        """Idle until somebody notifies, at most for `timeout`."""
        self.is_idle = True
        signal.waiting.append(self)
        self._wait_until(self.hub.now + timeout)
        if self in signal.waiting:
            signal.waiting.remove(self)
        self.is_idle = False

    def kill(self) -> None:
        """End it from outside."""
        self.is_dead = True
        if self._greenlet and not self._greenlet.dead:
            self._greenlet.throw(Died)

    def _wait_until(self, moment: int) -> None:
        self.hub.wake(self, moment)
        self.hub.main.switch()

    def _run(self) -> None:
        try:
            self._body(self)
        except Died:
            pass
        finally:
            self.is_dead = True


class Signal:
    """Wakes idle processes: something has come."""

    def __init__(self, hub: Hub) -> None:
        """Nobody waits."""
        self._hub = hub
        self.waiting: list[Process] = []

    @contextmanager
    def afterwards(self) -> Iterator[None]:
        """Also where whoever brings it dies right after: in production all look now and then."""
        try:
            yield
        finally:
            self.notify()

    def notify(self) -> None:
        """All who wait look."""
        waiting, self.waiting = self.waiting, []
        for process in waiting:
            tie = self._hub.decisions.fraction("woken", process.name, process.turn)
            self._hub.wake(process, self._hub.now, tie)
