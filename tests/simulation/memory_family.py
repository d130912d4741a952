"""The memory family: its records are what is looked at."""

from datetime import timedelta

from adapters.memory.admission import MemoryAdmissionControl
from adapters.memory.analytics import MemoryAnalyticsRepository
from adapters.memory.campaigns import MemoryCampaignRepository
from adapters.memory.chunks import MemoryChunkRepository
from adapters.memory.contacts import MemoryContactRepository
from adapters.memory.contents import MemoryContentRepository
from adapters.memory.fan_out import MemoryFanOutRepository
from adapters.memory.invoker import MemoryInvoker
from adapters.memory.job_invoker import MemoryJobInvoker
from adapters.memory.jobs import MemoryJobRepository
from adapters.memory.open_work import MemoryOpenWork
from adapters.memory.provider_events import MemoryProviderEvents
from adapters.memory.queue import MemorySendQueue
from adapters.memory.rate_limiter import MemoryRateLimiter
from adapters.memory.scheduler import MemoryScheduler
from adapters.memory.segments import MemorySegmentRepository
from adapters.memory.series import MemorySeriesRepository
from adapters.memory.start_queue import MemoryStartQueue
from adapters.memory.suppressions import MemorySuppressionRepository
from adapters.memory.templates import MemoryTemplateRepository
from adapters.memory.webhook_deliveries import MemoryWebhookDeliveryRepository
from adapters.memory.webhooks import MemoryWebhookRepository
from domain.identifiers import CampaignId, TemplateId
from domain.ports.clock import Clock
from domain.ports.ids import Ids
from domain.priority import Priority
from tests.simulation.family import Family, Invocation, Watch
from tests.simulation.setting import Setting


def memory_family(watch: Watch, clock: Clock, ids: Ids, setting: Setting) -> Family:
    """Implements `MakeFamily`."""
    database = watch.database
    queue = MemorySendQueue(clock, setting.visibility, setting.max_receives)
    start_queue = MemoryStartQueue(clock, setting.visibility, setting.max_receives)
    invoker, fired = MemoryInvoker(), MemoryInvoker()
    scheduler = MemoryScheduler(clock, fired)
    events = MemoryProviderEvents()

    def take() -> Invocation | None:
        taken = invoker.take(timedelta())
        if taken is None:
            return None
        return Invocation(
            taken.work, lambda: invoker.done(taken), lambda error: invoker.failed(taken, error)
        )

    def tick() -> list[CampaignId]:
        scheduler.tick()
        return [request.campaign_id for request in fired.take_all()]

    def drop_template(template_id: TemplateId) -> None:
        database.templates.pop(template_id, None)

    return Family(
        admission=MemoryAdmissionControl(setting.start_limits),
        analytics=MemoryAnalyticsRepository(database),
        campaigns=MemoryCampaignRepository(database),
        chunks=MemoryChunkRepository(database),
        contacts=MemoryContactRepository(database, ids),
        contents=MemoryContentRepository(database),
        fan_out=MemoryFanOutRepository(database),
        invoker=invoker,
        job_invoker=MemoryJobInvoker(),
        jobs=MemoryJobRepository(database),
        limiter=MemoryRateLimiter(setting.rate),
        open_work=MemoryOpenWork(database),
        provider_events=events,
        queue=queue,
        scheduler=scheduler,
        segments=MemorySegmentRepository(database),
        series=MemorySeriesRepository(database),
        start_queue=start_queue,
        suppressions=MemorySuppressionRepository(database),
        templates=MemoryTemplateRepository(database),
        webhook_deliveries=MemoryWebhookDeliveryRepository(database),
        webhooks=MemoryWebhookRepository(database),
        tell=events.tell,
        take=take,
        keeps_invocations=False,
        tick=tick,
        fire=invoker.fire,
        next_message_at=queue.next_at,
        next_queued_start_at=lambda: start_queue.next_at,
        next_event_at=lambda: clock.now() if events._told else None,
        # Whoever waits is notified of each.
        next_invocation_at=lambda: None,
        is_empty=lambda: (
            not (
                any(map(queue.next_at, Priority))
                or start_queue.next_at
                or events._told
                or scheduler._schedules
            )
        ),
        drop_template=drop_template,
        dead_letters=lambda: len(queue.dead),
        killed_at_commit=None,
        lose_power=None,
        stored=lambda: database,
        end=lambda: None,
    )
