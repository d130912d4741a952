"""Importing contacts."""

from dependency_injector import providers

from domain.use_cases.run_import import RunImport
from entrypoints.containers.use_cases import UseCases


class Importing(UseCases):
    """What is done of it once it is started."""

    run_import: providers.Provider[RunImport] = providers.Factory(
        RunImport,
        jobs=UseCases.family.jobs,
        segments=UseCases.family.segments,
        contacts=UseCases.family.contacts,
        object_store=UseCases.family.object_store,
        job_invoker=UseCases.family.job_invoker,
        clock=UseCases.family.clock,
        ids=UseCases.family.ids,
    )
