"""The messages of one call, which several connections take from, and what becomes of each."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Condition

from adapters.smtp.doubts import Doubts
from adapters.smtp.refusal import Doubtful
from domain.outcome import AccountBlocked, NotSent, Outcome, Unknown

_OVERDUE = NotSent("earlier messages of the batch took too long", overdue=True)
_CUT_OFF = NotSent("no connection in time")


class Batch:
    """Every position is taken once, exposed at most once, and has one outcome in the end.

    One without an outcome of its own is unknown where its content was exposed to the server, and
    certainly not sent where it was not: whatever happens to who took it.
    """

    def __init__(
        self,
        number: int,
        begin_until: timedelta,
        monotonic: Callable[[], timedelta],
        doubts: Doubts,
    ) -> None:
        """None is begun later than `begin_until`; `doubts` are those of batches before it, too."""
        self._number = number
        self._begin_until = begin_until
        self._monotonic = monotonic
        self._doubts = doubts
        self._waiting = deque(range(number))
        self._in_hand: set[int] = set()
        self._exposed: set[int] = set()
        self._outcomes: dict[int, Outcome | Doubtful] = {}
        self._rest: Outcome | None = None
        self._is_attended = False
        self._over = Condition()

    def attend(self) -> None:
        """Somebody takes of it as soon as they can, or halts it and says why they cannot."""
        with self._over:
            self._is_attended = True

    def take(self) -> int | None:
        """The next one to be begun; None where none is."""
        with self._over:
            if self._rest is None and self._waiting and self._monotonic() > self._begin_until:
                self._rest = _OVERDUE
            if self._rest is not None or not self._waiting:
                self._tell()
                return None
            position = self._waiting.popleft()
            self._in_hand.add(position)
            return position

    @property
    def is_waiting(self) -> bool:
        """Whether there may be one to take."""
        return self._rest is None and bool(self._waiting)

    def put_back(self, position: int) -> None:
        """It was not exposed, and is to be taken again."""
        with self._over:
            self._in_hand.discard(position)
            self._waiting.appendleft(position)
            self._tell()

    def expose(self, position: int) -> bool:
        """Whether its content may be written now: not once the batch is over."""
        with self._over:
            if position not in self._in_hand:
                return False
            self._exposed.add(position)
            return True

    def settle(self, position: int, outcome: Outcome | Doubtful) -> None:
        """What follows from it for the others is that none of them is begun."""
        with self._over:
            self._in_hand.discard(position)
            self._outcomes[position] = outcome
            match outcome:
                case Unknown():
                    self._halt(NotSent("an earlier mail of the batch was not answered"))
                case AccountBlocked() | NotSent(throttled=True):
                    self._halt(outcome)
            self._tell()

    def halt(self, rest: Outcome) -> None:
        """None is begun any more: that is what becomes of the rest."""
        with self._over:
            self._halt(rest)
            self._tell()

    def outcomes(self, timeout: float) -> Sequence[Outcome]:
        """Of each, in order, once all are settled or `timeout` seconds have passed.

        Sooner where nobody attends to it while one may be begun.
        """
        with self._over:
            seconds = (self._begin_until - self._monotonic()).total_seconds()
            to_begin = min(max(seconds, 0), timeout)
            self._over.wait_for(self._is_over, to_begin)
            if to_begin < timeout and not self._is_attended:
                self._halt(_OVERDUE)
            self._over.wait_for(self._is_over, timeout - to_begin)
            self._halt(_CUT_OFF)
            self._in_hand.clear()
            outcomes = [self._outcome(position) for position in range(self._number)]
        return self._doubts.decide(outcomes)

    def _halt(self, rest: Outcome) -> None:
        self._rest = self._rest or rest

    def _tell(self) -> None:
        # Not after each: waking who waits for the last takes longer than what it is woken for.
        if self._is_over():
            self._over.notify_all()

    def _is_over(self) -> bool:
        return not self._in_hand and (self._rest is not None or not self._waiting)

    def _outcome(self, position: int) -> Outcome | Doubtful:
        if position in self._outcomes:
            return self._outcomes[position]
        if position in self._exposed:
            return Unknown("no answer to the mail in time")
        return self._rest or _CUT_OFF
