"""Exporting contacts."""

from dependency_injector import providers

from domain.use_cases.run_export import RunExport
from entrypoints.containers.use_cases import UseCases


class Exporting(UseCases):
    """What is done of it once it is asked for."""

    run_export: providers.Provider[RunExport] = providers.Factory(
        RunExport,
        jobs=UseCases.family.jobs,
        segments=UseCases.family.segments,
        contacts=UseCases.family.contacts,
        suppressions=UseCases.family.suppressions,
        object_store=UseCases.family.object_store,
        job_invoker=UseCases.family.job_invoker,
        clock=UseCases.family.clock,
        ids=UseCases.family.ids,
    )
