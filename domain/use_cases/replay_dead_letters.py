"""Have what was given up done after all."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.dead_letter import DeadLetter, Replay, chosen
from domain.errors import DependencyFault, IllegalTransition, NotFound
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
        return [self._replay(_found(letters, message_id))]

    def one(self, message_id: str) -> DeadLetter:
        """That one, whose work is asked for once more.

        Raises NotFound, IllegalTransition where it is none of Sentinel's, and DependencyFault: then
        it stays, and its work may have been asked for.
        """
        letter = _found(self.dead_letters.all(), message_id)
        if letter.work is None:
            raise IllegalTransition("dead letter", "foreign", "replay", "Discard it.")
        self.dead_letters.replay(letter)
        return letter

    def _replay(self, letter: DeadLetter) -> Replay:
        if letter.work is None:
            return Replay(letter, _FOREIGN)
        try:
            self.dead_letters.replay(letter)
        except DependencyFault as error:
            return Replay(letter, str(error))
        return Replay(letter)


def _found(letters: Sequence[DeadLetter], message_id: str) -> DeadLetter:
    """Raises NotFound."""
    letter = chosen(letters, message_id)
    if letter is None:
        raise NotFound("dead letter", message_id)
    return letter
