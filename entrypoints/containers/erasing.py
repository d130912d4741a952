"""Erasing a person."""

from dependency_injector import providers

from domain.use_cases.erase_contact import EraseContact
from entrypoints.containers.finishing import Finishing
from entrypoints.containers.use_cases import UseCases


class Erasing(Finishing):
    """Everywhere."""

    erase_contact: providers.Provider[EraseContact] = providers.Factory(
        EraseContact,
        contacts=UseCases.family.contacts,
        segments=UseCases.family.segments,
        suppressions=UseCases.family.suppressions,
        campaigns=UseCases.family.campaigns,
        chunks=UseCases.family.chunks,
        fan_out=UseCases.family.fan_out,
        clock=UseCases.family.clock,
        finish=Finishing.finish_campaign,
    )
