"""An adapter family as a world lives on it: the stores behind the ports, and a look into them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.memory.database import MemoryDatabase
from domain.identifiers import CampaignId, TemplateId
from domain.ports.admission import AdmissionControl
from domain.ports.analytics import AnalyticsRepository
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.contents import ContentRepository
from domain.ports.fan_out import FanOutRepository
from domain.ports.ids import Ids
from domain.ports.invoker import Invoker
from domain.ports.job_invoker import JobInvoker
from domain.ports.jobs import JobRepository
from domain.ports.open_work import OpenWork
from domain.ports.provider_events import ProviderEventQueue
from domain.ports.queue import SendQueue
from domain.ports.rate_limiter import RateLimiter
from domain.ports.scheduler import Scheduler
from domain.ports.segments import SegmentRepository
from domain.ports.series import SeriesRepository
from domain.ports.start_queue import StartQueue
from domain.ports.suppressions import SuppressionRepository
from domain.ports.templates import TemplateRepository
from domain.ports.webhook_deliveries import WebhookDeliveryRepository
from domain.ports.webhooks import WebhookRepository
from domain.priority import Priority
from domain.provider_event import ProviderEvent
from domain.start import StartRequest
from tests.simulation.faults import KilledAtCommit
from tests.simulation.setting import Setting


@dataclass(frozen=True, slots=True)
class Invocation:
    """One that a starter took; by `done` and `failed` it says what became of it."""

    request: StartRequest
    done: Callable[[], None]
    failed: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The `next_…_at` are when something can be taken next, past or not; None where there is none.

    `tick` fires what is due, and returns what. Where the family `keeps_invocations`, these are
    invocations now, and one that failed or whose taker died can be taken again; elsewhere that
    is the platform's. `is_empty` is whether no message, event or schedule is left.
    `killed_at_commit` kills whoever commits; None where nothing is committed. `stored` reads anew
    what the stores hold. `lose_power` undoes what is not on the disk, but for a first part of it;
    None where all is lost or nothing.
    `end` gives back what the stores are in.
    """

    admission: AdmissionControl
    analytics: AnalyticsRepository
    campaigns: CampaignRepository
    chunks: ChunkRepository
    contacts: ContactRepository
    contents: ContentRepository
    fan_out: FanOutRepository
    invoker: Invoker
    job_invoker: JobInvoker
    jobs: JobRepository
    limiter: RateLimiter
    open_work: OpenWork
    provider_events: ProviderEventQueue
    queue: SendQueue
    scheduler: Scheduler
    segments: SegmentRepository
    series: SeriesRepository
    start_queue: StartQueue
    suppressions: SuppressionRepository
    templates: TemplateRepository
    webhook_deliveries: WebhookDeliveryRepository
    webhooks: WebhookRepository
    tell: Callable[[ProviderEvent], None]
    take: Callable[[], Invocation | None]
    keeps_invocations: bool
    tick: Callable[[], Sequence[CampaignId]]
    fire: Callable[[CampaignId], None]
    next_message_at: Callable[[Priority], datetime | None]
    next_queued_start_at: Callable[[], datetime | None]
    next_event_at: Callable[[], datetime | None]
    next_invocation_at: Callable[[], datetime | None]
    is_empty: Callable[[], bool]
    drop_template: Callable[[TemplateId], None]
    dead_letters: Callable[[], int]
    killed_at_commit: KilledAtCommit | None
    lose_power: Callable[[float], None] | None
    stored: Callable[[], MemoryDatabase]
    end: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Watch:
    """Sees in `database` every write, when it is committed.

    `defect` is told of what the stores must not do, `unsynced` of every write that a loss of power
    may undo.
    """

    database: MemoryDatabase
    defect: Callable[[BaseException], None]
    unsynced: Callable[[], None]


MakeFamily = Callable[[Watch, Clock, Ids, Setting], Family]
"""Makes an empty one."""
