"""What the API does of exports."""

from dependency_injector import providers

from domain.use_cases.cancel_export import CancelExport
from domain.use_cases.create_export import CreateExport
from domain.use_cases.read_export import ReadExport
from entrypoints.containers.use_cases import UseCases


class ServingExports(UseCases):
    """All but the work."""

    create_export: providers.Provider[CreateExport] = providers.Factory(
        CreateExport,
        jobs=UseCases.family.jobs,
        segments=UseCases.family.segments,
        contacts=UseCases.family.contacts,
        job_invoker=UseCases.family.job_invoker,
        clock=UseCases.family.clock,
        ids=UseCases.family.ids,
    )
    read_export: providers.Provider[ReadExport] = providers.Factory(
        ReadExport,
        jobs=UseCases.family.jobs,
        object_store=UseCases.family.object_store,
        clock=UseCases.family.clock,
    )
    cancel_export: providers.Provider[CancelExport] = providers.Factory(
        CancelExport,
        jobs=UseCases.family.jobs,
        object_store=UseCases.family.object_store,
        clock=UseCases.family.clock,
    )
