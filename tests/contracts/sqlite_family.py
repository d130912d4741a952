"""The SQLite family."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from adapters.smtp.sending_account import SmtpSendingAccount
from adapters.sqlite.admission import SqliteAdmissionControl
from adapters.sqlite.analytics import SqliteAnalyticsRepository
from adapters.sqlite.campaign_changes import SqliteCampaignChanges
from adapters.sqlite.campaigns import SqliteCampaignRepository
from adapters.sqlite.chunks import SqliteChunkRepository
from adapters.sqlite.contacts import SqliteContactRepository
from adapters.sqlite.contents import SqliteContentRepository
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.dead_letters import SqliteDeadLetters
from adapters.sqlite.fan_out import SqliteFanOutRepository
from adapters.sqlite.idempotency import SqliteIdempotencyRepository
from adapters.sqlite.invocations import SqliteInvocations
from adapters.sqlite.invoker import SqliteInvoker
from adapters.sqlite.job_invoker import SqliteJobInvoker
from adapters.sqlite.jobs import SqliteJobRepository
from adapters.sqlite.message_queue import QueueAttributes, SqliteMessageQueue
from adapters.sqlite.message_rows import insert_messages
from adapters.sqlite.open_work import SqliteOpenWork
from adapters.sqlite.provider_events import SqliteProviderEvents
from adapters.sqlite.queue import SqliteSendQueue
from adapters.sqlite.rate_limiter import SqliteRateLimiter
from adapters.sqlite.records import encode
from adapters.sqlite.scheduler import SqliteScheduler
from adapters.sqlite.segments import SqliteSegmentRepository
from adapters.sqlite.series import SqliteSeriesRepository
from adapters.sqlite.start_queue import SqliteStartQueue
from adapters.sqlite.suppression_rows import select_suppressions
from adapters.sqlite.suppressions import SqliteSuppressionRepository
from adapters.sqlite.templates import SqliteTemplateRepository
from adapters.sqlite.webhook_deliveries import SqliteWebhookDeliveryRepository
from adapters.sqlite.webhooks import SqliteWebhookRepository
from adapters.system.ids import SystemIds
from domain.chunk import ChunkRef
from domain.dead_letter import DeadLetterSource
from domain.identifiers import CampaignId
from domain.ports.clock import Clock
from domain.priority import Priority
from domain.provider_event import ProviderEvent
from domain.start import StartRequest, Trigger
from domain.suppression import Suppression
from tests.contracts.family import (
    START_LIMITS,
    Allowed,
    DeadLettersUnderTest,
    Family,
    ProviderEventsUnderTest,
    QueueUnderTest,
    StartQueueUnderTest,
)
from tests.contracts.settable_clock import SettableClock
from tests.contracts.smtp_inbox import SmtpInbox, smtp_mailer

NOW = timedelta()

Work = TypeVar("Work")


_NOBODY_LISTENS = SmtpInbox(pipelining=True)


def sqlite_family(path: Path, inbox: SmtpInbox = _NOBODY_LISTENS) -> Family:
    """Over a database of its own; its mails go to `inbox`."""
    database, elsewhere = SqliteDatabase(path), SqliteDatabase(path)
    ids = SystemIds()
    clock = SettableClock()
    allowed = Allowed()
    invoker, job_invoker = SqliteInvoker(database, clock), SqliteJobInvoker(database, clock)
    scheduler = SqliteScheduler(database, clock)

    def suppression_of(address: str) -> Suppression | None:
        with database.reading() as connection:
            found = select_suppressions(connection, database.hash_key, [address]).get(address)
        if found is None or found.address is None:
            return None
        return Suppression(found.address, found.reason, found.since, found.scope, found.note)

    def make_queue(*, visibility_timeout: timedelta, max_receives: int) -> QueueUnderTest:
        return QueueUnderTest(
            SqliteSendQueue(database, clock, visibility_timeout, max_receives),
            lambda: _given_up_chunks(SqliteDeadLetters(database, clock)),
        )

    def make_start_queue(
        *, visibility_timeout: timedelta, max_receives: int
    ) -> StartQueueUnderTest:
        def dead_letters() -> Sequence[StartRequest]:
            works = [letter.work for letter in SqliteDeadLetters(database, clock).all()]
            return [work for work in works if isinstance(work, StartRequest)]

        return StartQueueUnderTest(
            SqliteStartQueue(database, clock, visibility_timeout, max_receives), dead_letters
        )

    def make_provider_events() -> ProviderEventsUnderTest:
        queue = SqliteProviderEvents(database, clock, visibility_timeout=NOW)

        def tell(event: ProviderEvent | None) -> None:
            queue.tell(*([] if event is None else [event]))

        return ProviderEventsUnderTest(queue, tell)

    def started() -> Sequence[StartRequest]:
        scheduler.tick()
        return _taken(invoker)

    return Family(
        name="sqlite",
        ids=ids,
        admission=SqliteAdmissionControl(database, START_LIMITS),
        admission_elsewhere=SqliteAdmissionControl(elsewhere, START_LIMITS),
        analytics=SqliteAnalyticsRepository(database),
        campaign_changes=SqliteCampaignChanges(database),
        campaigns=SqliteCampaignRepository(database),
        chunks=SqliteChunkRepository(database),
        contacts=SqliteContactRepository(database, ids),
        contents=SqliteContentRepository(database),
        contents_elsewhere=SqliteContentRepository(elsewhere),
        fan_out=SqliteFanOutRepository(database),
        idempotency=SqliteIdempotencyRepository(database),
        jobs=SqliteJobRepository(database),
        mailer=smtp_mailer(inbox.port),
        delivered=inbox.delivered,
        sending_account=SmtpSendingAccount(),
        segments=SqliteSegmentRepository(database),
        series=SqliteSeriesRepository(database),
        suppressions=SqliteSuppressionRepository(database),
        suppression_of=suppression_of,
        templates=SqliteTemplateRepository(database),
        webhooks=SqliteWebhookRepository(database),
        webhook_deliveries=SqliteWebhookDeliveryRepository(database),
        invoker=invoker,
        job_invoker=job_invoker,
        open_work=SqliteOpenWork(database),
        rate_limiter=SqliteRateLimiter(database, allowed),
        rate_limiter_elsewhere=SqliteRateLimiter(elsewhere, allowed),
        allowed=allowed,
        scheduler=scheduler,
        make_queue=make_queue,
        make_start_queue=make_start_queue,
        make_dead_letters=lambda: _dead_letters(database, elsewhere, clock),
        make_provider_events=make_provider_events,
        elapse=clock.sleep,
        started=started,
        invoked=lambda: _taken(job_invoker),
    )


def _dead_letters(
    database: SqliteDatabase, elsewhere: SqliteDatabase, clock: Clock
) -> DeadLettersUnderTest:
    queue = SqliteSendQueue(database, clock, NOW, max_receives=1)

    def leave(source: DeadLetterSource, body: str, error: str) -> None:
        """As a pump does with what failed for the last time."""
        with database.writing() as connection:
            insert_messages(connection, source, [body], clock.now())
        messages = SqliteMessageQueue(
            database, clock, QueueAttributes(source, NOW, max_receives=1), str
        )
        for received in messages.receive(10, NOW):
            messages.fail(received, error, retry_after=NOW)

    def leave_queued_start(campaign_id: CampaignId) -> None:
        start_queue = SqliteStartQueue(database, clock, NOW, max_receives=1)
        start_queue.put(campaign_id)
        while start_queue.receive(10, NOW):
            pass

    def leave_foreign(source: DeadLetterSource) -> None:
        leave(source, "hello", "")

    def leave_chunks(chunks: Sequence[ChunkRef], priority: Priority) -> None:
        queue.enqueue(chunks, priority)
        while queue.receive(10, NOW, priority):
            pass

    def enqueued(priority: Priority) -> Sequence[ChunkRef]:
        deliveries = queue.receive(10, NOW, priority)
        queue.acknowledge(deliveries)
        return [delivery.chunk for delivery in deliveries]

    def reported() -> Sequence[str]:
        messages = SqliteMessageQueue(
            database,
            clock,
            QueueAttributes(DeadLetterSource.PROVIDER_EVENTS, NOW, max_receives=2),
            str,
        )
        return [received.work for received in messages.receive(10, NOW)]

    return DeadLettersUnderTest(
        dead_letters=SqliteDeadLetters(database, clock),
        dead_letters_elsewhere=SqliteDeadLetters(elsewhere, clock),
        leave_chunks=leave_chunks,
        leave_queued_start=leave_queued_start,
        leave_start=lambda request, error: leave(DeadLetterSource.START, encode(request), error),
        leave_schedule=lambda campaign_id, error: leave(
            DeadLetterSource.SCHEDULE, encode(StartRequest(campaign_id, Trigger.SCHEDULE)), error
        ),
        leave_run=lambda run, error: leave(DeadLetterSource.JOB, encode(run), error),
        leave_report=lambda body: leave(
            DeadLetterSource.PROVIDER_EVENTS, body, "received too often"
        ),
        leave_foreign=leave_foreign,
        enqueued=enqueued,
        reported=reported,
    )


def _given_up_chunks(dead_letters: SqliteDeadLetters) -> tuple[ChunkRef, ...]:
    works = [letter.work for letter in dead_letters.all()]
    return tuple(work for work in works if isinstance(work, ChunkRef))


def _taken(invocations: SqliteInvocations[Work]) -> Sequence[Work]:
    """What waits, all of it done."""
    found: list[Work] = []
    while (invocation := invocations.take(NOW)) is not None:
        invocations.done(invocation)
        found.append(invocation.work)
    return found
