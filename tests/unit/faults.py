"""Memory adapters on which something goes wrong, as it does on real ones."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from adapters.memory.campaigns import MemoryCampaignRepository
from adapters.memory.chunks import MemoryChunkRepository
from adapters.memory.database import MemoryDatabase
from adapters.memory.fan_out import MemoryFanOutRepository
from adapters.memory.invoker import MemoryInvoker
from adapters.memory.job_invoker import MemoryJobInvoker
from adapters.memory.mailer import MemoryMailer
from adapters.memory.queue import MemorySendQueue
from adapters.memory.rate_limiter import MemoryRateLimiter
from adapters.memory.scheduler import MemoryScheduler
from adapters.memory.sending_account import MemorySendingAccount
from adapters.memory.start_queue import MemoryStartQueue
from domain.campaign import Campaign
from domain.chunk import Chunk, ChunkRef
from domain.errors import DependencyRefused, DependencyUnavailable
from domain.fan_out import FanOutRange
from domain.grants import Grant
from domain.identifiers import CampaignId, JobId
from domain.message import Message
from domain.outcome import Outcome
from domain.ports.chunks import SendPermission
from domain.ports.clock import Clock
from domain.priority import Priority
from domain.schedule import Schedule
from domain.sending_quota import SendingQuota


class Died(BaseException):
    """The process is gone in the middle of a call."""


class RefusingInvoker(MemoryInvoker):
    """Takes nothing."""

    def start(self, campaign_id: CampaignId) -> None:
        """Throttled."""
        raise DependencyRefused(f"No capacity to start {campaign_id}.")


class RefusingStartQueue(MemoryStartQueue):
    """Takes nothing."""

    def put(self, campaign_id: CampaignId) -> None:
        """Denied."""
        raise DependencyRefused(f"The start queue does not take {campaign_id}.")


class RefusingJobInvoker(MemoryJobInvoker):
    """Takes nothing."""

    def run(self, job_id: JobId) -> None:
        """Throttled."""
        raise DependencyRefused(f"No capacity for {job_id}.")


class RefusingScheduler(MemoryScheduler):
    """Takes nothing."""

    def put(self, schedule: Schedule) -> None:
        """Throttled."""
        raise DependencyRefused(f"No capacity to schedule {schedule.campaign_id}.")


class UnreadableAccount(MemorySendingAccount):
    """Nobody answers."""

    def quota(self) -> SendingQuota:
        """Fails."""
        raise DependencyUnavailable("The account cannot be read.")


class AnsweringMailer(MemoryMailer):
    """Answers as told for some addresses, as often as told; accepts the others."""

    def __init__(self, clock: Clock, answers: Mapping[str, Sequence[Outcome]]) -> None:
        """`answers` for an address are given one after the other."""
        super().__init__(clock)
        self._answers = {address: list(outcomes) for address, outcomes in answers.items()}

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """What is told, else accepted."""
        return [
            self._answers[message.to].pop(0)
            if self._answers.get(message.to)
            else super(AnsweringMailer, self).send([message], within)[0]
            for message in messages
        ]


class DyingMailer(MemoryMailer):
    """The worker dies in its first call, after the provider has accepted some of the messages."""

    def __init__(self, clock: Clock, accepted_before: int) -> None:
        """Still alive."""
        super().__init__(clock)
        self._accepted_before = accepted_before
        self._is_alive = True

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """Dies once."""
        if self._is_alive:
            self._is_alive = False
            super().send(messages[: self._accepted_before], within)
            raise Died
        return super().send(messages, within)


class InterruptedMailer(MemoryMailer):
    """Something happens in the middle of its first call, before the provider answers."""

    def __init__(self, clock: Clock, meanwhile: Callable[[], None]) -> None:
        """Nothing has happened yet."""
        super().__init__(clock)
        self._meanwhile: Callable[[], None] | None = meanwhile

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """Accepted; meanwhile the world goes on, once."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().send(messages, within)


