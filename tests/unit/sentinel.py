"""All of Sentinel on the memory adapters and a clock that only a test moves."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from adapters.memory.admission import MemoryAdmissionControl
from adapters.memory.analytics import MemoryAnalyticsRepository
from adapters.memory.campaign_changes import MemoryCampaignChanges
from adapters.memory.campaigns import MemoryCampaignRepository
from adapters.memory.chunks import MemoryChunkRepository
from adapters.memory.contacts import MemoryContactRepository
from adapters.memory.contents import MemoryContentRepository
from adapters.memory.database import MemoryDatabase
from adapters.memory.fan_out import MemoryFanOutRepository
from adapters.memory.invoker import MemoryInvoker
from adapters.memory.job_invoker import MemoryJobInvoker
from adapters.memory.jobs import MemoryJobRepository
from adapters.memory.mailer import MemoryMailer
from adapters.memory.metrics import MemoryMetrics
from adapters.memory.open_work import MemoryOpenWork
from adapters.memory.provider_events import MemoryProviderEvents
from adapters.memory.queue import MemorySendQueue
from adapters.memory.rate_limiter import MemoryRateLimiter
from adapters.memory.scheduler import MemoryScheduler
from adapters.memory.segments import MemorySegmentRepository
from adapters.memory.sending_account import MemorySendingAccount
from adapters.memory.series import MemorySeriesRepository
from adapters.memory.start_queue import MemoryStartQueue
from adapters.memory.suppressions import MemorySuppressionRepository
from adapters.memory.templates import MemoryTemplateRepository
from adapters.memory.webhook_deliveries import MemoryWebhookDeliveryRepository
from adapters.memory.webhook_sender import MemoryWebhookSender
from adapters.memory.webhooks import MemoryWebhookRepository
from adapters.minijinja.renderer import MinijinjaRenderer
from adapters.system.ids import SystemIds
from domain.admission import StartLimit, StartLimits
from domain.campaign import Campaign, CampaignState, PauseReason, UnknownPolicy
from domain.chunk import MAX_RECIPIENTS, Chunk, ChunkRef
from domain.contact import ContactDraft
from domain.delivery_policy import DeliveryPolicy
from domain.fan_out import CHUNKS_A_STEP, MAX_CHUNKS_A_STEP, PARALLEL_STARTS, SPLIT_ABOVE
from domain.footer import Footer
from domain.identifiers import CampaignId, SegmentId, TemplateId
from domain.merge_fields import MergeFields
from domain.path_policy import DEFAULT_HORIZON
from domain.ports.admission import AdmissionControl
from domain.priority import Priority
from domain.recipient import RecipientState
from domain.segment import Segment
from domain.start import StartRequest
from domain.suppression import Suppression, SuppressionReason
from domain.tally import Tally
from domain.template import Content, Template
from domain.unsubscribe import UnsubscribeTokens
from domain.use_cases.announce_changes import AnnounceChanges
from domain.use_cases.announce_outcomes import AnnounceOutcomes
from domain.use_cases.count_soft_bounces import CountSoftBounces
from domain.use_cases.create_campaign import CampaignRequest, CreateCampaign
from domain.use_cases.create_webhook import CreateWebhook
from domain.use_cases.deliver_webhooks import DeliverWebhooks
from domain.use_cases.dispatch_start import DispatchStart
from domain.use_cases.explain_pending import ExplainPending
from domain.use_cases.finish_campaign import FinishCampaign
from domain.use_cases.list_recipients import ListRecipients
from domain.use_cases.make_occurrences import MakeOccurrences
from domain.use_cases.read_campaign import ReadCampaign
from domain.use_cases.reconcile import Reconcile
from domain.use_cases.record_provider_events import RecordProviderEvents
from domain.use_cases.replay_webhooks import ReplayWebhooks
from domain.use_cases.resume_campaign import ResumeCampaign
from domain.use_cases.send_batch import SendBatch
from domain.use_cases.send_chunks import SendChunks
from domain.use_cases.settle_unknown import SettleUnknown
from domain.use_cases.start_batch import StartBatch
from domain.use_cases.start_campaign import StartCampaign
from domain.use_cases.unsubscribe import Unsubscribe
from domain.use_cases.write_path_line import WritePathLine
from domain.webhook_secret import WebhookSecrets

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

GREETING = Content(
    "News for {{ name }}",
    "<p>Hello {{ name }}</p>",
    "Hello {{ name }}\n\n{{ postal_address }}\n{{ unsubscribe_url }}",
)
FOOTER = Footer(public_url="https://mail.example.com", postal_address="1 High Street, Harrowick")
WEBHOOK_SECRETS = WebhookSecrets(lambda: b"tests only")
TOKENS = UnsubscribeTokens(lambda: b"tests only")


class SettableClock:
    """Implements `domain.ports.clock.Clock`: stands still until somebody sleeps or moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        """Standing at `now`."""
        self._now = now
        self._started = now

    def now(self) -> datetime:
        """Where it stands."""
        return self._now

    def monotonic(self) -> timedelta:
        """How far it was moved."""
        return self._now - self._started

    def sleep(self, duration: timedelta) -> None:
        """Over at once, the time has passed."""
        if duration > timedelta():
            self._now += duration

    def set_back(self, by: timedelta) -> None:
        """As a person does, or a time server: no time passes."""
        self._now -= by
        self._started -= by


