"""Have what was given up done after all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.dead_letter import DeadLetter, DeadLetterSource, Replay, chosen
from domain.errors import (
    DependencyFault,
    DependencyRefused,
    DependencyUnavailable,
    IllegalTransition,
    NotFound,
)
from domain.ports.dead_letters import DeadLetters

REPLAYED_AT_ONCE = 100
_FOREIGN = "never replayed; discard it"


@dataclass(frozen=True)
class FirstReplays:
    """What became of some; `left` is how many of Sentinel's are still there."""

    replays: Sequence[Replay]
    left: int


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

    def first(self, source: DeadLetterSource | None = None) -> FirstReplays:
        """The first `REPLAYED_AT_ONCE` of Sentinel's, of `source` or of all.

        A service that does not answer ends it: the others would wait for it likewise. Raises
        DependencyFault where they cannot be listed.
        """
        letters = [
            each
            for each in self.dead_letters.all()
            if each.work is not None and source in {None, each.source}
        ]
        replays = list(self._until_no_answer(letters[:REPLAYED_AT_ONCE]))
        done = sum(each.fault is None for each in replays)
        return FirstReplays(replays, left=len(letters) - done)

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

    def _until_no_answer(self, letters: Sequence[DeadLetter]) -> Iterator[Replay]:
        for letter in letters:
            try:
                self.dead_letters.replay(letter)
            except DependencyUnavailable as error:
                yield Replay(letter, str(error))
                return
            except DependencyRefused as error:
                yield Replay(letter, str(error))
            else:
                yield Replay(letter)

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
