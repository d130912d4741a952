"""The memory family."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

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
from adapters.system.ids import SystemIds
from domain.chunk import ChunkRef
from domain.dead_letter import DeadLetter, DeadLetterSource, ProviderReport, Work
from domain.identifiers import CampaignId
from domain.ports.clock import Clock
from domain.priority import Priority
from domain.provider_event import ProviderEvent
from domain.start import StartRequest, Trigger
from tests.contracts.family import (
    START_LIMITS,
    Allowed,
    DeadLettersUnderTest,
    Family,
    Mail,
    ProviderEventsUnderTest,
    QueueUnderTest,
    StartQueueUnderTest,
)
from tests.contracts.settable_clock import SettableClock


def memory_family() -> Family:
    """Everything new."""
    clock = SettableClock()
    ids = SystemIds()
    database = MemoryDatabase()
    invoker = MemoryInvoker()
    scheduler = MemoryScheduler(clock, invoker)
    job_invoker = MemoryJobInvoker()
    mailer = MemoryMailer(clock)
    allowed = Allowed()
    rate_limiter = MemoryRateLimiter(allowed)
    admission = MemoryAdmissionControl(START_LIMITS)

    def make_queue(*, visibility_timeout: timedelta, max_receives: int) -> QueueUnderTest:
        queue = MemorySendQueue(clock, visibility_timeout, max_receives)
        return QueueUnderTest(queue, lambda: tuple(queue.dead_letters))

    def make_dead_letters() -> DeadLettersUnderTest:
        queue = MemorySendQueue(clock, timedelta(), max_receives=1)
        start_queue = MemoryStartQueue(clock, timedelta(), max_receives=1)
        dead_letters = MemoryDeadLetters(queue, start_queue, invoker, job_invoker)

        def leave_chunks(chunks: Sequence[ChunkRef], priority: Priority) -> None:
            queue.enqueue(chunks, priority)
            while queue.receive(10, timedelta(), priority):
                pass

        def leave(source: DeadLetterSource, work: Work | None, reason: str) -> None:
            dead_letters.give_up(
                DeadLetter(
                    source=source,
                    message_id=f"{source}-{ids.campaign_id()}",
                    work=work,
                    reason=reason,
                    first_sent_at=clock.now(),
                    receives=1,
                )
            )

        def leave_schedule(campaign_id: CampaignId, error: str) -> None:
            start = StartRequest(campaign_id, Trigger.SCHEDULE)
            leave(DeadLetterSource.SCHEDULE, start, error)

        def enqueued(priority: Priority) -> Sequence[ChunkRef]:
            deliveries = queue.receive(10, timedelta(), priority)
            queue.acknowledge(deliveries)
            return [delivery.chunk for delivery in deliveries]

        return DeadLettersUnderTest(
            dead_letters=dead_letters,
            dead_letters_elsewhere=dead_letters,
            leave_chunks=leave_chunks,
            leave_queued_start=partial(_give_up, start_queue),
            leave_start=lambda request, error: leave(DeadLetterSource.START, request, error),
            leave_schedule=leave_schedule,
            leave_run=lambda run, error: leave(DeadLetterSource.JOB, run, error),
            leave_report=lambda body: leave(
                DeadLetterSource.PROVIDER_EVENTS, ProviderReport(body), "received too often"
            ),
            leave_foreign=lambda source: leave(source, None, "cannot be read: not JSON"),
            enqueued=enqueued,
            reported=lambda: [report.body for report in dead_letters.reports],
        )

    def started() -> Sequence[StartRequest]:
        scheduler.tick()
        return invoker.take_all()

    def delivered(addresses: Collection[str]) -> Sequence[Mail]:
        return [
            Mail(
                sent.message_id,
                sent.message.to,
                sent.message.subject,
                sent.message.html,
                sent.message.text,
            )
            for sent in mailer.outbox
            if sent.message.to in addresses
        ]

    return Family(
        name="memory",
        ids=ids,
        admission=admission,
        admission_elsewhere=admission,  # of one process
        analytics=MemoryAnalyticsRepository(database),
        campaigns=MemoryCampaignRepository(database),
        campaign_changes=MemoryCampaignChanges(database),
        chunks=MemoryChunkRepository(database),
        contacts=MemoryContactRepository(database, ids),
        contents=MemoryContentRepository(database),
        contents_elsewhere=MemoryContentRepository(database),
        fan_out=MemoryFanOutRepository(database),
        idempotency=MemoryIdempotencyRepository(database),
        invoker=invoker,
        job_invoker=job_invoker,
        jobs=MemoryJobRepository(database),
        mailer=mailer,
        open_work=MemoryOpenWork(database),
        rate_limiter=rate_limiter,
        rate_limiter_elsewhere=rate_limiter,  # shared by the workers of one process
        allowed=allowed,
        scheduler=scheduler,
        segments=MemorySegmentRepository(database),
        series=MemorySeriesRepository(database),
        sending_account=MemorySendingAccount(),
        suppressions=MemorySuppressionRepository(database),
        templates=MemoryTemplateRepository(database),
        webhooks=MemoryWebhookRepository(database),
        webhook_deliveries=MemoryWebhookDeliveryRepository(database),
        make_queue=make_queue,
        make_start_queue=partial(_make_start_queue, clock),
        make_dead_letters=make_dead_letters,
        make_provider_events=_make_provider_events,
        elapse=clock.sleep,
        started=started,
        invoked=job_invoker.take_all,
        delivered=delivered,
        suppression_of=database.suppressions.get,
    )


def _give_up(start_queue: MemoryStartQueue, campaign_id: CampaignId) -> None:
    """As a queue does that gives up at once."""
    start_queue.put(campaign_id)
    while start_queue.receive(10, timedelta()):
        pass


def _make_start_queue(
    clock: Clock, *, visibility_timeout: timedelta, max_receives: int
) -> StartQueueUnderTest:
    queue = MemoryStartQueue(clock, visibility_timeout, max_receives)

    def dead_letters() -> Sequence[StartRequest]:
        works = [letter.work for letter in queue.dead.values()]
        return [work for work in works if isinstance(work, StartRequest)]

    return StartQueueUnderTest(queue, dead_letters)


def _make_provider_events() -> ProviderEventsUnderTest:
    queue = MemoryProviderEvents()

    def tell(event: ProviderEvent | None) -> None:
        queue.tell(*([] if event is None else [event]))

    return ProviderEventsUnderTest(queue, tell)
