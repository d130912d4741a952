"""What the API does of dead letters."""

from dependency_injector import providers

from domain.use_cases.discard_dead_letter import DiscardDeadLetter
from domain.use_cases.explain_dead_letters import ExplainDeadLetters
from domain.use_cases.replay_dead_letters import ReplayDeadLetters
from entrypoints.containers.use_cases import UseCases


class ServingDeadLetters(UseCases):
    """As `make dead-letters` does."""

    explain_dead_letters: providers.Provider[ExplainDeadLetters] = providers.Factory(
        ExplainDeadLetters,
        dead_letters=UseCases.family.dead_letters,
        campaigns=UseCases.family.campaigns,
        chunks=UseCases.family.chunks,
        fan_out=UseCases.family.fan_out,
        jobs=UseCases.family.jobs,
        clock=UseCases.family.clock,
    )
    replay_dead_letters: providers.Provider[ReplayDeadLetters] = providers.Factory(
        ReplayDeadLetters, dead_letters=UseCases.family.dead_letters
    )
    discard_dead_letter: providers.Provider[DiscardDeadLetter] = providers.Factory(
        DiscardDeadLetter, dead_letters=UseCases.family.dead_letters
    )
