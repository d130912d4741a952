"""What a container's memory family gave up."""

from adapters.memory.dead_letters import MemoryDeadLetters
from domain.dead_letter import DeadLetter, DeadLetterSource, Work
from entrypoints.containers.core import Core
from tests.unit.sentinel import NOW


def given_up(
    container: Core,
    work: Work | None,
    message_id: str = "b5d9f9c8-6a1f-4b6e-9a57-2f7b1c0a4f11",
    source: DeadLetterSource = DeadLetterSource.START,
) -> str:
    """Lambda leaves a message on a queue of dead letters, or a stranger does; its id."""
    dead_letters = container.family.dead_letters()
    assert isinstance(dead_letters, MemoryDeadLetters)
    dead_letters.give_up(
        DeadLetter(
            source=source,
            message_id=message_id,
            work=work,
            reason="RetriesExhausted: Unhandled",
            first_sent_at=NOW,
            receives=1,
            receipt="a secret of the queue",
        )
    )
    return message_id
