"""An adapter family: one instance of every port over one empty store, and a look behind them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from domain.admission import StartLimit, StartLimits
from domain.chunk import ChunkRef
from domain.dead_letter import DeadLetterSource
from domain.identifiers import CampaignId
from domain.job_run import Run
from domain.ports.admission import AdmissionControl
from domain.ports.analytics import AnalyticsRepository
from domain.ports.campaign_changes import CampaignChanges
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
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
from domain.ports.open_work import OpenWork
from domain.ports.provider_events import ProviderEventQueue
from domain.ports.queue import SendQueue
from domain.ports.rate_limiter import RateLimiter
from domain.ports.scheduler import Scheduler
from domain.ports.segments import SegmentRepository
from domain.ports.sending_account import SendingAccount
from domain.ports.series import SeriesRepository
from domain.ports.start_queue import StartQueue
from domain.ports.suppressions import SuppressionRepository
from domain.ports.templates import TemplateRepository
from domain.ports.webhook_deliveries import WebhookDeliveryRepository
from domain.ports.webhooks import WebhookRepository
from domain.priority import Priority
from domain.provider_event import ProviderEvent
from domain.start import StartRequest
from domain.suppression import Suppression

RATE_LIMIT = 100
START_LIMITS = StartLimits(account=StartLimit(5, burst=8), key=StartLimit(2, burst=3))
ADDRESS_HASH_KEY = b"tests only"
SENDER = "Sentinel <news@sentinel.example>"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as the provider has it."""

    message_id: str
    to: str
    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class QueueUnderTest:
    """A queue, and everything that its dead-letter queue got so far."""

    queue: SendQueue
    dead_letters: Callable[[], Sequence[ChunkRef]]


@dataclass(frozen=True, slots=True)
class StartQueueUnderTest:
    """A start queue, and everything that its dead-letter queue got so far."""

    queue: StartQueue
    dead_letters: Callable[[], Sequence[StartRequest]]


class MakeStartQueue(Protocol):
    """Makes an empty start queue."""

    def __call__(self, *, visibility_timeout: timedelta, max_receives: int) -> StartQueueUnderTest:
        """An empty start queue with these attributes."""
        ...


class MakeQueue(Protocol):
    """Makes an empty queue."""

    def __call__(self, *, visibility_timeout: timedelta, max_receives: int) -> QueueUnderTest:
        """An empty queue with these attributes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLettersUnderTest:
    """Dead letters, and what leaves them: each `leave` as it is left in production.

    `enqueued` is what is on a send queue since it was last asked, `reported` the bodies on that
    of provider events.
    """

    dead_letters: DeadLetters
    dead_letters_elsewhere: DeadLetters
    leave_chunks: Callable[[Sequence[ChunkRef], Priority], object]
    leave_queued_start: Callable[[CampaignId], object]
    leave_start: Callable[[StartRequest, str], None]
    leave_schedule: Callable[[CampaignId, str], None]
    leave_run: Callable[[Run, str], None]
    leave_report: Callable[[str], object]
    leave_foreign: Callable[[DeadLetterSource], None]
    enqueued: Callable[[Priority], Sequence[ChunkRef]]
    reported: Callable[[], Sequence[str]]


@dataclass(slots=True)
class Allowed:
    """Mails a second, by whoever tells the rate limiters."""

    rate: int = RATE_LIMIT

    def __call__(self) -> int:
        """As it is now."""
        return self.rate


@dataclass(frozen=True, slots=True)
class ProviderEventsUnderTest:
    """A queue that hides nothing, and what puts there what the provider tells: an event, or none.

    None is what it tells of others' mails.
    """

    queue: ProviderEventQueue
    tell: Callable[[ProviderEvent | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The `..._elsewhere` are what another process has: other instances over the same store.

    `elapse` lets time pass: at once where a clock can be set; elsewhere time passes by itself,
    and tests wait for what it brings. `started` is what invocations and fired schedules brought
    to start-campaign since it was last asked, `invoked` the same of run-job, `delivered` what the
    provider took for these addresses, oldest first.
    """

    name: str
    ids: Ids
    admission: AdmissionControl
    admission_elsewhere: AdmissionControl
    analytics: AnalyticsRepository
    campaigns: CampaignRepository
    campaign_changes: CampaignChanges
    chunks: ChunkRepository
    contacts: ContactRepository
    contents: ContentRepository
    contents_elsewhere: ContentRepository
    fan_out: FanOutRepository
    idempotency: IdempotencyRepository
    invoker: Invoker
    job_invoker: JobInvoker
    jobs: JobRepository
    mailer: Mailer
    open_work: OpenWork
    rate_limiter: RateLimiter
    rate_limiter_elsewhere: RateLimiter
    allowed: Allowed
    scheduler: Scheduler
    segments: SegmentRepository
    sending_account: SendingAccount
    series: SeriesRepository
    suppressions: SuppressionRepository
    templates: TemplateRepository
    webhooks: WebhookRepository
    webhook_deliveries: WebhookDeliveryRepository
    make_queue: MakeQueue
    make_start_queue: MakeStartQueue
    make_dead_letters: Callable[[], DeadLettersUnderTest]
    make_provider_events: Callable[[], ProviderEventsUnderTest]
    elapse: Callable[[timedelta], None]
    started: Callable[[], Sequence[StartRequest]]
    invoked: Callable[[], Sequence[Run]]
    delivered: Callable[[Collection[str]], Sequence[Mail]]
    suppression_of: Callable[[str], Suppression | None]