class HalfwayIds(SystemIds):
    """What is spread at random elsewhere is halfway here."""

    def fraction(self) -> float:
        """A half."""
        return 0.5


class Sentinel:
    """Every adapter is an attribute that a test may replace; use cases take the present ones."""

    def __init__(self) -> None:
        """Empty, at `NOW`."""
        self.clock = SettableClock()
        self.ids = HalfwayIds()
        self.policy = DeliveryPolicy()
        self.footer = FOOTER
        self.fan_out_ranges = 1
        self.chunk_size = MAX_RECIPIENTS
        self.chunks_a_step = CHUNKS_A_STEP
        self.max_chunks_a_step = MAX_CHUNKS_A_STEP
        self.split_above = SPLIT_ABOVE
        self.parallel = PARALLEL_STARTS
        self.soft_bounce_limit = 5
        self.database = MemoryDatabase()
        self.analytics = MemoryAnalyticsRepository(self.database)
        self.campaigns = MemoryCampaignRepository(self.database)
        self.chunks = MemoryChunkRepository(self.database)
        self.contacts = MemoryContactRepository(self.database, self.ids)
        self.contents = MemoryContentRepository(self.database)
        self.fan_out = MemoryFanOutRepository(self.database)
        self.jobs = MemoryJobRepository(self.database)
        self.open_work = MemoryOpenWork(self.database)
        self.segments = MemorySegmentRepository(self.database)
        self.series = MemorySeriesRepository(self.database)
        self.suppressions = MemorySuppressionRepository(self.database)
        self.templates = MemoryTemplateRepository(self.database)
        self.renderer = MinijinjaRenderer()
        self.invoker = MemoryInvoker()
        self.job_invoker = MemoryJobInvoker()
        self.start_limits = StartLimits(StartLimit(1_000, 1_000), StartLimit(1_000, 1_000))
        self.admission: AdmissionControl = MemoryAdmissionControl(self.start_limits)
        self.start_queue = MemoryStartQueue(self.clock)
        self.scheduler = MemoryScheduler(self.clock, self.invoker)
        self.queue = MemorySendQueue(self.clock)
        self.limiter = MemoryRateLimiter(1_000)
        self.mailer = MemoryMailer(self.clock)
        self.metrics = MemoryMetrics()
        self.account = MemorySendingAccount()
        self.provider_events = MemoryProviderEvents()
        self.campaign_changes = MemoryCampaignChanges(self.database)
        self.webhooks = MemoryWebhookRepository(self.database)
        self.webhook_deliveries = MemoryWebhookDeliveryRepository(self.database)
        self.webhook_sender = MemoryWebhookSender()

    @property
    def create_campaign(self) -> CreateCampaign:
        """The use case."""
        return CreateCampaign(
            campaigns=self.campaigns,
            templates=self.templates,
            segments=self.segments,
            contacts=self.contacts,
            renderer=self.renderer,
            dispatch=self.dispatch_start,
            scheduler=self.scheduler,
            clock=self.clock,
            ids=self.ids,
            metrics=self.metrics,
            policy=self.policy,
            horizon=DEFAULT_HORIZON,
            fan_out_ranges=self.fan_out_ranges,
            footer=self.footer,
        )

    @property
    def dispatch_start(self) -> DispatchStart:
        """The use case."""
        return DispatchStart(
            admission=self.admission,
            invoker=self.invoker,
            start_queue=self.start_queue,
            clock=self.clock,
            metrics=self.metrics,
        )

    @property
    def start_batch(self) -> StartBatch:
        """The use case."""
        return StartBatch(start=self.start_campaign, start_queue=self.start_queue, clock=self.clock)

    @property
    def start_campaign(self) -> StartCampaign:
        """The use case."""
        return StartCampaign(
            campaigns=self.campaigns,
            contents=self.contents,
            fan_out=self.fan_out,
            templates=self.templates,
            segments=self.segments,
            contacts=self.contacts,
            renderer=self.renderer,
            queue=self.queue,
            invoker=self.invoker,
            clock=self.clock,
            ids=self.ids,
            metrics=self.metrics,
            policy=self.policy,
            finish=self.finish_campaign,
            footer=self.footer,
            chunk_size=self.chunk_size,
            chunks_a_step=self.chunks_a_step,
            max_chunks_a_step=self.max_chunks_a_step,
            split_above=self.split_above,
            parallel=self.parallel,
        )

    def send_chunk(self, ref: ChunkRef, deadline: timedelta | None = None) -> bool:
        """Of one alone; returns whether it is finished."""
        return ref in self.send_chunks([ref], deadline)

    @property
    def send_chunks(self) -> SendChunks:
        """The use case."""
        return SendChunks(
            campaigns=self.campaigns,
            chunks=self.chunks,
            contents=self.contents,
            renderer=self.renderer,
            limiter=self.limiter,
            mailer=self.mailer,
            queue=self.queue,
            clock=self.clock,
            ids=self.ids,
            metrics=self.metrics,
            policy=self.policy,
            tokens=TOKENS,
            footer=self.footer,
        )

    @property
    def unsubscribe(self) -> Unsubscribe:
        """The use case."""
        return Unsubscribe(
            tokens=TOKENS,
            chunks=self.chunks,
            contacts=self.contacts,
            suppressions=self.suppressions,
            clock=self.clock,
        )

    @property
    def send_batch(self) -> SendBatch:
        """The use case."""
        return SendBatch(
            send_chunks=self.send_chunks, finish=self.finish_campaign, clock=self.clock
        )

    @property
    def finish_campaign(self) -> FinishCampaign:
        """The use case."""
        return FinishCampaign(
            campaigns=self.campaigns,
            fan_out=self.fan_out,
            clock=self.clock,
        )

    @property
    def write_line(self) -> WritePathLine:
        """The use case."""
        return WritePathLine(
            analytics=self.analytics,
            campaigns=self.campaigns,
            fan_out=self.fan_out,
            clock=self.clock,
        )

    @property
    def read_campaign(self) -> ReadCampaign:
        """The use case."""
        return ReadCampaign(campaigns=self.campaigns, fan_out=self.fan_out)

    @property
    def explain_pending(self) -> ExplainPending:
        """The use case."""
        return ExplainPending(chunks=self.chunks)

    @property
    def list_recipients(self) -> ListRecipients:
        """The use case."""
        return ListRecipients(campaigns=self.campaigns, chunks=self.chunks, fan_out=self.fan_out)

    @property
    def settle_unknown(self) -> SettleUnknown:
        """The use case."""
        return SettleUnknown(
            campaigns=self.campaigns,
            chunks=self.chunks,
            fan_out=self.fan_out,
            queue=self.queue,
            clock=self.clock,
            metrics=self.metrics,
            policy=self.policy,
            finish=self.finish_campaign,
        )

    @property
    def reconcile(self) -> Reconcile:
        """The use case."""
        return Reconcile(
            campaigns=self.campaigns,
            chunks=self.chunks,
            fan_out=self.fan_out,
            jobs=self.jobs,
            open_work=self.open_work,
            scheduler=self.scheduler,
            start_queue=self.start_queue,
            job_invoker=self.job_invoker,
            queue=self.queue,
            clock=self.clock,
            metrics=self.metrics,
            policy=self.policy,
            account=self.account,
            finish=self.finish_campaign,
            resume=self.resume_campaign,
            write_line=self.write_line,
            make=self.make_occurrences,
        )

    @property
    def make_occurrences(self) -> MakeOccurrences:
        """The use case."""
        return MakeOccurrences(
            series=self.series,
            create=self.create_campaign,
            clock=self.clock,
            metrics=self.metrics,
        )

    @property
    def resume_campaign(self) -> ResumeCampaign:
        """The use case."""
        return ResumeCampaign(
            campaigns=self.campaigns,
            fan_out=self.fan_out,
            dispatch=self.dispatch_start,
            scheduler=self.scheduler,
            clock=self.clock,
            policy=self.policy,
        )

    @property
    def record_provider_events(self) -> RecordProviderEvents:
        """The use case."""
        return RecordProviderEvents(
            chunks=self.chunks,
            suppressions=self.suppressions,
            clock=self.clock,
            metrics=self.metrics,
            finish=self.finish_campaign,
            announce=AnnounceOutcomes(
                webhooks=self.webhooks, deliveries=self.webhook_deliveries, clock=self.clock
            ),
            count=CountSoftBounces(
                contacts=self.contacts,
                suppressions=self.suppressions,
                limit=self.soft_bounce_limit,
            ),
        )

    @property
    def announce_changes(self) -> AnnounceChanges:
        """The use case."""
        return AnnounceChanges(
            changes=self.campaign_changes,
            campaigns=self.campaigns,
            fan_out=self.fan_out,
            webhooks=self.webhooks,
            deliveries=self.webhook_deliveries,
            clock=self.clock,
        )

    @property
    def deliver_webhooks(self) -> DeliverWebhooks:
        """The use case."""
        return DeliverWebhooks(
            webhooks=self.webhooks,
            deliveries=self.webhook_deliveries,
            sender=self.webhook_sender,
            secrets=WEBHOOK_SECRETS,
            clock=self.clock,
            ids=self.ids,
            metrics=self.metrics,
        )

    @property
    def create_webhook(self) -> CreateWebhook:
        """The use case."""
        return CreateWebhook(
            webhooks=self.webhooks, clock=self.clock, ids=self.ids, allow_private=False
        )

    @property
    def replay_webhooks(self) -> ReplayWebhooks:
        """The use case."""
        return ReplayWebhooks(
            webhooks=self.webhooks, deliveries=self.webhook_deliveries, clock=self.clock
        )

    def tell(self) -> None:
        """What sentinel-webhooks does every minute."""
        self.announce_changes()
        self.deliver_webhooks()

    def add_template(self, content: Content = GREETING, name: str = "greeting") -> TemplateId:
        """A template under its name."""
        template_id = TemplateId(name)
        self.templates.add(
            Template(
                template_id=template_id,
                name=name,
                content=content,
                created_at=self.clock.now(),
                updated_at=self.clock.now(),
            )
        )
        return template_id

    def add_segment(self, people: Sequence[MergeFields], name: str = "everyone") -> SegmentId:
        """A segment under its name: person-0@example.com with the first fields, and so on."""
        segment_id = SegmentId(name)
        self.segments.add(Segment(segment_id=segment_id, name=name, created_at=self.clock.now()))
        contacts = self.contacts.put(
            [
                ContactDraft.of(f"person-{number}@example.com", fields)
                for number, fields in enumerate(people)
            ]
        )
        self.segments.add_members(segment_id, [contact.contact_id for contact in contacts])
        return segment_id

    def create(
        self,
        size: int,
        schedule_at: datetime | None = None,
        unknown_policy: UnknownPolicy = UnknownPolicy.HOLD,
        priority: Priority = Priority.NORMAL,
    ) -> CampaignId:
        """A campaign that greets a segment of `size` people; not run yet."""
        return self.create_of(
            self.add_template(),
            self.add_segment([{"name": f"N{number}"} for number in range(size)]),
            schedule_at,
            unknown_policy,
            priority,
        )

    def create_of(
        self,
        template_id: TemplateId,
        segment_id: SegmentId,
        schedule_at: datetime | None = None,
        unknown_policy: UnknownPolicy = UnknownPolicy.HOLD,
        priority: Priority = Priority.NORMAL,
    ) -> CampaignId:
        """A campaign of these."""
        created = self.create_campaign(
            CampaignRequest(
                name="News",
                template_id=template_id,
                segment_id=segment_id,
                schedule_at=None if schedule_at is None else schedule_at.isoformat(),
                unknown_policy=unknown_policy,
                priority=priority,
            )
        )
        return created.campaign.campaign_id

    def create_started(
        self,
        size: int,
        unknown_policy: UnknownPolicy = UnknownPolicy.HOLD,
        priority: Priority = Priority.NORMAL,
    ) -> CampaignId:
        """The same, fanned out; its chunks wait on the queue."""
        campaign_id = self.create(size, unknown_policy=unknown_policy, priority=priority)
        self.run_starts()
        return campaign_id

    def run_starts(self) -> int:
        """Run every start that was asked for; returns how many."""
        requests = self.invoker.take_all()
        for request in requests:
            self.start_campaign(request)
        count = len(requests)
        while deliveries := self.start_queue.receive(10, timedelta()):
            self.start_queue.acknowledge(self.start_batch(deliveries))
            count += len(deliveries)
        return count

    def take_starts(self) -> Sequence[StartRequest]:
        """Every start that was asked for, not run: invoked, then queued."""
        deliveries = self.start_queue.receive(1_000, timedelta())
        self.start_queue.acknowledge(deliveries)
        return [*self.invoker.take_all(), *(each.request for each in deliveries)]

    def run_workers(self) -> None:
        """Deal with every message that can be seen."""
        for priority in Priority:
            while deliveries := self.queue.receive(10, timedelta(), priority):
                self.queue.acknowledge(self.send_batch(deliveries))

    def run_events(self) -> None:
        """Deal with everything that the provider told."""
        while deliveries := self.provider_events.receive(10, timedelta()):
            self.provider_events.acknowledge(self.record_provider_events(deliveries))

    def run(self) -> None:
        """Everything that does not wait for time to pass."""
        self.run_workers()
        while self.run_starts():
            self.run_workers()

    def pass_time(self, duration: timedelta) -> None:
        """Minute by minute, with what happens every minute."""
        end = self.clock.now() + duration
        while self.clock.now() < end:
            self.clock.sleep(MINUTE)
            self.scheduler.tick()
            self.reconcile()
            self.run()

    def start(self, campaign_id: CampaignId, time_left: timedelta | None = None) -> None:
        """One start of one campaign."""
        self.start_campaign(StartRequest(campaign_id), time_left)

    def campaign(self, campaign_id: CampaignId) -> Campaign:
        """As stored."""
        campaign = self.campaigns.get(campaign_id)
        assert campaign is not None
        return campaign

    def state(self, campaign_id: CampaignId) -> CampaignState:
        """The campaign's, as stored."""
        return self.campaign(campaign_id).state

    def cancel(self, campaign_id: CampaignId) -> None:
        """As people do."""
        self.campaigns.save(self.campaign(campaign_id).cancel(self.clock.now()))

    def pause(self, campaign_id: CampaignId) -> None:
        """As people do."""
        self.campaigns.save(
            self.campaign(campaign_id).pause(self.clock.now(), PauseReason.OPERATOR)
        )

    def suppress(self, address: str) -> None:
        """From now on."""
        self.suppressions.add(
            Suppression(address, SuppressionReason.COMPLAINT, self.clock.now()),
        )

    def tally(self, campaign_id: CampaignId) -> Tally:
        """The counts that people see."""
        return self.read_campaign(campaign_id)[1].tally

    def stored_chunks(self) -> list[Chunk]:
        """In order of their numbers."""
        chunks = self.database.chunks.values()
        return sorted(chunks, key=lambda chunk: (chunk.ref.range_number, chunk.ref.number))

    def recipient_states(self) -> dict[str, RecipientState]:
        """Of everybody who was fanned out, by address."""
        return {
            recipient.address: progress.state
            for chunk in self.stored_chunks()
            for recipient, progress in zip(chunk.recipients, chunk.progress, strict=True)
        }

    def mailed(self) -> list[str]:
        """Addresses in the outbox, oldest first."""
        return [mail.message.to for mail in self.mailer.outbox]


def addresses(size: int) -> list[str]:
    """Of the segment that `Sentinel.create` makes, sorted."""
    return sorted(f"person-{number}@example.com" for number in range(size))
