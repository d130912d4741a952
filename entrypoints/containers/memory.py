"""Everything in the process: nothing to install, nothing kept."""

from collections.abc import Callable

from dependency_injector import containers, providers

from adapters.memory.admission import MemoryAdmissionControl
from adapters.memory.analytics import MemoryAnalyticsRepository
from adapters.memory.campaign_changes import MemoryCampaignChanges
from adapters.memory.campaigns import MemoryCampaignRepository
from adapters.memory.chunks import MemoryChunkRepository
from adapters.memory.contacts import MemoryContactRepository
from adapters.memory.contents import MemoryContentRepository
from adapters.memory.database import MemoryDatabase
from adapters.memory.dead_letters import MemoryDeadLetters
from adapters.memory.fan_out import MemoryFanOutRepository
from adapters.memory.idempotency import MemoryIdempotencyRepository
from adapters.memory.invoker import MemoryInvoker
from adapters.memory.job_invoker import MemoryJobInvoker
from adapters.memory.jobs import MemoryJobRepository
from adapters.memory.mailer import MemoryMailer
from adapters.memory.metrics import MemoryMetrics
from adapters.memory.object_store import MemoryObjectStore
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
from adapters.memory.webhooks import MemoryWebhookRepository
from adapters.minijinja.renderer import MinijinjaRenderer
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from adapters.web.webhook_sender import HttpWebhookSender
from domain.allowed_rate import AllowedRate
from domain.ports.admission import AdmissionControl
from domain.ports.analytics import AnalyticsRepository
from domain.ports.api_keys import ApiKeys
from domain.ports.campaign_changes import CampaignChanges
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.contents import ContentRepository
from domain.ports.dead_letters import DeadLetters
from domain.ports.fan_out import FanOutRepository
from domain.ports.idempotency import IdempotencyRepository
from domain.ports.ids import Ids
from domain.ports.invoker import Invoker
from domain.ports.job_invoker import JobInvoker
from domain.ports.jobs import JobRepository
from domain.ports.mailer import Mailer
from domain.ports.metrics import Metrics
from domain.ports.object_store import ObjectStore
from domain.ports.open_work import OpenWork
from domain.ports.provider_events import ProviderEventQueue
from domain.ports.queue import SendQueue
from domain.ports.rate_limiter import RateLimiter
from domain.ports.renderer import Renderer
from domain.ports.scheduler import Scheduler
from domain.ports.segments import SegmentRepository
from domain.ports.sending_account import SendingAccount
from domain.ports.series import SeriesRepository
from domain.ports.start_queue import StartQueue
from domain.ports.suppressions import SuppressionRepository
from domain.ports.templates import TemplateRepository
from domain.ports.webhook_deliveries import WebhookDeliveryRepository
from domain.ports.webhook_sender import WebhookSender
from domain.ports.webhooks import WebhookRepository
from entrypoints.settings import Settings


def _address_hash_key(settings: Settings) -> Callable[[], bytes]:
    # Asked for where a token is signed or read.
    return lambda: settings.hash_key


def _files_url(settings: Settings) -> str:
    # As entrypoints/local/file_doors.py serves them.
    return f"{settings.local_url}/_local/files"


