"""Going on with erasures that broke off."""

from dependency_injector import providers

from domain.use_cases.continue_erasure import ContinueErasure
from entrypoints.containers.erasing import Erasing


class ContinuingErasures(Erasing):
    """What run-job is invoked for beside jobs."""

    continue_erasure: providers.Provider[ContinueErasure] = providers.Factory(
        ContinueErasure, erase=Erasing.erase_contact
    )
