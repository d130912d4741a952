"""The use cases, each given the ports it needs by whichever family is chosen."""

from dependency_injector import containers, providers

from domain.use_cases.add_members import AddMembers
from domain.use_cases.create_campaign import CreateCampaign
from domain.use_cases.create_segment import CreateSegment
from domain.use_cases.create_template import CreateTemplate
from domain.use_cases.finish_campaign import FinishCampaign
from domain.use_cases.put_contacts import PutContacts
from domain.use_cases.read_campaign import ReadCampaign
from domain.use_cases.reconcile import Reconcile
from domain.use_cases.send_batch import SendBatch
from domain.use_cases.send_chunk import SendChunk
from domain.use_cases.start_campaign import StartCampaign
from entrypoints.settings import Settings


class Core(containers.DeclarativeContainer):
    """`family` provides the ports, under the same names in every family."""

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)
    family = providers.DependenciesContainer()

    create_campaign: providers.Provider[CreateCampaign] = providers.Factory(
        CreateCampaign,
        campaigns=family.campaigns,
        templates=family.templates,
        segments=family.segments,
        contacts=family.contacts,
        renderer=family.renderer,
        invoker=family.invoker,
        scheduler=family.scheduler,
        clock=family.clock,
        ids=family.ids,
        metrics=family.metrics,
        policy=settings.provided.policy,
        horizon=settings.provided.horizon,
        fan_out_ranges=settings.provided.fan_out_ranges,
    )
    finish_campaign: providers.Provider[FinishCampaign] = providers.Factory(
        FinishCampaign,
        campaigns=family.campaigns,
        fan_out=family.fan_out,
        clock=family.clock,
        policy=settings.provided.policy,
    )
    start_campaign: providers.Provider[StartCampaign] = providers.Factory(
        StartCampaign,
        campaigns=family.campaigns,
        contents=family.contents,
        fan_out=family.fan_out,
        templates=family.templates,
        segments=family.segments,
        contacts=family.contacts,
        renderer=family.renderer,
        queue=family.queue,
        invoker=family.invoker,
        clock=family.clock,
        ids=family.ids,
        metrics=family.metrics,
        policy=settings.provided.policy,
        finish=finish_campaign,
    )
    send_chunk: providers.Provider[SendChunk] = providers.Factory(
        SendChunk,
        campaigns=family.campaigns,
        chunks=family.chunks,
        contents=family.contents,
        renderer=family.renderer,
        limiter=family.limiter,
        mailer=family.mailer,
        queue=family.queue,
        clock=family.clock,
        ids=family.ids,
        metrics=family.metrics,
        policy=settings.provided.policy,
    )
    send_batch: providers.Provider[SendBatch] = providers.Factory(
        SendBatch, send_chunk=send_chunk, finish=finish_campaign, clock=family.clock
    )
    reconcile: providers.Provider[Reconcile] = providers.Factory(
        Reconcile,
        campaigns=family.campaigns,
        chunks=family.chunks,
        fan_out=family.fan_out,
        open_work=family.open_work,
        scheduler=family.scheduler,
        invoker=family.invoker,
        queue=family.queue,
        clock=family.clock,
        metrics=family.metrics,
        policy=settings.provided.policy,
        finish=finish_campaign,
    )
    read_campaign: providers.Provider[ReadCampaign] = providers.Factory(
        ReadCampaign, campaigns=family.campaigns, fan_out=family.fan_out
    )
    create_template: providers.Provider[CreateTemplate] = providers.Factory(
        CreateTemplate,
        templates=family.templates,
        renderer=family.renderer,
        clock=family.clock,
        ids=family.ids,
    )
    create_segment: providers.Provider[CreateSegment] = providers.Factory(
        CreateSegment, segments=family.segments, clock=family.clock, ids=family.ids
    )
    put_contacts: providers.Provider[PutContacts] = providers.Factory(
        PutContacts, contacts=family.contacts
    )
    add_members: providers.Provider[AddMembers] = providers.Factory(
        AddMembers, segments=family.segments, contacts=family.contacts
    )
