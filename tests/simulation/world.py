"""One world: the real use cases on the real adapters of a family, seen through unreliable ports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.memory.database import MemoryDatabase
from adapters.memory.mailer import MemoryMailer
from adapters.memory.metrics import MemoryMetrics
from adapters.memory.sending_account import MemorySendingAccount
from adapters.minijinja.renderer import MinijinjaRenderer
from domain.campaign import Campaign, CampaignState, PauseReason
from domain.contact import ContactDraft
from domain.footer import Footer
from domain.identifiers import SegmentId, TemplateId
from domain.path_policy import DEFAULT_HORIZON
from domain.ports.clock import Clock
from domain.ports.provider_events import ProviderEventQueue
from domain.ports.suppressions import SuppressionRepository
from domain.segment import Segment
from domain.template import Content, Template
from domain.unsubscribe import UnsubscribeTokens
from domain.use_cases.announce_outcomes import AnnounceOutcomes
from domain.use_cases.approve_campaign import ApproveCampaign
from domain.use_cases.cancel_campaign import CancelCampaign
from domain.use_cases.count_soft_bounces import CountSoftBounces
from domain.use_cases.create_campaign import CreateCampaign
from domain.use_cases.dispatch_start import DispatchStart
from domain.use_cases.edit_campaign import EditCampaign
from domain.use_cases.finish_campaign import FinishCampaign
from domain.use_cases.make_occurrences import MakeOccurrences
from domain.use_cases.pause_campaign import PauseCampaign
from domain.use_cases.reconcile import Reconcile
from domain.use_cases.record_provider_events import RecordProviderEvents
from domain.use_cases.resume_campaign import ResumeCampaign
from domain.use_cases.send_batch import SendBatch
from domain.use_cases.send_chunks import SendChunks
from domain.use_cases.settle_unknown import SettleUnknown
from domain.use_cases.start_batch import StartBatch
from domain.use_cases.start_campaign import StartCampaign
from domain.use_cases.write_path_line import WritePathLine
from tests.simulation.decisions import Decisions
from tests.simulation.family import MakeFamily, Watch
from tests.simulation.faults import Fault, Faults
from tests.simulation.hub import Hub, Process, Signal
from tests.simulation.memory_family import memory_family
from tests.simulation.messages import (
    LaggingOpenWork,
    UnreliableAccount,
    UnreliableInvoker,
    UnreliableQueue,
    UnreliableStartQueue,
    UnreliableTicker,
)
from tests.simulation.observed import Observed
from tests.simulation.ports import (
    EPOCH,
    SECOND,
    Calls,
    NumberedIds,
    TrueClock,
    VirtualClock,
    microseconds,
    port,
)
from tests.simulation.provider import Provider, SimulatedMailer
from tests.simulation.setting import Setting
from tests.simulation.sqlite_family import sqlite_family
from tests.simulation.telling import Telling
from tests.simulation.witness import Witness

FAMILIES: Mapping[str, MakeFamily] = {"memory": memory_family, "sqlite": sqlite_family}

_POWER_LOST = 0.01
_OUTAGE = 30 * SECOND

BY_PEOPLE = frozenset({PauseReason.OPERATOR, PauseReason.APPROVAL})
"""Pauses that nothing but people end."""
_CONTENT = Content("News", "<p>Hello {{ postal_address }}</p>", "{{ unsubscribe_url }}")
_FOOTER = Footer(public_url="https://mail.example.com", postal_address="1 High Street")
_TOKENS = UnsubscribeTokens(lambda: b"simulated")
_RENDERER = MinijinjaRenderer()
"""Pure, so all processes of all worlds may share it: compiling takes longest."""


@dataclass(frozen=True)
class UseCases:
    """What one process runs."""

    create: CreateCampaign
    start: StartCampaign
    start_some: StartBatch
    send: SendBatch
    reconcile: Reconcile
    pause: PauseCampaign
    resume: ResumeCampaign
    approve: ApproveCampaign
    cancel: CancelCampaign
    edit: EditCampaign
    settle: SettleUnknown
    record: RecordProviderEvents
    events: ProviderEventQueue
    queue: UnreliableQueue
    start_queue: UnreliableStartQueue
    invoker: UnreliableInvoker
    suppressions: SuppressionRepository
    clock: Clock


class World:
    """Everything there is in one run."""

    def __init__(self, seed: int, setting: Setting, faults: Faults, family: str) -> None:
        """Segments and templates stand; nothing else has happened."""
        self.setting = setting
        self.faults = faults
        self.decisions = Decisions(seed)
        self.hub = Hub(self.decisions, setting.epoch)
        self.clock = TrueClock(self.hub)
        self.witness = Witness(self.hub, setting)
        self.calls = Calls(self.hub, faults, self.witness)
        self.database = MemoryDatabase(
            campaigns=Observed(self.witness.campaign_written),
            chunks=Observed(self.witness.chunk_written),
            suppressions=Observed(self.witness.suppression_written),
        )
        self.family = FAMILIES[family](
            Watch(self.database, self.witness.defect, self._unsynced),
            self.clock,
            NumberedIds("audience", self.decisions),
            setting,
        )
        self.calls.killed_at_commit = self.family.killed_at_commit
        self.events_came = Signal(self.hub)
        self.provider = Provider(
            MemoryMailer(self.clock),
            Signal(self.hub),
            Telling(self.family.tell, self.events_came, self.hub, faults, setting.tells),
        )
        self.metrics = MemoryMetrics()
        self.account = MemorySendingAccount()
        self.messages_came = Signal(self.hub)
        self.invocations_came = Signal(self.hub)
        self.starts_came = Signal(self.hub)
        self.ticker = UnreliableTicker(self.family, faults, self.invocations_came)
        self.is_over = False
        self.is_without_power = False
        self._unsynced_writes = 0
        self.repeats = 0
        """Starts that the platform repeated."""
        self.epoch = setting.epoch
        self._populate()
        self.witness.watch(self.database)

    def use_cases(self, process: Process) -> UseCases:
        """All of them, as `process` runs them."""
        calls, faults = self.calls, self.faults
        bound = self.decisions.whole(-self.setting.skew, self.setting.skew, "skew", process.name)
        process.skew = bound
        campaigns = port(calls, process, "campaigns", self.family.campaigns)
        chunks = port(calls, process, "chunks", self.family.chunks)
        contents = port(calls, process, "contents", self.family.contents)
        fan_out = port(calls, process, "fan_out", self.family.fan_out)
        open_work = port(
            calls, process, "open_work", LaggingOpenWork(self.family.open_work, faults, process)
        )
        segments = port(calls, process, "segments", self.family.segments)
        contacts = port(calls, process, "contacts", self.family.contacts)
        templates = port(calls, process, "templates", self.family.templates)
        scheduler = port(calls, process, "scheduler", self.family.scheduler)
        limiter = port(calls, process, "limiter", self.family.limiter)
        metrics = port(calls, process, "metrics", self.metrics)
        renderer = port(calls, process, "renderer", _RENDERER)
        clock = port(calls, process, "clock", VirtualClock(process))
        ids = port(calls, process, "ids", NumberedIds(process.name, self.decisions))
        mailer = port(calls, process, "mailer", SimulatedMailer(self.provider, faults, process))
        queue = port(
            calls,
            process,
            "queue",
            UnreliableQueue(self.family.queue, faults, process, self.messages_came),
        )
        invoker = port(
            calls,
            process,
            "invoker",
            UnreliableInvoker(self.family.invoker, faults, process, self.invocations_came),
        )
        start_queue = port(
            calls,
            process,
            "start_queue",
            UnreliableStartQueue(self.family.start_queue, faults, process, self.starts_came),
        )
        dispatch = DispatchStart(
            admission=port(calls, process, "admission", self.family.admission),
            invoker=invoker,
            start_queue=start_queue,
            clock=clock,
            metrics=metrics,
        )
        suppressions = port(calls, process, "suppressions", self.family.suppressions)
        policy = self.setting.policy
        analytics = port(calls, process, "analytics", self.family.analytics)
        finish = FinishCampaign(campaigns=campaigns, fan_out=fan_out, clock=clock)
        resume = ResumeCampaign(
            campaigns=campaigns,
            fan_out=fan_out,
            dispatch=dispatch,
            scheduler=scheduler,
            clock=clock,
            policy=policy,
        )
        create = CreateCampaign(
            campaigns=campaigns,
            templates=templates,
            segments=segments,
            contacts=contacts,
            renderer=renderer,
            dispatch=dispatch,
            scheduler=scheduler,
            clock=clock,
            ids=ids,
            metrics=metrics,
            policy=policy,
            horizon=DEFAULT_HORIZON,
            fan_out_ranges=self.setting.ranges,
            footer=_FOOTER,
        )
        start = StartCampaign(
            campaigns=campaigns,
            contents=contents,
            fan_out=fan_out,
            templates=templates,
            segments=segments,
            contacts=contacts,
            renderer=renderer,
            queue=queue,
            invoker=invoker,
            clock=clock,
            ids=ids,
            metrics=metrics,
            policy=policy,
            finish=finish,
            footer=_FOOTER,
            chunk_size=self.setting.chunk_size,
            chunks_a_step=self.setting.chunks_a_step,
            max_chunks_a_step=self.setting.max_chunks_a_step,
            split_above=self.setting.split_above,
            parallel=self.setting.parallel,
        )
        return UseCases(
            create=create,
            start=start,
            start_some=StartBatch(start=start, start_queue=start_queue, clock=clock),
            send=SendBatch(
                send_chunks=SendChunks(
                    campaigns=campaigns,
                    chunks=chunks,
                    contents=contents,
                    renderer=renderer,
                    limiter=limiter,
                    mailer=mailer,
                    queue=queue,
                    clock=clock,
                    ids=ids,
                    metrics=metrics,
                    policy=policy,
                    tokens=_TOKENS,
                    footer=_FOOTER,
                    chunk_size=self.setting.chunk_size,
                ),
                finish=finish,
                clock=clock,
            ),
            reconcile=Reconcile(
                campaigns=campaigns,
                chunks=chunks,
                fan_out=fan_out,
                jobs=self.family.jobs,
                open_work=open_work,
                scheduler=scheduler,
                start_queue=start_queue,
                job_invoker=self.family.job_invoker,
                queue=queue,
                clock=clock,
                metrics=metrics,
                policy=policy,
                account=port(
                    calls, process, "account", UnreliableAccount(self.account, faults, process)
                ),
                finish=finish,
                resume=resume,
                write_line=WritePathLine(
                    analytics=analytics, campaigns=campaigns, fan_out=fan_out, clock=clock
                ),
                # There are none.
                make=MakeOccurrences(
                    series=self.family.series,
                    create=create,
                    clock=clock,
                    metrics=metrics,
                ),
            ),
            pause=PauseCampaign(campaigns=campaigns, scheduler=scheduler, clock=clock),
            resume=resume,
            approve=ApproveCampaign(resume=resume, templates=templates, clock=clock, policy=policy),
            cancel=CancelCampaign(campaigns=campaigns, scheduler=scheduler, clock=clock),
            edit=EditCampaign(
                campaigns=campaigns,
                dispatch=dispatch,
                scheduler=scheduler,
                clock=clock,
                policy=policy,
                horizon=DEFAULT_HORIZON,
            ),
            settle=SettleUnknown(
                campaigns=campaigns,
                chunks=chunks,
                fan_out=fan_out,
                queue=queue,
                clock=clock,
                metrics=metrics,
                policy=policy,
                finish=finish,
            ),
            record=RecordProviderEvents(
                chunks=chunks,
                suppressions=suppressions,
                clock=clock,
                metrics=metrics,
                finish=finish,
                announce=AnnounceOutcomes(
                    # Nobody asks for webhooks here.
                    webhooks=self.family.webhooks,
                    deliveries=self.family.webhook_deliveries,
                    clock=clock,
                ),
                count=CountSoftBounces(contacts=contacts, suppressions=suppressions, limit=5),
            ),
            events=port(calls, process, "events", self.family.provider_events),
            queue=queue,
            start_queue=start_queue,
            invoker=invoker,
            suppressions=suppressions,
            clock=clock,
        )

    def dispatching(self, clock: Clock) -> DispatchStart:
        """Without faults."""
        return DispatchStart(
            admission=self.family.admission,
            invoker=self.family.invoker,
            start_queue=self.family.start_queue,
            clock=clock,
            metrics=self.metrics,
        )

    def making(self, clock: Clock) -> MakeOccurrences:
        """Without faults; there are no series here."""
        create = CreateCampaign(
            campaigns=self.family.campaigns,
            templates=self.family.templates,
            segments=self.family.segments,
            contacts=self.family.contacts,
            renderer=_RENDERER,
            dispatch=self.dispatching(clock),
            scheduler=self.family.scheduler,
            clock=clock,
            ids=NumberedIds("looking-back", self.decisions),
            metrics=self.metrics,
            policy=self.setting.policy,
            horizon=DEFAULT_HORIZON,
            fan_out_ranges=self.setting.ranges,
            footer=_FOOTER,
        )
        return MakeOccurrences(
            series=self.family.series,
            create=create,
            clock=clock,
            metrics=self.metrics,
        )

    def _populate(self) -> None:
        for number, plan in enumerate(self.setting.campaigns):
            self.family.templates.add(
                Template(
                    template_id=TemplateId(f"template-{number}"),
                    name="News",
                    content=_CONTENT,
                    created_at=EPOCH,
                    updated_at=EPOCH,
                )
            )
            segment_id = SegmentId(f"segment-{number}")
            self.family.segments.add(Segment(segment_id=segment_id, name="All", created_at=EPOCH))
            contacts = self.family.contacts.put(
                [
                    ContactDraft(
                        f"{number}-{member}@example.com",
                        {},
                        time_zone=plan.local.homes[member] if plan.local else None,
                    )
                    for member in range(plan.members)
                ]
            )
            self.family.segments.add_members(segment_id, [each.contact_id for each in contacts])

    def _unsynced(self) -> None:
        """By chance the power is lost, as soon as whoever wrote this waits."""
        self._unsynced_writes += 1
        number = self._unsynced_writes
        draw = self.decisions.fraction("power", number)
        if self.faults.by_chance(Fault("power", "write", number, "lost after"), draw, _POWER_LOST):
            self.is_without_power = True
            self.hub.interrupt()

    def lose_power(self) -> None:
        """Everybody dies, and what is not on the disk is lost, or its end; some time passes."""
        assert self.family.lose_power is not None, "what is not on a disk is not unsynced"
        self.is_without_power = False
        _, sort, kept, *_ = self.decisions.draws("power", self._unsynced_writes)
        self.hub.now += _OUTAGE
        self.hub.end_the_busy()
        self.family.lose_power(kept if sort < 0.5 else 0.0)
        for signal in (
            self.messages_came,
            self.invocations_came,
            self.starts_came,
            self.events_came,
        ):
            # Of what has come again nobody tells; in production they all look now and then.
            signal.notify()

    def due_in(self, at: datetime | None) -> int | None:
        """How soon that is; None where it never is."""
        return None if at is None else max(0, microseconds(at - self.clock.now()))

    def is_anything_due(self) -> bool:
        """Whether a reconciler, by whatever clock, would find something."""
        horizon = self.clock.now() + timedelta(microseconds=self.setting.skew)
        return bool(self.family.open_work.due(horizon, 1))

    @property
    def is_settled(self) -> bool:
        """Whether nothing will happen any more."""
        if self.hub.is_anybody_busy or not self.family.is_empty():
            return False
        for campaign in self.database.campaigns.values():
            if not campaign.is_final and not _waits_for_people(campaign):
                return False
        return all(
            chunk.is_finished
            or self.database.campaigns[chunk.ref.campaign_id].state is CampaignState.PAUSED
            for chunk in self.database.chunks.values()
        )


def _waits_for_people(campaign: Campaign) -> bool:
    paused = campaign.state is CampaignState.PAUSED
    return paused and campaign.pause_reason in BY_PEOPLE
