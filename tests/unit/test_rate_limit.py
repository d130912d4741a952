"""The send rate as a provider sees it: eight workers, whole use cases, a minute of virtual time."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

import pytest

from adapters.memory.chunks import MemoryChunkRepository
from adapters.memory.queue import MemorySendQueue
from adapters.memory.rate_limiter import MemoryRateLimiter
from benchmarks.turns import TurnsClock
from domain.grants import TOLERANCE, WINDOW
from domain.identifiers import CampaignId
from domain.message import Message
from domain.outcome import Accepted, NotSent, Outcome
from domain.ports.chunks import SendPermission
from domain.priority import Priority
from tests.unit.sentinel import Sentinel

WORKERS = 8
LIMIT = 14
MINUTE = timedelta(minutes=1)
SETTLED = WORKERS * (WINDOW + TOLERANCE)
"""By then no worker still has a grant that it was given before."""
IDLE = timedelta(milliseconds=100)
TIME_LEFT = timedelta(seconds=87)
"""Of an invocation of the send worker."""

Call = tuple[datetime, int]
"""When the provider was called, and with how many mails."""


class Provider:
    """Implements `domain.ports.mailer.Mailer`."""

    timeout = timedelta(seconds=36)
    batch_size = 50

    def __init__(self, clock: TurnsClock, random: Random) -> None:
        """Not called yet; takes as many a second as it is given."""
        self._clock = clock
        self._random = random
        self.calls: list[Call] = []
        self.takes: int | None = None
        self.taken: list[tuple[datetime, str]] = []
        self.throttled: list[datetime] = []

    def send(
        self,
        messages: Sequence[Message],
        within: timedelta,  # noqa: ARG002  one call takes them all
    ) -> Sequence[Outcome]:
        """One outcome a message; each call takes its own time."""
        now = self._clock.now()
        self.calls.append((now, len(messages)))
        outcomes = [self._outcome(message, now) for message in messages]
        self._clock.sleep(timedelta(milliseconds=self._random.choice([30, 80, 700])))
        return outcomes

    def _outcome(self, message: Message, now: datetime) -> Outcome:
        last_second = sum(at > now - WINDOW for at, _ in self.taken)
        if self.takes is not None and last_second >= self.takes:
            self.throttled.append(now)
            return NotSent("ACCOUNT_THROTTLED", throttled=True)
        self.taken.append((now, message.reference))
        return Accepted(f"id-{message.reference}")


class SlowChunks(MemoryChunkRepository):
    """What comes between a grant and its use takes time; now and then more than its tolerance."""

    def __init__(self, sentinel: Sentinel, clock: TurnsClock, random: Random) -> None:
        """Over the same records."""
        super().__init__(sentinel.database)
        self._clock = clock
        self._random = random

    def permission(self, campaign_id: CampaignId, addresses: Collection[str]) -> SendPermission:
        """Later."""
        milliseconds = self._random.choice([5, 10, 10, 20, 20, 40, 120, 240])
        if self._random.random() < 0.02:
            milliseconds = 300
        self._clock.sleep(timedelta(milliseconds=milliseconds))
        return super().permission(campaign_id, addresses)


@dataclass(frozen=True)
class SkewedClock:
    """Implements `domain.ports.clock.Clock`: wrong by `skew`."""

    right: TurnsClock
    skew: timedelta

    def now(self) -> datetime:
        """Wrong."""
        return self.right.now() + self.skew

    def monotonic(self) -> timedelta:
        """Nobody else's."""
        return self.right.monotonic()

    def sleep(self, duration: timedelta) -> None:
        """As long as it says."""
        self.right.sleep(duration)