class Adapters(containers.DeclarativeContainer):
    """The memory family.

    `started`, `invoked_jobs`, `ticker`, `sent`, `stored_files` and `upkeep` are what the local
    runner looks after.
    """

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)

    clock: providers.Provider[Clock] = providers.ThreadSafeSingleton(SystemClock)
    ids: providers.Provider[Ids] = providers.ThreadSafeSingleton(SystemIds)
    renderer: providers.Provider[Renderer] = providers.ThreadSafeSingleton(MinijinjaRenderer)
    address_hash_key: providers.Provider[Callable[[], bytes]] = providers.ThreadSafeSingleton(
        _address_hash_key, settings
    )
    database: providers.Provider[MemoryDatabase] = providers.ThreadSafeSingleton(MemoryDatabase)
    campaigns: providers.Provider[CampaignRepository] = providers.ThreadSafeSingleton(
        MemoryCampaignRepository, database
    )
    campaign_changes: providers.Provider[CampaignChanges] = providers.ThreadSafeSingleton(
        MemoryCampaignChanges, database
    )
    webhooks: providers.Provider[WebhookRepository] = providers.ThreadSafeSingleton(
        MemoryWebhookRepository, database
    )
    webhook_deliveries: providers.Provider[WebhookDeliveryRepository] = (
        providers.ThreadSafeSingleton(MemoryWebhookDeliveryRepository, database)
    )
    webhook_sender: providers.Provider[WebhookSender] = providers.ThreadSafeSingleton(
        HttpWebhookSender,
        clock.provided.monotonic,
        allow_private=settings.provided.webhooks_to_private_addresses,
    )
    chunks: providers.Provider[ChunkRepository] = providers.ThreadSafeSingleton(
        MemoryChunkRepository, database
    )
    contacts: providers.Provider[ContactRepository] = providers.ThreadSafeSingleton(
        MemoryContactRepository, database, ids
    )
    analytics: providers.Provider[AnalyticsRepository] = providers.ThreadSafeSingleton(
        MemoryAnalyticsRepository, database
    )
    contents: providers.Provider[ContentRepository] = providers.ThreadSafeSingleton(
        MemoryContentRepository, database
    )
    fan_out: providers.Provider[FanOutRepository] = providers.ThreadSafeSingleton(
        MemoryFanOutRepository, database
    )
    idempotency: providers.Provider[IdempotencyRepository] = providers.ThreadSafeSingleton(
        MemoryIdempotencyRepository, database
    )
    jobs: providers.Provider[JobRepository] = providers.ThreadSafeSingleton(
        MemoryJobRepository, database
    )
    open_work: providers.Provider[OpenWork] = providers.ThreadSafeSingleton(
        MemoryOpenWork, database
    )
    segments: providers.Provider[SegmentRepository] = providers.ThreadSafeSingleton(
        MemorySegmentRepository, database
    )
    series: providers.Provider[SeriesRepository] = providers.ThreadSafeSingleton(
        MemorySeriesRepository, database
    )
    suppressions: providers.Provider[SuppressionRepository] = providers.ThreadSafeSingleton(
        MemorySuppressionRepository, database
    )
    templates: providers.Provider[TemplateRepository] = providers.ThreadSafeSingleton(
        MemoryTemplateRepository, database
    )
    sending_account: providers.Provider[SendingAccount] = providers.ThreadSafeSingleton(
        MemorySendingAccount
    )
    allowed_rate: providers.Provider[AllowedRate] = providers.ThreadSafeSingleton(
        AllowedRate,
        quota=sending_account.provided.quota,
        now=clock.provided.now,
        fixed=settings.provided.send_rate,
    )
    limiter: providers.Provider[RateLimiter] = providers.ThreadSafeSingleton(
        MemoryRateLimiter, allowed_rate
    )
    queue: providers.Provider[SendQueue] = providers.ThreadSafeSingleton(MemorySendQueue, clock)
    admission: providers.Provider[AdmissionControl] = providers.ThreadSafeSingleton(
        MemoryAdmissionControl, settings.provided.start_limits
    )
    start_queue: providers.Provider[StartQueue] = providers.ThreadSafeSingleton(
        MemoryStartQueue, clock
    )
    api_keys: providers.Provider[ApiKeys | None] = providers.Object(None)
    """None: open, to this machine only."""
    started: providers.Provider[MemoryInvoker] = providers.ThreadSafeSingleton(MemoryInvoker)
    invoker: providers.Provider[Invoker] = providers.Callable(started)
    invoked_jobs: providers.Provider[MemoryJobInvoker] = providers.ThreadSafeSingleton(
        MemoryJobInvoker
    )
    job_invoker: providers.Provider[JobInvoker] = providers.Callable(invoked_jobs)
    dead_letters: providers.Provider[DeadLetters] = providers.ThreadSafeSingleton(
        MemoryDeadLetters, queue, start_queue, started, invoked_jobs
    )
    ticker: providers.Provider[MemoryScheduler] = providers.ThreadSafeSingleton(
        MemoryScheduler, clock, started
    )
    tick_seconds: providers.Provider[float] = providers.Object(0.25)
    """So that a due schedule starts within a second."""
    scheduler: providers.Provider[Scheduler] = providers.Callable(ticker)
    provider_events: providers.Provider[ProviderEventQueue] = providers.ThreadSafeSingleton(
        MemoryProviderEvents
    )
    sent: providers.Provider[MemoryMailer] = providers.ThreadSafeSingleton(
        MemoryMailer, clock, provider_events
    )
    mailer: providers.Provider[Mailer] = providers.Callable(sent)
    urgent_mailer: providers.Provider[Mailer] = providers.Callable(mailer)
    metrics: providers.Provider[Metrics] = providers.ThreadSafeSingleton(MemoryMetrics)
    stored_files: providers.Provider[MemoryObjectStore] = providers.ThreadSafeSingleton(
        MemoryObjectStore, clock, ids, providers.Callable(_files_url, settings)
    )
    object_store: providers.Provider[ObjectStore] = providers.Callable(stored_files)
    upkeep: providers.Provider[Callable[[], object]] = stored_files.provided.forget_old
    exposition: providers.Provider[None] = providers.Object(None)
    """None: nobody is told of the metrics."""
