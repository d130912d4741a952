"""Running jobs."""

from dependency_injector import providers

from domain.use_cases.run_job import RunJob
from entrypoints.containers.continuing_erasures import ContinuingErasures
from entrypoints.containers.exporting import Exporting
from entrypoints.containers.importing import Importing
from entrypoints.containers.use_cases import UseCases


class RunningJobs(Importing, Exporting, ContinuingErasures):
    """Whatever they do."""

    run_job: providers.Provider[RunJob] = providers.Factory(
        RunJob,
        jobs=UseCases.family.jobs,
        run_import=Importing.run_import,
        run_export=Exporting.run_export,
        continue_erasure=ContinuingErasures.continue_erasure,
    )
