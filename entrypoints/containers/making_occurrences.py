"""Making the campaigns of series."""

from dependency_injector import providers

from domain.use_cases.make_occurrences import MakeOccurrences
from entrypoints.containers.creating import Creating
from entrypoints.containers.use_cases import UseCases


class MakingOccurrences(Creating):
    """As other campaigns are made."""

    make_occurrences: providers.Provider[MakeOccurrences] = providers.Factory(
        MakeOccurrences,
        series=UseCases.family.series,
        create=Creating.create_campaign,
        clock=UseCases.family.clock,
        metrics=UseCases.family.metrics,
    )
