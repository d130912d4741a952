"""What the API does of imports."""

from dependency_injector import providers

from domain.use_cases.cancel_import import CancelImport
from domain.use_cases.create_import import CreateImport
from domain.use_cases.list_refused import ListRefused
from domain.use_cases.read_import import ReadImport
from domain.use_cases.start_import import StartImport
from entrypoints.containers.use_cases import UseCases


class ServingImports(UseCases):
    """All but the work."""

    create_import: providers.Provider[CreateImport] = providers.Factory(
        CreateImport,
        jobs=UseCases.family.jobs,
        segments=UseCases.family.segments,
        object_store=UseCases.family.object_store,
        clock=UseCases.family.clock,
        ids=UseCases.family.ids,
    )
    read_import: providers.Provider[ReadImport] = providers.Factory(
        ReadImport, jobs=UseCases.family.jobs, object_store=UseCases.family.object_store
    )
    start_import: providers.Provider[StartImport] = providers.Factory(
        StartImport,
        jobs=UseCases.family.jobs,
        object_store=UseCases.family.object_store,
        job_invoker=UseCases.family.job_invoker,
        clock=UseCases.family.clock,
    )
    cancel_import: providers.Provider[CancelImport] = providers.Factory(
        CancelImport,
        jobs=UseCases.family.jobs,
        object_store=UseCases.family.object_store,
        clock=UseCases.family.clock,
    )
    list_refused: providers.Provider[ListRefused] = providers.Factory(
        ListRefused, jobs=UseCases.family.jobs, object_store=UseCases.family.object_store
    )
