"""Letting a paused campaign go on: people do, and the reconciler."""

from dependency_injector import providers

from domain.use_cases.resume_campaign import ResumeCampaign
from entrypoints.containers.dispatching import Dispatching
from entrypoints.containers.use_cases import UseCases


class Resuming(Dispatching):
    """By the path that is decided again."""

    resume_campaign: providers.Provider[ResumeCampaign] = providers.Factory(
        ResumeCampaign,
        campaigns=UseCases.family.campaigns,
        fan_out=UseCases.family.fan_out,
        dispatch=Dispatching.dispatch_start,
        scheduler=UseCases.family.scheduler,
        clock=UseCases.family.clock,
        policy=UseCases.settings.provided.policy,
    )
