"""Have what was given up done after all."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.dead_letter import DeadLetter, Replay, chosen
from domain.errors import DependencyFault, NotFound
from domain.ports.dead_letters import DeadLetters

_FOREIGN = "never replayed; discard it"


@dataclass(frozen=True, kw_only=True)
class ReplayDeadLetters:
    """One that cannot be replayed stays, and keeps none of the others."""

    dead_letters: DeadLetters

    def __call__(self, message_id: str | None = None) -> Sequence[Replay]:
        """That one, or all of Sentinel's; each with what became of it.

        Raises NotFound, and DependencyFault where they cannot be listed.
        """
        letters = self.dead_letters.all()
        if message_id is None:
            return [self._replay(each) for each in letters]
        letter = chosen(letters, message_id)
        if letter is None:
            raise NotFound("dead letter", message_id)
        return [self._replay(letter)]

    def _replay(self, letter: DeadLetter) -> Replay:
        if letter.work is None:
            return Replay(letter, _FOREIGN)
        try:
            self.dead_letters.replay(letter)
        except DependencyFault as error:
            return Replay(letter, str(error))
        return Replay(letter)