class Stage:
    """Eight workers at one queue, with more to send than a minute suffices for."""

    def __init__(
        self,
        seed: int,
        limit: int | Callable[[], int] = LIMIT,
        skews: Sequence[timedelta] = [timedelta()] * WORKERS,
    ) -> None:
        """Not begun; each worker's clock is wrong by its skew."""
        self._skews = skews
        self.clock = TurnsClock()
        random = Random(seed)  # noqa: S311  no secret
        self.provider = Provider(self.clock, random)
        sentinel = Sentinel()
        sentinel.clock = self.clock  # type: ignore[assignment]  # several take turns at it
        sentinel.mailer = self.provider  # type: ignore[assignment]  # accepts, and counts
        sentinel.chunks = SlowChunks(sentinel, self.clock, random)
        sentinel.queue = MemorySendQueue(self.clock)
        sentinel.limiter = MemoryRateLimiter(limit)
        sentinel.create_started(1_000)
        self.sentinel = sentinel
        self.began = self.clock.now()

    def run(self, *beside: Callable[[], None]) -> list[Call]:
        """For a minute; what the provider got in it. What goes on `beside` sleeps as workers do."""
        self.clock.run([*beside, *[partial(self._work, skew) for skew in self._skews]])
        return [call for call in self.provider.calls if call[0] < self.began + MINUTE]

    def _work(self, skew: timedelta) -> None:
        self.sentinel.clock = SkewedClock(self.clock, skew)  # type: ignore[assignment]  # likewise
        send_batch = self.sentinel.send_batch
        while self.clock.now() < self.began + MINUTE:
            deliveries = self.sentinel.queue.receive(1, timedelta(), Priority.NORMAL)
            self.sentinel.queue.acknowledge(send_batch(deliveries, TIME_LEFT))
            self.clock.sleep(IDLE)


def fullest_second(calls: Sequence[Call], second: timedelta = WINDOW) -> int:
    """The most mails that any one second holds: it begins with a call."""
    return max(
        sum(messages for at, messages in calls if begin <= at < begin + second)
        for begin, _ in calls
    )


@pytest.mark.parametrize("seed", range(3))
def test_eight_workers_keep_the_limit_and_use_it(seed: int) -> None:
    """No second above 14 as the provider is called; of the 672 that a minute has room for, 650.

    A second, wider by the tolerance of a grant, holds 14: that is 48 times 14 a minute. What is
    lacking was granted to workers that came too late.
    """
    calls = Stage(seed).run()

    assert fullest_second(calls) <= LIMIT
    room = LIMIT * (MINUTE / (WINDOW + TOLERANCE))
    assert 650 <= sum(messages for _, messages in calls) <= room == 672


@pytest.mark.parametrize("seed", range(3))
def test_clocks_that_differ_make_a_second_no_shorter_than_by_as_much(seed: int) -> None:
    """As docs/delivery.md says. By 300 milliseconds, the first worker's clock from the last's."""
    skews = [timedelta(milliseconds=300) * number / (WORKERS - 1) for number in range(WORKERS)]
    calls = Stage(seed, skews=skews).run()

    assert fullest_second(calls, WINDOW - max(skews)) <= LIMIT


def test_a_limit_that_is_lowered_holds_at_once() -> None:
    """After the grants that were made before, no second holds more than the new limit."""
    limit = LIMIT
    stage = Stage(0, lambda: limit)
    lowered = stage.began + MINUTE / 2

    def lower() -> None:
        nonlocal limit
        stage.clock.sleep(MINUTE / 2)
        limit = 5

    calls = stage.run(lower)

    before = [call for call in calls if call[0] < lowered]
    after = [call for call in calls if call[0] >= lowered + SETTLED]
    assert fullest_second(calls) <= LIMIT
    assert fullest_second(before) > 5
    assert 0 < fullest_second(after) <= 5


@pytest.mark.parametrize("seed", range(3))
def test_workers_slow_down_for_a_provider_that_throttles(seed: int) -> None:
    """It takes 7 where it said 14: far fewer than half are turned away, and nobody is mailed twice.

    Without slowing down it would be half of them, again and again. Of the 420 that it would take in
    a minute it gets more than half, though the workers try for more and step back again.
    """
    stage = Stage(seed)
    stage.provider.takes = 7

    stage.run()

    in_time = [at for at, _ in stage.provider.taken if at < stage.began + MINUTE]
    assert len(in_time) > 7 * 60 / 2
    references = [reference for _, reference in stage.provider.taken]
    turned_away = len(stage.provider.throttled)
    assert len(set(references)) == len(references)
    assert 0 < turned_away < (turned_away + len(references)) / 4
    assert max(stage.provider.throttled) - stage.began > MINUTE / 2, "it went on trying for more"
