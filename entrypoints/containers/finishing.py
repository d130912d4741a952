"""The check that start, send and reconcile end with."""

from dependency_injector import providers

from domain.use_cases.finish_campaign import FinishCampaign
from entrypoints.containers.use_cases import UseCases


class Finishing(UseCases):
    """Whether a campaign is sent."""

    finish_campaign: providers.Provider[FinishCampaign] = providers.Factory(
        FinishCampaign,
        campaigns=UseCases.family.campaigns,
        fan_out=UseCases.family.fan_out,
        clock=UseCases.family.clock,
    )
