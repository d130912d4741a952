"""Cloning a campaign."""

from dependency_injector import providers

from domain.use_cases.clone_campaign import CloneCampaign
from entrypoints.containers.creating import Creating
from entrypoints.containers.use_cases import UseCases


class Cloning(Creating):
    """Creating one after another."""

    clone_campaign: providers.Provider[CloneCampaign] = providers.Factory(
        CloneCampaign,
        campaigns=UseCases.family.campaigns,
        create=Creating.create_campaign,
        clock=UseCases.family.clock,
    )
