"""Throw one dead letter away."""

from dataclasses import dataclass

from domain.dead_letter import DeadLetter, chosen
from domain.errors import NotFound
from domain.ports.dead_letters import DeadLetters


@dataclass(frozen=True, kw_only=True)
class DiscardDeadLetter:
    """Its work is not concerned: what is to be done stands in the records."""

    dead_letters: DeadLetters

    def __call__(self, message_id: str) -> DeadLetter:
        """The one that is gone now. Raises NotFound and DependencyFault."""
        letter = chosen(self.dead_letters.all(), message_id)
        if letter is None:
            raise NotFound("dead letter", message_id)
        self.dead_letters.discard(letter)
        return letter