class PickyQueue(MemorySendQueue):
    """Takes every second chunk of a batch only, some times."""

    def __init__(self, clock: Clock, refusals: int) -> None:
        """`refusals` calls are taken in part."""
        super().__init__(clock)
        self._refusals = refusals

    def enqueue(
        self, chunks: Sequence[ChunkRef], priority: Priority, delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """The refused ones come back."""
        if self._refusals == 0:
            return super().enqueue(chunks, priority, delay)
        self._refusals -= 1
        super().enqueue(chunks[1::2], priority, delay)
        return chunks[::2]


class InterruptedQueue(MemorySendQueue):
    """Something happens in the middle of its first enqueue, before anything is on the queue."""

    def __init__(self, clock: Clock, meanwhile: Callable[[], None]) -> None:
        """Nothing has happened yet."""
        super().__init__(clock)
        self._meanwhile: Callable[[], None] | None = meanwhile

    def enqueue(
        self, chunks: Sequence[ChunkRef], priority: Priority, delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """Taken; meanwhile the world goes on, once."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().enqueue(chunks, priority, delay)


class InterruptedFanOut(MemoryFanOutRepository):
    """Something happens once, after a range was first written."""

    def __init__(self, database: MemoryDatabase, meanwhile: Callable[[], None]) -> None:
        """Nothing has happened yet."""
        super().__init__(database)
        self._meanwhile: Callable[[], None] | None = meanwhile

    def save(self, fan_out_range: FanOutRange) -> FanOutRange:
        """Written; meanwhile the world goes on, once."""
        stored = super().save(fan_out_range)
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return stored


class OvertakenCampaigns(MemoryCampaignRepository):
    """Somebody else writes the campaign just before, some times."""

    def __init__(self, database: MemoryDatabase, times: int) -> None:
        """`times` writes are overtaken."""
        super().__init__(database)
        self._times = times

    def save(self, campaign: Campaign) -> Campaign:
        """Loses its race while there are times left."""
        if self._times > 0:
            self._times -= 1
            current = self.get(campaign.campaign_id)
            assert current is not None
            super().save(current)
        return super().save(campaign)


class OvertakenChunks(MemoryChunkRepository):
    """Somebody else writes the chunk just before, at chosen writes."""

    def __init__(self, database: MemoryDatabase, overtaken: Sequence[int]) -> None:
        """`overtaken` are numbers of writes, from 0."""
        super().__init__(database)
        self._overtaken = overtaken
        self._writes = 0

    def save(self, chunk: Chunk, before: Chunk) -> Chunk:
        """Loses its race at the chosen writes."""
        number, self._writes = self._writes, self._writes + 1
        if number in self._overtaken:
            loaded = self.load(chunk.ref)
            assert loaded is not None
            super().save(loaded[1], loaded[1])
        return super().save(chunk, before)


class FailingChunks(MemoryChunkRepository):
    """Writes fail without an answer at chosen numbers, and nothing was written."""

    def __init__(self, database: MemoryDatabase, failing: Sequence[int]) -> None:
        """`failing` are numbers of writes, from 0."""
        super().__init__(database)
        self._failing = failing
        self._writes = 0

    def save(self, chunk: Chunk, before: Chunk) -> Chunk:
        """Fails at the chosen writes."""
        number, self._writes = self._writes, self._writes + 1
        if number in self._failing:
            raise DependencyUnavailable("The store did not answer.")
        return super().save(chunk, before)


class SlowChunks(MemoryChunkRepository):
    """The first reading of a permission takes long."""

    def __init__(self, database: MemoryDatabase, clock: Clock, duration: timedelta) -> None:
        """Over the same records."""
        super().__init__(database)
        self._clock = clock
        self._duration = duration

    def permission(self, campaign_id: CampaignId, addresses: Collection[str]) -> SendPermission:
        """Slowly, once."""
        self._clock.sleep(self._duration)
        self._duration = timedelta()
        return super().permission(campaign_id, addresses)


class SetBackLimiter(MemoryRateLimiter):
    """The clock is set back by an hour once a grant is given."""

    def __init__(self, set_back: Callable[[timedelta], None]) -> None:
        """Far from its limit."""
        super().__init__(1_000)
        self._set_back = set_back
        self._done = False

    def request(
        self, messages: int, now: datetime, patience: timedelta, priority: Priority
    ) -> Grant | timedelta:
        """Granted; set back the first time."""
        grant = super().request(messages, now, patience, priority)
        if not self._done:
            self._done = True
            self._set_back(timedelta(hours=1))
        return grant
