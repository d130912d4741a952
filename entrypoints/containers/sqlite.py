"""Everything in one SQLite file, mailed by an SMTP server: one machine, many processes."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dependency_injector import containers, providers

from adapters.memory.mailer import MemoryMailer
from adapters.minijinja.renderer import MinijinjaRenderer
from adapters.prometheus.exposition import PrometheusExposition
from adapters.prometheus.metrics import PrometheusMetrics
from adapters.prometheus.workers import PrometheusWorkerMetrics
from adapters.smtp.mailer import SmtpMailer
from adapters.smtp.sending_account import SmtpSendingAccount
from adapters.smtp.smtp_url import SmtpServer
from adapters.sqlite.admission import SqliteAdmissionControl
from adapters.sqlite.analytics import SqliteAnalyticsRepository
from adapters.sqlite.api_keys import SqliteApiKeys
from adapters.sqlite.backlog import SqliteBacklogReader
from adapters.sqlite.campaign_changes import SqliteCampaignChanges
from adapters.sqlite.campaigns import SqliteCampaignRepository
from adapters.sqlite.chunks import SqliteChunkRepository
from adapters.sqlite.contacts import SqliteContactRepository
from adapters.sqlite.contents import SqliteContentRepository
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.dead_letters import SqliteDeadLetters
from adapters.sqlite.fan_out import SqliteFanOutRepository
from adapters.sqlite.idempotency import SqliteIdempotencyRepository
from adapters.sqlite.invoker import SqliteInvoker
from adapters.sqlite.job_invoker import SqliteJobInvoker
from adapters.sqlite.jobs import SqliteJobRepository
from adapters.sqlite.object_store import SqliteObjectStore
from adapters.sqlite.open_work import SqliteOpenWork
from adapters.sqlite.provider_events import SqliteProviderEvents
from adapters.sqlite.queue import SqliteSendQueue
from adapters.sqlite.rate_limiter import SqliteRateLimiter
from adapters.sqlite.scheduler import SqliteScheduler
from adapters.sqlite.segments import SqliteSegmentRepository
from adapters.sqlite.series import SqliteSeriesRepository
from adapters.sqlite.start_queue import SqliteStartQueue
from adapters.sqlite.suppressions import SqliteSuppressionRepository
from adapters.sqlite.templates import SqliteTemplateRepository
from adapters.sqlite.upkeep import SqliteUpkeep
from adapters.sqlite.webhook_deliveries import SqliteWebhookDeliveryRepository
from adapters.sqlite.webhooks import SqliteWebhookRepository
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from adapters.web.webhook_sender import HttpWebhookSender
from domain.allowed_rate import AllowedRate
from domain.ports.admission import AdmissionControl
from domain.ports.analytics import AnalyticsRepository
from domain.ports.api_keys import ApiKeys
from domain.ports.backlog import BacklogReader
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
from domain.priority import Priority
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from adapters.smtp.dkim import DkimSigner


def _address_hash_key(database: SqliteDatabase) -> Callable[[], bytes]:
    return lambda: database.hash_key


def _files_url(settings: Settings) -> str:
    # As entrypoints/local/file_doors.py serves them.
    return f"{settings.local_url}/_local/files"


def _who_asks(settings: Settings) -> str:
    return "keys" if settings.require_api_keys else "open"


def _way_out(settings: Settings) -> str:
    return "smtp" if settings.smtp_url else "outbox"


def _smtp_mailer(settings: Settings, clock: Clock, ids: Ids) -> SmtpMailer:
    """With the connections of one priority. Raises InvalidInput naming the setting."""
    return SmtpMailer(
        SmtpServer.from_url(settings.smtp_url.get_secret_value()),
        settings.sender,
        clock,
        ids.write_token,
        return_path=settings.return_path,
        connections=settings.smtp_connections // len(Priority),
        timeout=timedelta(seconds=settings.smtp_timeout_seconds),
        sign=_signer(settings),
    )


def _hang_up(*mailers: Mailer) -> None:
    for mailer in mailers:
        if isinstance(mailer, SmtpMailer):
            mailer.close()


def _mail_obstacle(mailer: Mailer) -> str | None:
    return mailer.obstacle() if isinstance(mailer, SmtpMailer) else None


def _signer(settings: Settings) -> "DkimSigner | None":
    """Raises InvalidInput naming the setting."""
    if not settings.dkim_domain:
        return None
    from adapters.smtp.dkim import DkimSigner  # noqa: PLC0415  it loads a library of cryptography

    return DkimSigner.from_file(
        settings.dkim_domain, settings.dkim_selector, Path(settings.dkim_key_file)
    )


class Adapters(containers.DeclarativeContainer):
    """The sqlite family.

    `started`, `invoked_jobs`, `ticker`, `sent`, `hang_up`, `mail_obstacle`, `stored_files`,
    `upkeep`, `exposition` and `worker_metrics` are what the local runner looks after.
    """

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)

    database: providers.Provider[SqliteDatabase] = providers.ThreadSafeSingleton(
        SqliteDatabase, settings.provided.database
    )
    clock: providers.Provider[Clock] = providers.ThreadSafeSingleton(SystemClock)
    ids: providers.Provider[Ids] = providers.ThreadSafeSingleton(SystemIds)
    renderer: providers.Provider[Renderer] = providers.ThreadSafeSingleton(MinijinjaRenderer)
    address_hash_key: providers.Provider[Callable[[], bytes]] = providers.ThreadSafeSingleton(
        _address_hash_key, database
    )
    campaigns: providers.Provider[CampaignRepository] = providers.ThreadSafeSingleton(
        SqliteCampaignRepository, database
    )
    campaign_changes: providers.Provider[CampaignChanges] = providers.ThreadSafeSingleton(
        SqliteCampaignChanges, database
    )
    webhooks: providers.Provider[WebhookRepository] = providers.ThreadSafeSingleton(
        SqliteWebhookRepository, database
    )
    webhook_deliveries: providers.Provider[WebhookDeliveryRepository] = (
        providers.ThreadSafeSingleton(SqliteWebhookDeliveryRepository, database)
    )
    webhook_sender: providers.Provider[WebhookSender] = providers.ThreadSafeSingleton(
        HttpWebhookSender,
        clock.provided.monotonic,
        allow_private=settings.provided.webhooks_to_private_addresses,
    )
    chunks: providers.Provider[ChunkRepository] = providers.ThreadSafeSingleton(
        SqliteChunkRepository, database
    )
    contacts: providers.Provider[ContactRepository] = providers.ThreadSafeSingleton(
        SqliteContactRepository, database, ids
    )
    analytics: providers.Provider[AnalyticsRepository] = providers.ThreadSafeSingleton(
        SqliteAnalyticsRepository, database
    )
    contents: providers.Provider[ContentRepository] = providers.ThreadSafeSingleton(
        SqliteContentRepository, database
    )
    fan_out: providers.Provider[FanOutRepository] = providers.ThreadSafeSingleton(
        SqliteFanOutRepository, database
    )
    idempotency: providers.Provider[IdempotencyRepository] = providers.ThreadSafeSingleton(
        SqliteIdempotencyRepository, database
    )
    jobs: providers.Provider[JobRepository] = providers.ThreadSafeSingleton(
        SqliteJobRepository, database
    )
    open_work: providers.Provider[OpenWork] = providers.ThreadSafeSingleton(
        SqliteOpenWork, database
    )
    segments: providers.Provider[SegmentRepository] = providers.ThreadSafeSingleton(
        SqliteSegmentRepository, database
    )
    series: providers.Provider[SeriesRepository] = providers.ThreadSafeSingleton(
        SqliteSeriesRepository, database
    )
    suppressions: providers.Provider[SuppressionRepository] = providers.ThreadSafeSingleton(
        SqliteSuppressionRepository, database
    )
    templates: providers.Provider[TemplateRepository] = providers.ThreadSafeSingleton(
        SqliteTemplateRepository, database
    )
    sending_account: providers.Provider[SendingAccount] = providers.ThreadSafeSingleton(
        SmtpSendingAccount
    )
    allowed_rate: providers.Provider[AllowedRate] = providers.ThreadSafeSingleton(
        AllowedRate,
        quota=sending_account.provided.quota,
        now=clock.provided.now,
        fixed=settings.provided.send_rate,
    )
    limiter: providers.Provider[RateLimiter] = providers.ThreadSafeSingleton(
        SqliteRateLimiter, database, allowed_rate
    )
    queue: providers.Provider[SendQueue] = providers.ThreadSafeSingleton(
        SqliteSendQueue, database, clock
    )
    admission: providers.Provider[AdmissionControl] = providers.ThreadSafeSingleton(
        SqliteAdmissionControl, database, settings.provided.start_limits
    )
    start_queue: providers.Provider[StartQueue] = providers.ThreadSafeSingleton(
        SqliteStartQueue, database, clock
    )
    api_keys: providers.Provider[ApiKeys | None] = providers.Selector(
        providers.Callable(_who_asks, settings),
        keys=providers.ThreadSafeSingleton(SqliteApiKeys, database),
        open=providers.Object(None),
    )
    """None: open, to this machine only."""
    started: providers.Provider[SqliteInvoker] = providers.ThreadSafeSingleton(
        SqliteInvoker, database, clock
    )
    invoker: providers.Provider[Invoker] = providers.Callable(started)
    invoked_jobs: providers.Provider[SqliteJobInvoker] = providers.ThreadSafeSingleton(
        SqliteJobInvoker, database, clock
    )
    job_invoker: providers.Provider[JobInvoker] = providers.Callable(invoked_jobs)
    dead_letters: providers.Provider[DeadLetters] = providers.ThreadSafeSingleton(
        SqliteDeadLetters, database, clock
    )
    ticker: providers.Provider[SqliteScheduler] = providers.ThreadSafeSingleton(
        SqliteScheduler, database, clock
    )
    tick_seconds: providers.Provider[float] = providers.Object(0.01)
    """So that a clock that is set is seen, too."""
    scheduler: providers.Provider[Scheduler] = providers.Callable(ticker)
    provider_events: providers.Provider[ProviderEventQueue] = providers.ThreadSafeSingleton(
        SqliteProviderEvents, database, clock
    )
    # Of the process that sends, and gone with it: for trying it out without a mail server.
    sent: providers.Provider[MemoryMailer] = providers.ThreadSafeSingleton(
        MemoryMailer, clock, provider_events
    )
    mailer: providers.Provider[Mailer] = providers.Selector(
        providers.Callable(_way_out, settings),
        smtp=providers.ThreadSafeSingleton(_smtp_mailer, settings, clock, ids),
        outbox=sent,
    )
    # With connections of its own: a slow server has those of the other for as long as it likes.
    urgent_mailer: providers.Provider[Mailer] = providers.Selector(
        providers.Callable(_way_out, settings),
        smtp=providers.ThreadSafeSingleton(_smtp_mailer, settings, clock, ids),
        outbox=sent,
    )
    hang_up: providers.Provider[None] = providers.Callable(_hang_up, mailer, urgent_mailer)
    """Of both, before the process ends."""
    mail_obstacle: providers.Provider[str | None] = providers.Callable(
        _mail_obstacle, urgent_mailer
    )
    """Why the mail server takes no mail now, if so."""
    metrics: providers.Provider[Metrics] = providers.ThreadSafeSingleton(PrometheusMetrics, None)
    stored_files: providers.Provider[SqliteObjectStore] = providers.ThreadSafeSingleton(
        SqliteObjectStore, database, clock, ids, providers.Callable(_files_url, settings)
    )
    object_store: providers.Provider[ObjectStore] = providers.Callable(stored_files)
    upkeep: providers.Provider[Callable[[], object]] = providers.ThreadSafeSingleton(
        SqliteUpkeep, database, stored_files
    )
    backlog: providers.Provider[BacklogReader] = providers.ThreadSafeSingleton(
        SqliteBacklogReader, database, clock
    )
    worker_metrics: providers.Provider[PrometheusWorkerMetrics] = providers.ThreadSafeSingleton(
        PrometheusWorkerMetrics, None
    )
    exposition: providers.Provider[PrometheusExposition] = providers.ThreadSafeSingleton(
        PrometheusExposition, settings.provided.prometheus_multiproc_dir, backlog.provided.read
    )
