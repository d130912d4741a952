"""Starting campaigns."""

from dependency_injector import providers

from domain.use_cases.start_batch import StartBatch
from domain.use_cases.start_campaign import StartCampaign
from entrypoints.containers.finishing import Finishing
from entrypoints.containers.use_cases import UseCases


class Starting(Finishing):
    """From the segment to the send queue."""

    start_campaign: providers.Provider[StartCampaign] = providers.Factory(
        StartCampaign,
        campaigns=UseCases.family.campaigns,
        contents=UseCases.family.contents,
        fan_out=UseCases.family.fan_out,
        templates=UseCases.family.templates,
        segments=UseCases.family.segments,
        contacts=UseCases.family.contacts,
        renderer=UseCases.family.renderer,
        queue=UseCases.family.queue,
        invoker=UseCases.family.invoker,
        clock=UseCases.family.clock,
        ids=UseCases.family.ids,
        metrics=UseCases.family.metrics,
        policy=UseCases.settings.provided.policy,
        finish=Finishing.finish_campaign,
        footer=UseCases.settings.provided.footer,
        split_above=UseCases.settings.provided.fan_out_split_above,
        parallel=UseCases.settings.provided.fan_out_parallel,
    )
    start_batch: providers.Provider[StartBatch] = providers.Factory(
        StartBatch,
        start=start_campaign,
        start_queue=UseCases.family.start_queue,
        clock=UseCases.family.clock,
    )
