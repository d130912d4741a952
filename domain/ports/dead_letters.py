"""The dead letters of a deployment."""

from collections.abc import Sequence
from typing import Protocol

from domain.dead_letter import DeadLetter


class DeadLetters(Protocol):
    """Every queue of dead letters as one; one that does not exist is taken for empty.

    Every method raises DependencyFault.
    """

    def all(self) -> Sequence[DeadLetter]:
        """All that wait, those of one source together and the oldest first; none is consumed.

        Not many more than a thousand of a source. Two who look at the same time may each miss
        what the other one sees.
        """
        ...

    def replay(self, letter: DeadLetter) -> None:
        """Ask once more for `letter.work`, then discard the letter.

        A chunk goes back on the send queue and a report on the queue of provider events, a start or
        the run of a job is invoked. The letter goes only after that was accepted, so that it may be
        replayed twice and never vanishes: all of it is idempotent. Raises ValueError where it is
        none of Sentinel's; it stays.
        """
        ...

    def discard(self, letter: DeadLetter) -> None:
        """It is no dead letter any more.

        Unless somebody else looked at it, or took it away, since: then it may stay, or raise.
        """
        ...
