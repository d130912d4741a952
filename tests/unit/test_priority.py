"""An urgent campaign takes a lane of its own, whatever puts its chunks on the queue."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from adapters.memory.queue import MemorySendQueue
from adapters.memory.rate_limiter import MemoryRateLimiter
from domain.campaign import CampaignState, UnknownPolicy
from domain.chunk import ChunkRef
from domain.errors import IllegalTransition
from domain.grants import Grant
from domain.identifiers import CampaignId
from domain.outcome import NotSent, Unknown
from domain.priority import Priority
from domain.use_cases.edit_campaign import CampaignEdit
from domain.use_cases.settle_unknown import UnknownAction
from tests.unit.faults import AnsweringMailer
from tests.unit.sentinel import MINUTE, Sentinel, addresses
from tests.unit.test_edit_campaign import edit

URGENT, NORMAL = Priority.URGENT, Priority.NORMAL
FIRST = addresses(1)[0]


class NotingQueue(MemorySendQueue):
    """Knows which lane each message was put on."""

    noted: list[Priority]

    def enqueue(
        self, chunks: Sequence[ChunkRef], priority: Priority, delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """Noted, and done."""
        self.noted += [priority] * len(chunks)
        return super().enqueue(chunks, priority, delay)

    def take_noted(self) -> set[Priority]:
        """Those of what was put on it since it was last asked."""
        noted, self.noted = set(self.noted), []
        return noted


class FullQueue(MemorySendQueue):
    """Takes nothing while it is full."""

    is_full = False

    def enqueue(
        self, chunks: Sequence[ChunkRef], priority: Priority, delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """None of them, or all."""
        return chunks if self.is_full else super().enqueue(chunks, priority, delay)


class NotingLimiter(MemoryRateLimiter):
    """Knows for which lanes it was asked."""

    def __init__(self, limit: int) -> None:
        """Nobody has asked yet."""
        super().__init__(limit)
        self.noted: set[Priority] = set()

    def request(
        self, messages: int, now: datetime, patience: timedelta, priority: Priority
    ) -> Grant | timedelta:
        """Noted, and done."""
        self.noted.add(priority)
        return super().request(messages, now, patience, priority)


def started_again(sentinel: Sentinel, campaign_id: CampaignId, priority: Priority) -> CampaignId:
    """Another campaign, to the same people."""
    first = sentinel.campaign(campaign_id)
    again = sentinel.create_of(first.template_id, first.segment_id, priority=priority)
    sentinel.run_starts()
    return again


@pytest.fixture
def queue(sentinel: Sentinel) -> NotingQueue:
    """That of `sentinel`."""
    queue = NotingQueue(sentinel.clock)
    queue.noted = []
    sentinel.queue = queue
    return queue


def test_its_chunks_and_its_grants_are_of_its_lane(sentinel: Sentinel, queue: NotingQueue) -> None:
    """From the fan-out on; those of another campaign are of theirs."""
    limiter = sentinel.limiter = NotingLimiter(1_000)
    campaign_id = sentinel.create_started(120, priority=URGENT)
    assert queue.take_noted() == {URGENT}
    sentinel.run()
    assert limiter.noted == {URGENT}

    started_again(sentinel, campaign_id, NORMAL)
    assert queue.take_noted() == {NORMAL}
    sentinel.run()
    assert limiter.noted == {URGENT, NORMAL}


def test_a_chunk_that_is_put_back_stays_in_its_lane(sentinel: Sentinel, queue: NotingQueue) -> None:
    """For want of a place in time, and for a retry."""
    sentinel.create_started(3, priority=URGENT)
    queue.take_noted()
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [NotSent("throttled")]})
    sentinel.run_workers()
    assert queue.take_noted() == {URGENT}

    sentinel.limiter = NotingLimiter(1)
    sentinel.clock.sleep(MINUTE)
    for _ in range(30):
        sentinel.limiter.request(1, sentinel.clock.now(), MINUTE, URGENT)
    sentinel.run_workers()
    assert queue.take_noted() == {URGENT}


def test_an_abandoned_chunk_is_enqueued_in_its_lane(sentinel: Sentinel, queue: NotingQueue) -> None:
    """Each in its own, of the same pass of the reconciler."""
    started_again(sentinel, sentinel.create_started(120, priority=URGENT), NORMAL)
    for priority in Priority:
        queue.acknowledge(queue.receive(10, timedelta(), priority))
    queue.take_noted()

    sentinel.clock.sleep(sentinel.policy.chunk_check_interval)
    sentinel.reconcile()

    assert queue.noted.count(URGENT) == queue.noted.count(NORMAL) == 3
    sentinel.run()
    assert len(sentinel.mailed()) == 240


def test_who_is_mailed_once_more_is_so_in_the_same_lane(
    sentinel: Sentinel, queue: NotingQueue
) -> None:
    """By the policy of the campaign, and where a person asks for it."""
    campaign_id = sentinel.create_started(3, UnknownPolicy.RESEND, URGENT)
    by_hand = started_again(sentinel, campaign_id, URGENT)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [Unknown("cut"), Unknown("cut")]})
    sentinel.run_workers()
    queue.take_noted()

    sentinel.clock.sleep(sentinel.policy.settling_window)
    sentinel.reconcile()
    assert queue.take_noted() == {URGENT}

    sentinel.settle_unknown(by_hand, UnknownAction.RESEND)
    sentinel.run()
    assert queue.take_noted() == {URGENT}


def test_made_urgent_while_it_waits_it_is_so_from_its_fan_out_on(
    sentinel: Sentinel, queue: NotingQueue
) -> None:
    """Before the start everything can follow; the time stays as it was."""
    at = sentinel.clock.now() + timedelta(hours=1)
    campaign_id = sentinel.create(3, schedule_at=at)

    edited = edit(sentinel)(campaign_id, CampaignEdit(priority=URGENT))

    assert (edited.campaign.priority, edited.campaign.revision) == (URGENT, 2)
    assert (edited.is_moved, edited.campaign.schedule_at) == (False, at)
    sentinel.pass_time(timedelta(hours=1))
    assert queue.take_noted() == {URGENT}


def test_what_was_sent_is_made_urgent_no_more(sentinel: Sentinel) -> None:
    """It would mean nothing; the priority that it has may be said again, with another name."""
    campaign_id = sentinel.create_started(3)
    sentinel.run()

    with pytest.raises(IllegalTransition, match="It mails nobody any more"):
        edit(sentinel)(campaign_id, CampaignEdit(priority=URGENT, name="Another"))

    assert sentinel.campaign(campaign_id).revision == 1
    edit(sentinel)(campaign_id, CampaignEdit(priority=NORMAL, name="Another"))
    assert sentinel.campaign(campaign_id).name == "Another"


def test_made_urgent_while_it_is_sent_it_is_so_for_what_is_enqueued_then(
    sentinel: Sentinel, queue: NotingQueue
) -> None:
    """A pause and its end enqueue all that is left; nobody is lost or mailed twice."""
    campaign_id = sentinel.create_started(120)
    assert queue.take_noted() == {NORMAL}
    edit(sentinel)(campaign_id, CampaignEdit(priority=URGENT))

    sentinel.pause(campaign_id)
    sentinel.resume_campaign(campaign_id)
    sentinel.run()

    assert queue.take_noted() == {URGENT}
    assert sorted(sentinel.mailed()) == addresses(120)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_made_normal_while_it_is_sent_no_urgent_worker_goes_on_with_it(
    sentinel: Sentinel, queue: NotingQueue
) -> None:
    """What was on the urgent queue is passed on to the others; nobody is lost or mailed twice."""
    limiter = NotingLimiter(500)
    sentinel.limiter = limiter
    campaign_id = sentinel.create_started(120, priority=URGENT)
    edit(sentinel)(campaign_id, CampaignEdit(priority=NORMAL))
    queue.take_noted()
    deliveries = sentinel.queue.receive(10, timedelta(), URGENT)

    sentinel.queue.acknowledge(sentinel.send_batch(deliveries))

    assert (len(deliveries), sentinel.mailed(), limiter.noted) == (3, [], set())
    assert queue.take_noted() == {NORMAL}
    assert sentinel.queue.receive(10, timedelta(), URGENT) == []
    sentinel.run()
    assert limiter.noted == {NORMAL}
    assert sorted(sentinel.mailed()) == addresses(120)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_queue_that_does_not_take_what_is_passed_on_loses_nothing(sentinel: Sentinel) -> None:
    """The messages stay where they are, and come again."""
    sentinel.queue = queue = FullQueue(sentinel.clock)
    campaign_id = sentinel.create_started(120, priority=URGENT)
    edit(sentinel)(campaign_id, CampaignEdit(priority=NORMAL))
    queue.is_full = True

    assert sentinel.send_batch(queue.receive(10, timedelta(), URGENT)) == []

    queue.is_full = False
    sentinel.pass_time(timedelta(minutes=15))
    assert sorted(sentinel.mailed()) == addresses(120)
    assert sentinel.state(campaign_id) is CampaignState.SENT
