"""A micro-batch takes several chunks, as many as a second's mails are in."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from adapters.memory.chunks import MemoryChunkRepository
from adapters.memory.database import MemoryDatabase
from adapters.memory.mailer import MemoryMailer
from adapters.memory.rate_limiter import MemoryRateLimiter
from domain.campaign import Campaign, CampaignState, PauseReason
from domain.chunk import Chunk, ChunkRef
from domain.errors import DependencyUnavailable
from domain.grants import TOLERANCE, Grant
from domain.identifiers import CampaignId, TemplateId
from domain.message import Message
from domain.outcome import NotSent, Outcome
from domain.ports.chunks import ChunkChange, SendPermission
from domain.priority import Priority
from domain.recipient import RecipientState
from domain.tally import Tally
from domain.use_cases.create_campaign import CampaignRequest
from tests.unit.faults import FailingChunks, OvertakenChunks
from tests.unit.sentinel import Sentinel, SettableClock, addresses


class CountedChunks(MemoryChunkRepository):
    """Counts the requests that it is asked for."""

    def __init__(self, database: MemoryDatabase) -> None:
        """None yet."""
        super().__init__(database)
        self.requests: Counter[str] = Counter()
        self.chunks_in_a_read = 0

    def load_all(self, refs: Sequence[ChunkRef]) -> Mapping[ChunkRef, tuple[object, Chunk]]:  # type: ignore[override]  # the same
        """One."""
        self.requests["load"] += 1
        self.chunks_in_a_read = max(self.chunks_in_a_read, len(refs))
        return super().load_all(refs)

    def save_all(self, changes: Sequence[ChunkChange]) -> Mapping[ChunkRef, Chunk]:
        """One."""
        self.requests["save"] += 1
        return super().save_all(changes)

    def permission(self, campaign_id: CampaignId, addresses: Collection[str]) -> SendPermission:
        """One."""
        self.requests["permission"] += 1
        return super().permission(campaign_id, addresses)


class CountedLimiter(MemoryRateLimiter):
    """Keeps what was asked for."""

    def __init__(self, limit: int) -> None:
        """Nothing yet."""
        super().__init__(limit)
        self.asked: list[int] = []

    def request(
        self, messages: int, now: datetime, patience: timedelta, priority: Priority
    ) -> Grant | timedelta:
        """One more."""
        self.asked.append(messages)
        return super().request(messages, now, patience, priority)


class SlowMailer(MemoryMailer):
    """Gets so many mails done within a grant, and no more; keeps how many each call had."""

    def __init__(self, clock: SettableClock, in_time: int) -> None:
        """Not called yet."""
        super().__init__(clock)
        self._in_time = in_time
        self.calls: list[int] = []

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """The first are accepted."""
        self.calls.append(len(messages))
        overdue = NotSent("too slow", overdue=True)
        accepted = super().send(messages[: self._in_time], within)
        return [*accepted, *[overdue] * (len(messages) - len(accepted))]


class SlowPermission(MemoryChunkRepository):
    """Reading whom not to mail takes the longer the more there are."""

    def __init__(self, database: MemoryDatabase, clock: SettableClock) -> None:
        """Over the same records."""
        super().__init__(database)
        self._clock = clock

    def permission(self, campaign_id: CampaignId, addresses: Collection[str]) -> SendPermission:
        """A hundred within the tolerance of a grant."""
        self._clock.sleep(TOLERANCE * len(addresses) / 100)
        return super().permission(campaign_id, addresses)


class UnconfirmedClaims(MemoryChunkRepository):
    """The first write is done, and neither it nor the read after it is answered."""

    requests = 0

    def load_all(self, refs: Sequence[ChunkRef]) -> Mapping[ChunkRef, tuple[Campaign, Chunk]]:
        """The second is not answered."""
        self.requests += 1
        if self.requests == 3:
            raise DependencyUnavailable("no answer")
        return super().load_all(refs)

    def save_all(self, changes: Sequence[ChunkChange]) -> Mapping[ChunkRef, Chunk]:
        """The first is not answered."""
        self.requests += 1
        stored = super().save_all(changes)
        if self.requests == 2:
            raise DependencyUnavailable("no answer")
        return stored


def test_ten_chunks_are_sent_as_one(sentinel: Sentinel) -> None:
    """Read, granted, permitted, claimed, mailed and recorded together: one request of each."""
    chunks = CountedChunks(sentinel.database)
    limiter = CountedLimiter(500)
    mailer = SlowMailer(sentinel.clock, 500)
    sentinel.chunks, sentinel.limiter, sentinel.mailer = chunks, limiter, mailer
    campaign_id = sentinel.create_started(500)
    deliveries = sentinel.queue.receive(10, timedelta(), Priority.NORMAL)

    assert list(sentinel.send_batch(deliveries)) == deliveries

    assert chunks.requests == {"load": 1, "permission": 1, "save": 2}
    assert limiter.asked == mailer.calls == [500]
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sorted(sentinel.mailed()) == addresses(500)
    assert sentinel.tally(campaign_id) == Tally(sent=500, finished_chunks=10)


@pytest.mark.parametrize("limit", [14, 75, 100, 149, 150])
def test_no_more_than_a_second_holds(sentinel: Sentinel, limit: int) -> None:
    """At a low rate a chunk is sent in parts; chunks that there is no room for are not read."""
    mailer = SlowMailer(sentinel.clock, 500)
    chunks = CountedChunks(sentinel.database)
    sentinel.chunks, sentinel.mailer = chunks, mailer
    sentinel.limiter = MemoryRateLimiter(limit)
    sentinel.create_started(150)

    sentinel.run_workers()

    assert sum(mailer.calls) == 150
    assert max(mailer.calls) <= limit
    assert chunks.chunks_in_a_read <= -(-limit // 50)
    assert sorted(sentinel.mailed()) == addresses(150)


def test_no_more_than_the_mailer_gets_done_is_asked_for(sentinel: Sentinel) -> None:
    """Once it has found out; what there is then no room for is not read, either."""

    class LearningMailer(SlowMailer):
        """Takes no more than it got done of its first call."""

        @property
        def batch_size(self) -> int:
            """A hundred, later."""
            return 100 if self.calls else 500

    reads: list[int] = []

    class Chunks(MemoryChunkRepository):
        """Keeps how many are read."""

        def load_all(self, refs: Sequence[ChunkRef]) -> Mapping[ChunkRef, tuple[Campaign, Chunk]]:
            """Together."""
            reads.append(len(refs))
            return super().load_all(refs)

    limiter = CountedLimiter(500)
    sentinel.chunks, sentinel.limiter = Chunks(sentinel.database), limiter
    sentinel.mailer = LearningMailer(sentinel.clock, 100)
    sentinel.create_started(300)
    sentinel.run_workers()
    assert limiter.asked == [300, 100, 100]
    assert reads == [6, 2, 2]
    assert sorted(sentinel.mailed()) == addresses(300)


def test_campaigns_are_sent_apart(sentinel: Sentinel) -> None:
    """Chunks of two in one batch of messages: each campaign has a micro-batch of its own."""
    mailer = SlowMailer(sentinel.clock, 500)
    sentinel.mailer = mailer
    first = sentinel.create_started(60)
    second = sentinel.create_campaign(
        CampaignRequest(
            name="More news",
            template_id=TemplateId("greeting"),
            segment_id=sentinel.add_segment([{"name": "Ann"}] * 70, "others"),
        )
    ).campaign.campaign_id
    sentinel.run_starts()
    sentinel.run_workers()
    assert mailer.calls == [60, 70]
    assert {sentinel.state(first), sentinel.state(second)} == {CampaignState.SENT}


def test_what_outlasts_the_grant_goes_with_the_next(sentinel: Sentinel) -> None:
    """By the same worker, without another message, and nobody twice."""
    mailer = SlowMailer(sentinel.clock, 70)
    sentinel.mailer = mailer
    campaign_id = sentinel.create_started(200)
    sentinel.run_workers()
    assert mailer.calls == [200, 130, 60]
    assert sorted(sentinel.mailed()) == addresses(200)
    assert sentinel.tally(campaign_id) == Tally(sent=200, finished_chunks=4)


def test_too_many_for_the_time_are_tried_in_fewer(sentinel: Sentinel) -> None:
    """Where reading whom not to mail takes longer than a grant holds, half of them are tried."""
    sentinel.chunks = SlowPermission(sentinel.database, sentinel.clock)
    sentinel.limiter = MemoryRateLimiter(10_000)
    campaign_id = sentinel.create_started(500)
    deliveries = sentinel.queue.receive(10, timedelta(), Priority.NORMAL)

    assert list(sentinel.send_batch(deliveries)) == deliveries

    assert sorted(sentinel.mailed()) == addresses(500)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_claim_that_is_lost_holds_nobody_back(sentinel: Sentinel) -> None:
    """Somebody else wrote one of three chunks: the others are mailed, and it is looked at again."""
    mailer = SlowMailer(sentinel.clock, 500)
    sentinel.mailer = mailer
    sentinel.chunks = OvertakenChunks(sentinel.database, [1])
    sentinel.create_started(150)
    sentinel.run_workers()
    assert mailer.calls == [100, 50]
    assert sorted(sentinel.mailed()) == addresses(150)


def test_a_claim_that_nobody_confirmed_is_taken_back(sentinel: Sentinel) -> None:
    """It was written, and its answer was lost: the worker knows that it mailed nobody."""
    sentinel.chunks = UnconfirmedClaims(sentinel.database)
    campaign_id = sentinel.create_started(150)
    sentinel.run_workers()
    sentinel.pass_time(timedelta(minutes=15))
    assert sorted(sentinel.mailed()) == addresses(150)
    assert sentinel.tally(campaign_id) == Tally(sent=150, finished_chunks=3)


def test_a_record_that_is_lost_holds_nobody_back(sentinel: Sentinel) -> None:
    """Outcomes of a chunk that an event was first to write are applied to it as it is then."""
    sentinel.chunks = OvertakenChunks(sentinel.database, [4])
    campaign_id = sentinel.create_started(150)
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(150)
    assert sentinel.tally(campaign_id) == Tally(sent=150, finished_chunks=3)


def test_a_store_that_takes_some_of_the_outcomes(sentinel: Sentinel) -> None:
    """It fails amidst them: the rest is repeated, and what was written counts once."""
    sentinel.chunks = FailingChunks(sentinel.database, [4])
    campaign_id = sentinel.create_started(150)
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(150)
    assert sentinel.tally(campaign_id) == Tally(sent=150, finished_chunks=3)


def test_a_pause_before_the_claim_claims_nobody(sentinel: Sentinel) -> None:
    """Of none of the chunks."""
    campaign_id = sentinel.create_started(150)

    class Paused(MemoryChunkRepository):
        """Paused between grant and permission."""

        def permission(self, campaign_id: CampaignId, addresses: Collection[str]) -> SendPermission:
            """Somebody was quicker."""
            campaign = sentinel.campaign(campaign_id)
            if campaign.state is CampaignState.SENDING:
                now = sentinel.clock.now()
                sentinel.campaigns.save(campaign.pause(now, PauseReason.OPERATOR))
            return super().permission(campaign_id, addresses)

    sentinel.chunks = Paused(sentinel.database)
    sentinel.run_workers()
    assert sentinel.mailed() == []
    assert set(sentinel.recipient_states().values()) == {RecipientState.PENDING}
    assert sentinel.state(campaign_id) is CampaignState.PAUSED


def test_a_worker_that_dies_leaves_a_micro_batch_unknown(sentinel: Sentinel) -> None:
    """Its chunks come again: of each, whom it had claimed is unknown and not mailed again."""

    class Died(BaseException):
        """The process is gone."""

    class DyingMailer(MemoryMailer):
        """Dies in its first call."""

        dead = False

        def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
            """Once."""
            if not self.dead:
                self.dead = True
                super().send(messages[:60], within)
                raise Died
            return super().send(messages, within)

    sentinel.mailer = DyingMailer(sentinel.clock)
    sentinel.limiter = MemoryRateLimiter(100)
    campaign_id = sentinel.create_started(150)
    with pytest.raises(Died):
        sentinel.run_workers()
    for _ in range(4):
        sentinel.clock.sleep(timedelta(minutes=6))
        sentinel.reconcile()
        sentinel.run_workers()
    assert sentinel.tally(campaign_id) == Tally(sent=50, unknown=100, finished_chunks=3)
    assert sorted(Counter(sentinel.mailed()).values()) == [1] * 110


@pytest.mark.parametrize(
    ("html", "calls"),
    [
        pytest.param("x" * 200_000, [50, 50, 50], id="a large template"),
        pytest.param("x" * 99_999 + "☃", [50, 50, 50], id="two bytes a character"),
        pytest.param("x" * 99_999 + "😀", [37, 13] * 3, id="four bytes"),
        pytest.param(
            "{% for _ in range(1000) %}" + "x" * 200 + "{% endfor %}",
            [50, 50, 50],
            id="a small template of large mails",
        ),
    ],
)
def test_large_mails_are_fewer_at_once(sentinel: Sentinel, html: str, calls: list[int]) -> None:
    """By what they take of a worker's memory, which is little."""
    mailer = SlowMailer(sentinel.clock, 500)
    sentinel.mailer = mailer
    campaign_id = sentinel.create_started(150)
    content = sentinel.database.contents[campaign_id]
    sentinel.database.contents[campaign_id] = type(content)(
        content.subject, content.html + html, content.text
    )
    sentinel.run_workers()
    assert mailer.calls == calls
    assert sorted(sentinel.mailed()) == addresses(150)
