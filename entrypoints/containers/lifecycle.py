"""Editing, approving, pausing, resuming and cancelling."""

from dependency_injector import providers

from domain.use_cases.approve_campaign import ApproveCampaign
from domain.use_cases.cancel_campaign import CancelCampaign
from domain.use_cases.edit_campaign import EditCampaign
from domain.use_cases.pause_campaign import PauseCampaign
from entrypoints.containers.resuming import Resuming
from entrypoints.containers.use_cases import UseCases


class Lifecycle(Resuming):
    """What people do with a campaign once it is there."""

    edit_campaign: providers.Provider[EditCampaign] = providers.Factory(
        EditCampaign,
        campaigns=UseCases.family.campaigns,
        dispatch=Resuming.dispatch_start,
        scheduler=UseCases.family.scheduler,
        clock=UseCases.family.clock,
        policy=UseCases.settings.provided.policy,
        horizon=UseCases.settings.provided.horizon,
    )
    approve_campaign: providers.Provider[ApproveCampaign] = providers.Factory(
        ApproveCampaign,
        resume=Resuming.resume_campaign,
        templates=UseCases.family.templates,
        clock=UseCases.family.clock,
        policy=UseCases.settings.provided.policy,
    )
    pause_campaign: providers.Provider[PauseCampaign] = providers.Factory(
        PauseCampaign,
        campaigns=UseCases.family.campaigns,
        scheduler=UseCases.family.scheduler,
        clock=UseCases.family.clock,
    )
    cancel_campaign: providers.Provider[CancelCampaign] = providers.Factory(
        CancelCampaign,
        campaigns=UseCases.family.campaigns,
        scheduler=UseCases.family.scheduler,
        clock=UseCases.family.clock,
    )
