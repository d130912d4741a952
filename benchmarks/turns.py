"""A clock on which several workers take turns: minutes of waiting pass at once, in one order."""

import heapq
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event, get_ident


class TurnsClock:
    """Implements `domain.ports.clock.Clock`: time passes only while everybody sleeps.

    One worker runs at a time, until it sleeps; then whoever wakes first does. So a run counts the
    same every time, on any machine.
    """

    def __init__(self) -> None:
        """At an instant far enough ahead that nothing expires by the emulator's own clock."""
        self._now = datetime(2040, 1, 2, 9, tzinfo=UTC)
        self._begun = self._now
        self._sleepers: list[tuple[datetime, int, Event]] = []
        self._order = itertools.count()
        self._whose: int | None = None

    def now(self) -> datetime:
        """The same for all who take turns."""
        return self._now

    def monotonic(self) -> timedelta:
        """Since the clock was made."""
        return self._now - self._begun

    def sleep(self, duration: timedelta) -> None:
        """Let the others have their turns until then.

        Raises RuntimeError in a thread of whoever's turn it is: time would pass while that works.
        """
        if duration > timedelta():
            if self._whose not in {None, get_ident()}:
                raise RuntimeError("Only whose turn it is may sleep.")
            turn = self._turn_at(self._now + duration)
            self._pass_on()
            self._take(turn)

    def run(self, workers: Sequence[Callable[[], None]]) -> None:
        """Every worker to its end; raises what one of them raises."""
        try:
            with ThreadPoolExecutor(len(workers)) as pool:
                turns = [self._turn_at(self._now) for _ in workers]
                ends = [
                    pool.submit(self._in_turn, turn, worker)
                    for turn, worker in zip(turns, workers, strict=True)
                ]
                self._pass_on()
                for end in ends:
                    end.result()
        finally:
            self._whose = None

    def _in_turn(self, turn: Event, worker: Callable[[], None]) -> None:
        self._take(turn)
        try:
            worker()
        finally:
            self._pass_on()

    def _take(self, turn: Event) -> None:
        turn.wait()
        self._whose = get_ident()

    def _turn_at(self, moment: datetime) -> Event:
        turn = Event()
        heapq.heappush(self._sleepers, (moment, next(self._order), turn))
        return turn

    def _pass_on(self) -> None:
        if self._sleepers:
            self._now, _, turn = heapq.heappop(self._sleepers)
            turn.set()
