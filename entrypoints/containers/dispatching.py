"""Setting immediate campaigns going: whoever creates, resumes or moves one does."""

from dependency_injector import providers

from domain.use_cases.dispatch_start import DispatchStart
from entrypoints.containers.use_cases import UseCases


class Dispatching(UseCases):
    """The direct way, or over the start queue."""

    dispatch_start: providers.Provider[DispatchStart] = providers.Factory(
        DispatchStart,
        admission=UseCases.family.admission,
        invoker=UseCases.family.invoker,
        start_queue=UseCases.family.start_queue,
        clock=UseCases.family.clock,
        metrics=UseCases.family.metrics,
    )
