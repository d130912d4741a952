"""Whether a doubtful refusal is of one mail or of all: what others came to says it."""

from collections.abc import Sequence
from threading import Lock

from adapters.smtp.refusal import Doubtful
from domain.outcome import Accepted, Outcome


class Doubts:
    """Those since a mail was last taken, of whatever batch: at a slow rate each has one mail.

    Thread-safe.
    """

    def __init__(self) -> None:
        """None yet."""
        self._in_a_row = 0
        self._lock = Lock()

    def decide(self, outcomes: Sequence[Outcome | Doubtful]) -> Sequence[Outcome]:
        """What is doubtful of enough in a row, none of which was taken, is of all.

        Then a person is asked, and the row begins anew: one that is refused once more is its own.
        """
        doubts = [each for each in outcomes if isinstance(each, Doubtful)]
        some_taken = any(isinstance(each, Accepted) for each in outcomes)
        with self._lock:
            in_a_row = 0 if some_taken else self._in_a_row + len(doubts)
            is_of_all = any(in_a_row >= each.fewest for each in doubts)
            self._in_a_row = 0 if is_of_all else in_a_row
        return [
            (each.of_all if is_of_all else each.alone) if isinstance(each, Doubtful) else each
            for each in outcomes
        ]
