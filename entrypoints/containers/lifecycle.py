"""Pausing, resuming and cancelling."""

from dependency_injector import providers

from domain.use_cases.cancel_campaign import CancelCampaign
from domain.use_cases.pause_campaign import PauseCampaign
from domain.use_cases.resume_campaign import ResumeCampaign
from entrypoints.containers.use_cases import UseCases


class Lifecycle(UseCases):
    """What people do with a campaign once it is there."""

    pause_campaign: providers.Provider[PauseCampaign] = providers.Factory(
        PauseCampaign, campaigns=UseCases.family.campaigns, scheduler=UseCases.family.scheduler
    )
    resume_campaign: providers.Provider[ResumeCampaign] = providers.Factory(
        ResumeCampaign,
        campaigns=UseCases.family.campaigns,
        fan_out=UseCases.family.fan_out,
        invoker=UseCases.family.invoker,
        scheduler=UseCases.family.scheduler,
        clock=UseCases.family.clock,
        policy=UseCases.settings.provided.policy,
    )
    cancel_campaign: providers.Provider[CancelCampaign] = providers.Factory(
        CancelCampaign,
        campaigns=UseCases.family.campaigns,
        scheduler=UseCases.family.scheduler,
        clock=UseCases.family.clock,
    )
