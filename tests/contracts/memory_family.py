"""The memory family."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from adapters.memory.campaigns import MemoryCampaignRepository
from adapters.memory.chunks import MemoryChunkRepository
from adapters.memory.contacts import MemoryContactRepository
from adapters.memory.contents import MemoryContentRepository
from adapters.memory.database import MemoryDatabase
from adapters.memory.fan_out import MemoryFanOutRepository
from adapters.memory.idempotency import MemoryIdempotencyRepository
from adapters.memory.invoker import MemoryInvoker
from adapters.memory.mailer import MemoryMailer
from adapters.memory.open_work import MemoryOpenWork
from adapters.memory.queue import MemorySendQueue
from adapters.memory.rate_limiter import MemoryRateLimiter
from adapters.memory.scheduler import MemoryScheduler
from adapters.memory.segments import MemorySegmentRepository
from adapters.memory.suppressions import MemorySuppressionRepository
from adapters.memory.templates import MemoryTemplateRepository
from adapters.system.ids import SystemIds
from domain.start import StartRequest
from tests.contracts.family import RATE_LIMIT, Family, Mail, QueueUnderTest
from tests.contracts.settable_clock import SettableClock


def memory_family() -> Family:
    """Everything new."""
    clock = SettableClock()
    ids = SystemIds()
    database = MemoryDatabase()
    invoker = MemoryInvoker()
    scheduler = MemoryScheduler(clock, invoker)
    mailer = MemoryMailer(clock)
    rate_limiter = MemoryRateLimiter(RATE_LIMIT)

    def make_queue(*, visibility_timeout: timedelta, max_receives: int) -> QueueUnderTest:
        queue = MemorySendQueue(clock, visibility_timeout, max_receives)
        return QueueUnderTest(queue, lambda: tuple(queue.dead_letters))

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
        campaigns=MemoryCampaignRepository(database),
        chunks=MemoryChunkRepository(database),
        contacts=MemoryContactRepository(database, ids),
        contents=MemoryContentRepository(database),
        contents_elsewhere=MemoryContentRepository(database),
        fan_out=MemoryFanOutRepository(database),
        idempotency=MemoryIdempotencyRepository(database),
        invoker=invoker,
        mailer=mailer,
        open_work=MemoryOpenWork(database),
        rate_limiter=rate_limiter,
        rate_limiter_elsewhere=rate_limiter,  # shared by the workers of one process
        scheduler=scheduler,
        segments=MemorySegmentRepository(database),
        suppressions=MemorySuppressionRepository(database),
        templates=MemoryTemplateRepository(database),
        make_queue=make_queue,
        elapse=clock.sleep,
        started=started,
        delivered=delivered,
        suppression_of=database.suppressions.get,
    )
