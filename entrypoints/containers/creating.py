"""Creating a campaign."""

from dependency_injector import providers

from domain.use_cases.create_campaign import CreateCampaign
from entrypoints.containers.dispatching import Dispatching
from entrypoints.containers.use_cases import UseCases


class Creating(Dispatching):
    """From the request to the trigger."""

    create_campaign: providers.Provider[CreateCampaign] = providers.Factory(
        CreateCampaign,
        campaigns=UseCases.family.campaigns,
        templates=UseCases.family.templates,
        segments=UseCases.family.segments,
        contacts=UseCases.family.contacts,
        renderer=UseCases.family.renderer,
        dispatch=Dispatching.dispatch_start,
        scheduler=UseCases.family.scheduler,
        clock=UseCases.family.clock,
        ids=UseCases.family.ids,
        metrics=UseCases.family.metrics,
        policy=UseCases.settings.provided.policy,
        horizon=UseCases.settings.provided.horizon,
        fan_out_ranges=UseCases.settings.provided.fan_out_ranges,
        footer=UseCases.settings.provided.footer,
        require_approval=UseCases.settings.provided.require_approval,
    )
