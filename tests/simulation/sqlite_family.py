"""The sqlite family, over a file of its own: what is looked at is what was committed to it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.sqlite.admission import SqliteAdmissionControl
from adapters.sqlite.analytics import SqliteAnalyticsRepository
from adapters.sqlite.campaigns import SqliteCampaignRepository
from adapters.sqlite.chunks import SqliteChunkRepository
from adapters.sqlite.contacts import SqliteContactRepository
from adapters.sqlite.contents import SqliteContentRepository
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.fan_out import SqliteFanOutRepository
from adapters.sqlite.invoker import SqliteInvoker
from adapters.sqlite.job_invoker import SqliteJobInvoker
from adapters.sqlite.jobs import SqliteJobRepository
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
from adapters.sqlite.times import from_column
from adapters.sqlite.webhook_deliveries import SqliteWebhookDeliveryRepository
from adapters.sqlite.webhooks import SqliteWebhookRepository
from domain.dead_letter import SEND_QUEUES, DeadLetterSource
from domain.identifiers import TemplateId
from domain.ports.clock import Clock
from domain.ports.ids import Ids
from domain.start import StartRequest, Trigger
from tests.simulation.family import Family, Invocation, Watch
from tests.simulation.observed_sqlite import ObservedSqliteDatabase
from tests.simulation.setting import Setting

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  a folder of its own is made in it
"""Where there is one, no disk is waited for: a commit is seen by all, or it is not, either way."""


def sqlite_family(watch: Watch, clock: Clock, ids: Ids, setting: Setting) -> Family:
    """Implements `MakeFamily`."""
    folder = _folder()
    path = Path(folder.name) / "sentinel.db"
    path.write_bytes(_empty())
    file = ObservedSqliteDatabase(path, watch)
    invoker, scheduler = SqliteInvoker(file, clock), SqliteScheduler(file, clock)
    events = SqliteProviderEvents(file, clock, setting.visibility, setting.max_receives)

    def take() -> Invocation | None:
        taken = invoker.take(timedelta())
        if taken is None:
            return None
        return Invocation(
            taken.work, lambda: invoker.done(taken), lambda error: invoker.failed(taken, error)
        )

    def next_of(queue: DeadLetterSource) -> Callable[[], datetime | None]:
        def next_at() -> datetime | None:
            with file.reading() as connection:
                (at,) = connection.execute(
                    "SELECT min(coalesce(hidden_until, 0)) FROM messages WHERE queue = ?", (queue,)
                ).fetchone()
            return None if at is None else from_column(at)

        return next_at

    def drop_template(template_id: TemplateId) -> None:
        with file.writing() as connection:
            connection.execute("DELETE FROM templates WHERE template_id = ?", (template_id,))

    def is_empty() -> bool:
        with file.reading() as connection:
            (found,) = connection.execute(
                "SELECT EXISTS (SELECT 1 FROM messages) OR EXISTS (SELECT 1 FROM schedules)"
            ).fetchone()
        return not found

    def dead_letters() -> int:
        with file.reading() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM dead_letters WHERE queue IN (?, ?)",
                tuple(SEND_QUEUES.values()),
            ).fetchone()
        return int(count)

    def end() -> None:
        file.close()
        folder.cleanup()

    return Family(
        admission=SqliteAdmissionControl(file, setting.start_limits),
        analytics=SqliteAnalyticsRepository(file),
        campaigns=SqliteCampaignRepository(file),
        chunks=SqliteChunkRepository(file),
        contacts=SqliteContactRepository(file, ids),
        contents=SqliteContentRepository(file),
        fan_out=SqliteFanOutRepository(file),
        invoker=invoker,
        job_invoker=SqliteJobInvoker(file, clock),
        jobs=SqliteJobRepository(file),
        limiter=SqliteRateLimiter(file, setting.rate),
        open_work=SqliteOpenWork(file),
        provider_events=events,
        queue=SqliteSendQueue(file, clock, setting.visibility, setting.max_receives),
        scheduler=scheduler,
        segments=SqliteSegmentRepository(file),
        series=SqliteSeriesRepository(file),
        start_queue=SqliteStartQueue(file, clock, setting.visibility, setting.max_receives),
        suppressions=SqliteSuppressionRepository(file),
        templates=SqliteTemplateRepository(file),
        webhook_deliveries=SqliteWebhookDeliveryRepository(file),
        webhooks=SqliteWebhookRepository(file),
        tell=events.tell,
        take=take,
        keeps_invocations=True,
        tick=scheduler.tick,
        fire=lambda campaign_id: invoker.put([StartRequest(campaign_id, Trigger.SCHEDULE)]),
        next_message_at=lambda priority: next_of(SEND_QUEUES[priority])(),
        next_queued_start_at=next_of(DeadLetterSource.START_QUEUE),
        next_event_at=next_of(DeadLetterSource.PROVIDER_EVENTS),
        next_invocation_at=next_of(DeadLetterSource.START),
        is_empty=is_empty,
        drop_template=drop_template,
        dead_letters=dead_letters,
        killed_at_commit=file.killed_at_commit,
        lose_power=file.lose_power,
        stored=file.stored,
        end=end,
    )


def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(
        prefix="sentinel-", dir=_SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None
    )


@cache
def _empty() -> bytes:
    """The file of a database in which nothing is yet; to make one takes longer than to copy it."""
    with _folder() as folder:
        path = Path(folder) / "sentinel.db"
        SqliteDatabase(path).close()
        return path.read_bytes()
