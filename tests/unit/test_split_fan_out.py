"""A large segment: its rest is split, and several starts are at it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from adapters.memory.fan_out import MemoryFanOutRepository
from adapters.memory.queue import MemorySendQueue
from domain.campaign import CampaignState
from domain.chunk import ChunkRef
from domain.fan_out import MAX_RANGES, DeliveryProgress, FanOutRange
from domain.identifiers import CampaignId, ContactId
from domain.key_space import member_key
from domain.ports.clock import Clock
from domain.ports.start_queue import StartQueue
from domain.priority import Priority
from domain.tally import Tally
from domain.use_cases.create_campaign import CampaignRequest
from tests.unit.faults import Died, RefusingInvoker
from tests.unit.sentinel import MINUTE, Sentinel, addresses
from tests.unit.test_erase_contact import erase
from tests.unit.test_rule_segments import GOLD, campaign, mailed, people, ruled
from tests.unit.test_start_campaign import assert_all_mailed_once

SIZE = 300
"""In chunks of one and steps of ten: some forty steps. No range of sixteen is empty by chance."""


@pytest.fixture
def large(sentinel: Sentinel) -> CampaignId:
    """A campaign whose segment is large to this Sentinel; its start is asked for."""
    sentinel.chunk_size, sentinel.split_above = 1, 20
    return sentinel.create(SIZE)


def progress_of(sentinel: Sentinel, campaign_id: CampaignId) -> DeliveryProgress:
    """As stored."""
    return sentinel.fan_out.progress(campaign_id)


class MeanwhileSplit(MemoryFanOutRepository):
    """Something happens right after the split."""

    def __init__(self, sentinel: Sentinel, meanwhile: Callable[[], None]) -> None:
        """Over the same records."""
        super().__init__(sentinel.database)
        self._meanwhile = meanwhile

    def split(self, fan_out_range: FanOutRange, others: Sequence[FanOutRange]) -> FanOutRange:
        """It stands; then the world goes on."""
        stored = super().split(fan_out_range, others)
        self._meanwhile()
        return stored


class ReenteredQueue(MemorySendQueue):
    """Whenever something is put on it the world goes on first."""

    def __init__(self, clock: Clock, meanwhile: Callable[[], None]) -> None:
        """Nothing is on it yet."""
        super().__init__(clock)
        self._meanwhile = meanwhile

    def enqueue(
        self, chunks: Sequence[ChunkRef], priority: Priority, delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """Taken in the end."""
        self._meanwhile()
        return super().enqueue(chunks, priority, delay)


def test_a_large_segment_is_split_and_mailed_whole(sentinel: Sentinel, large: CampaignId) -> None:
    """In as many ranges as are worth it, and everybody in one of them."""
    sentinel.run()

    progress = progress_of(sentinel, large)
    assert len(progress.ranges) == MAX_RANGES
    assert all(each.recipient_count for each in progress.ranges)
    assert (progress.complete_ranges, progress.share) == (MAX_RANGES, 1)
    assert_all_mailed_once(sentinel, large, SIZE)


@pytest.mark.parametrize(("size", "ranges"), [(5, 1), (SIZE, MAX_RANGES)])
def test_the_size_decides_and_nobody_counts(sentinel: Sentinel, size: int, ranges: int) -> None:
    """A segment that one start is done with at once stays whole."""
    sentinel.chunk_size, sentinel.split_above = 1, 20
    campaign_id = sentinel.create(size)
    sentinel.run()
    assert len(progress_of(sentinel, campaign_id).ranges) == ranges
    assert_all_mailed_once(sentinel, campaign_id, size)


def test_a_range_of_several_is_not_split(sentinel: Sentinel) -> None:
    """Of an older campaign, whose ranges were made with it."""
    sentinel.chunk_size, sentinel.split_above, sentinel.fan_out_ranges = 1, 20, 2
    campaign_id = sentinel.create(SIZE)
    sentinel.run()
    assert len(progress_of(sentinel, campaign_id).ranges) == 2
    assert_all_mailed_once(sentinel, campaign_id, SIZE)


def test_where_few_fit_a_rule_those_gone_through_count(sentinel: Sentinel) -> None:
    """What takes the time is reading all contacts, however few of them are mailed."""
    sentinel.split_above = 500
    people(sentinel, "silver", *range(6_000))
    people(sentinel, "gold", 7_000, 7_001, 7_002)
    campaign_id = campaign(sentinel, ruled(sentinel, "gold", GOLD))

    sentinel.run()

    assert len(progress_of(sentinel, campaign_id).ranges) == MAX_RANGES
    assert mailed(sentinel) == {7_000, 7_001, 7_002}
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_others_are_at_it_while_the_first_goes_on(sentinel: Sentinel, large: CampaignId) -> None:
    """Each at a range of its own, as many as may be, and no more than that."""
    at_it: list[int] = []

    def come() -> None:
        requests = sentinel.invoker.take_all()
        at_it.append(progress_of(sentinel, large).held(sentinel.clock.now()))
        for request in requests:
            sentinel.start_campaign(request)

    sentinel.parallel = 3
    sentinel.queue = ReenteredQueue(sentinel.clock, come)
    sentinel.run()

    assert max(at_it) == 3
    assert_all_mailed_once(sentinel, large, SIZE)


def test_a_start_that_nobody_joins_does_all_of_it(sentinel: Sentinel, large: CampaignId) -> None:
    """Where no other can be invoked the fan-out is slower, and nothing else."""
    first, *_ = sentinel.invoker.take_all()
    sentinel.invoker = RefusingInvoker()
    sentinel.start_campaign(first)
    sentinel.run_workers()
    assert_all_mailed_once(sentinel, large, SIZE)


def test_alone_where_one_is_all_that_may_be(sentinel: Sentinel, large: CampaignId) -> None:
    """It invites nobody."""
    sentinel.parallel = 1
    assert sentinel.run_starts() == 1
    assert sentinel.run_starts() == 0
    sentinel.run_workers()
    assert_all_mailed_once(sentinel, large, SIZE)


def test_many_short_runs(sentinel: Sentinel, large: CampaignId) -> None:
    """Each ends after a step and invokes the next, and all of them come to an end."""
    runs = 0
    while requests := sentinel.invoker.take_all():
        for request in requests:
            sentinel.start_campaign(request, timedelta())
            runs += 1
    sentinel.run_workers()
    steps = sum(-(-each.chunk_count // 10) for each in progress_of(sentinel, large).ranges)
    assert steps < runs < 4 * steps
    assert_all_mailed_once(sentinel, large, SIZE)


def test_killed_right_after_the_split(sentinel: Sentinel, large: CampaignId) -> None:
    """Nothing was invoked: the reconciler has all ranges fanned out."""

    def die() -> None:
        raise Died

    sentinel.fan_out = MeanwhileSplit(sentinel, die)
    with pytest.raises(Died):
        sentinel.run_starts()
    sentinel.fan_out = MemoryFanOutRepository(sentinel.database)
    assert len(progress_of(sentinel, large).ranges) == MAX_RANGES
    sentinel.pass_time(5 * MINUTE)
    assert_all_mailed_once(sentinel, large, SIZE)


def test_ranges_that_wait_their_turn_are_not_started_again(
    sentinel: Sentinel, large: CampaignId
) -> None:
    """The reconciler leaves them to the one who is at the first, and counts no retry."""
    asked: list[int] = []

    def look() -> None:
        sentinel.clock.sleep(sentinel.policy.check_interval)
        sentinel.reconcile()
        asked.append(len(sentinel.metrics.of("retried")))

    sentinel.fan_out = MeanwhileSplit(sentinel, look)
    sentinel.run_starts()

    assert asked == [0]
    assert len(progress_of(sentinel, large).ranges) == MAX_RANGES


def test_in_local_time_too(sentinel: Sentinel) -> None:
    """Where a step ends with its chunks, and not with the members that it read."""
    sentinel.chunk_size, sentinel.max_chunks_a_step, sentinel.split_above = 1, 7, 20
    template_id, segment_id = sentinel.add_template(), sentinel.add_segment([{"name": "N"}] * SIZE)
    created = sentinel.create_campaign(
        CampaignRequest(
            name="News",
            template_id=template_id,
            segment_id=segment_id,
            schedule_at="2026-03-04T09:00",
            timezone="UTC",
            local_time=True,
        )
    )
    sentinel.clock.sleep(created.campaign.schedule_at - sentinel.clock.now())
    sentinel.scheduler.tick()
    sentinel.run()
    sentinel.pass_time(timedelta(hours=27))
    assert len(progress_of(sentinel, created.campaign.campaign_id).ranges) == MAX_RANGES
    assert sorted(sentinel.mailed()) == addresses(SIZE)


def test_a_workers_check_in_the_midst_of_a_split(sentinel: Sentinel, large: CampaignId) -> None:
    """Whoever reads the first range only once it is complete is not told that this is all."""
    sentinel.run_starts()
    seen = progress_of(sentinel, large)
    complete = replace(seen, ranges=seen.ranges[:1])
    chunks = complete.ranges[0].chunk_count
    assert not complete.ranges[0].has_work_left
    assert not replace(complete, tally=Tally(sent=chunks, finished_chunks=chunks)).is_finished


def test_paused_at_the_split_and_resumed(sentinel: Sentinel, large: CampaignId) -> None:
    """Nobody is missed, and nobody mailed twice."""
    sentinel.fan_out = MeanwhileSplit(sentinel, lambda: sentinel.pause(large))
    sentinel.run()
    assert len(sentinel.mailed()) < SIZE
    sentinel.fan_out = MemoryFanOutRepository(sentinel.database)
    sentinel.resume_campaign(large)
    sentinel.run()
    assert_all_mailed_once(sentinel, large, SIZE)


def test_cancelled_at_the_split(sentinel: Sentinel, large: CampaignId) -> None:
    """Nobody else is fanned out."""
    sentinel.fan_out = MeanwhileSplit(sentinel, lambda: sentinel.cancel(large))
    sentinel.run()
    fanned_out = progress_of(sentinel, large).recipients
    sentinel.pass_time(10 * MINUTE)
    assert progress_of(sentinel, large).recipients == fanned_out < SIZE
    assert sentinel.state(large) is CampaignState.CANCELLED


def test_everybody_is_found_in_the_range_they_are_in(sentinel: Sentinel, large: CampaignId) -> None:
    """By their contact, without going through the campaign; and each once in the list."""
    sentinel.run()
    contacts = sentinel.database.contacts
    for contact_id in contacts:
        ((recipient, _),) = sentinel.list_recipients(large, contact_id=contact_id).lines
        assert recipient.contact_id == contact_id
    listed: list[ContactId] = []
    cursor = None
    while True:
        page = sentinel.list_recipients(large, cursor=cursor)
        listed += [recipient.contact_id for recipient, _ in page.lines]
        cursor = page.cursor
        if cursor is None:
            break
    assert sorted(listed) == sorted(contacts)


def test_erased_at_the_split(sentinel: Sentinel, large: CampaignId) -> None:
    """Of a range that is new, and read already: all but the one who is gone are mailed."""
    gone = max(sentinel.database.contacts, key=member_key)
    address = sentinel.database.contacts[gone].address
    done: list[bool] = []
    sentinel.fan_out = MeanwhileSplit(sentinel, lambda: done.append(erase(sentinel)(gone)))

    sentinel.run()
    sentinel.pass_time(2 * MINUTE)

    assert done == [True]
    assert sorted(sentinel.mailed()) == [each for each in addresses(SIZE) if each != address]
    assert sentinel.state(large) is CampaignState.SENT


@dataclass(frozen=True)
class QueueingInvoker:
    """What is left waits behind what is on the start queue, as on one machine."""

    start_queue: StartQueue

    def start(self, campaign_id: CampaignId) -> None:
        """Queued."""
        self.start_queue.put(campaign_id)


def test_what_is_left_on_one_machine_waits_once(
    sentinel: Sentinel, large: CampaignId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many a turn invites: others on the queue wait for one turn of it, not for many."""
    (first,) = sentinel.invoker.take_all()
    monkeypatch.setattr(sentinel, "invoker", QueueingInvoker(sentinel.start_queue))
    sentinel.start_campaign(first, timedelta())
    waiting = []
    while deliveries := sentinel.start_queue.receive(10, timedelta()):
        waiting.append(len(deliveries))
        sentinel.start_queue.acknowledge(sentinel.start_batch(deliveries, timedelta()))

    assert len(waiting) > MAX_RANGES
    assert set(waiting) == {1}
    sentinel.run_workers()
    assert_all_mailed_once(sentinel, large, SIZE)
