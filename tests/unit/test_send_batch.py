"""Dealing with the messages of one batch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.memory.fan_out import MemoryFanOutRepository
from adapters.memory.rate_limiter import MemoryRateLimiter
from domain.campaign import CampaignState
from domain.chunk import ChunkRef
from domain.errors import DependencyUnavailable
from domain.fan_out import DeliveryProgress
from domain.grants import TOLERANCE, Grant
from domain.identifiers import CampaignId, TemplateId
from domain.ports.queue import Delivery
from domain.priority import Priority
from domain.recipient import RecipientState
from domain.template import Content
from domain.use_cases.create_campaign import CampaignRequest
from tests.unit.faults import SlowChunks
from tests.unit.sentinel import MINUTE, Sentinel, addresses


class UnreadableFanOut(MemoryFanOutRepository):
    """Does not answer."""

    def progress(self, campaign_id: CampaignId) -> DeliveryProgress:
        """No answer."""
        raise DependencyUnavailable(f"No answer for {campaign_id}.")


def received(sentinel: Sentinel) -> Sequence[Delivery]:
    """Up to ten messages."""
    return sentinel.queue.receive(10, timedelta(), Priority.NORMAL)


def test_all_dealt_with(sentinel: Sentinel) -> None:
    """Every chunk of the batch is sent and may be taken off the queue; the campaign is sent."""
    campaign_id = sentinel.create_started(120)
    deliveries = received(sentinel)
    assert list(sentinel.send_batch(deliveries)) == deliveries
    assert sorted(sentinel.mailed()) == addresses(120)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_one_that_fails_comes_again(sentinel: Sentinel) -> None:
    """A chunk that could not be sent stays on the queue; the others are dealt with."""
    sentinel.create_started(120)
    first, *others = received(sentinel)
    contents = dict(sentinel.database.contents)
    sentinel.database.contents.clear()
    assert list(sentinel.send_batch([first])) == []
    sentinel.database.contents.update(contents)
    assert list(sentinel.send_batch(others)) == others
    assert sorted(sentinel.mailed()) == sorted(
        recipient.address
        for chunk in sentinel.stored_chunks()
        if chunk.ref != first.chunk
        for recipient in chunk.recipients
    )


def test_content_that_no_longer_compiles(sentinel: Sentinel) -> None:
    """A chunk whose content cannot be rendered at all leaves the rest of its batch alone."""
    broken = sentinel.create_started(1)
    (delivery,) = received(sentinel)
    sentinel.database.contents[broken] = Content("{% if %}", "<p>", "News")
    fine = sentinel.create_campaign(
        CampaignRequest(
            name="More news",
            template_id=TemplateId("greeting"),
            segment_id=sentinel.add_segment([{"name": "Ann"}], "others"),
        )
    )
    sentinel.run_starts()
    others = received(sentinel)
    assert list(sentinel.send_batch([delivery, *others])) == others
    assert sentinel.state(fine.campaign.campaign_id) is CampaignState.SENT


def test_a_check_that_fails(sentinel: Sentinel) -> None:
    """Where only the check for `sent` fails the chunks are dealt with, the reconciler checks."""
    campaign_id = sentinel.create_started(3)
    able, sentinel.fan_out = sentinel.fan_out, UnreadableFanOut(sentinel.database)
    deliveries = received(sentinel)
    assert list(sentinel.send_batch(deliveries)) == deliveries
    assert sentinel.state(campaign_id) is CampaignState.SENDING
    sentinel.fan_out = able
    sentinel.pass_time(MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_message_of_nothing(sentinel: Sentinel) -> None:
    """A message that names no chunk is taken off the queue."""
    sentinel.queue.enqueue([ChunkRef(CampaignId("cmp_gone"), 0, 0)], Priority.NORMAL)
    deliveries = received(sentinel)
    assert list(sentinel.send_batch(deliveries)) == deliveries


def attempt_takes(sentinel: Sentinel) -> timedelta:
    """The least time in which an attempt is sure to be recorded."""
    return sentinel.mailer.timeout + sentinel.policy.record_reserve


def test_no_attempt_is_begun_that_might_not_be_recorded(sentinel: Sentinel) -> None:
    """With too little time left nobody is claimed; the chunks wait under messages of their own."""
    campaign_id = sentinel.create_started(120)
    deliveries = received(sentinel)
    too_little = attempt_takes(sentinel) - timedelta(milliseconds=1)

    assert list(sentinel.send_batch(deliveries, too_little)) == deliveries

    assert sentinel.mailed() == []
    assert all(chunk.lease is None for chunk in sentinel.stored_chunks())
    again = received(sentinel)
    assert [each.chunk for each in again] == [each.chunk for each in deliveries]
    assert list(sentinel.send_batch(again, attempt_takes(sentinel))) == again
    assert sorted(sentinel.mailed()) == addresses(120)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_time_that_ends_in_the_middle_of_a_chunk(sentinel: Sentinel) -> None:
    """Who has been mailed stays so; the rest of the chunk waits on the queue, pending."""
    sentinel.limiter = MemoryRateLimiter(20)
    campaign_id = sentinel.create_started(50)
    deliveries = received(sentinel)
    # The second place is a window away, and with the wait for it the time is over.
    enough_for_one = attempt_takes(sentinel) + timedelta(seconds=1)

    assert list(sentinel.send_batch(deliveries, enough_for_one)) == deliveries

    assert len(sentinel.mailed()) == 20
    states = Counter(sentinel.recipient_states().values())
    assert states == {RecipientState.SENT: 20, RecipientState.PENDING: 30}
    sentinel.clock.sleep(MINUTE)
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(50)
    assert sentinel.state(campaign_id) is CampaignState.SENT


class LateLimiter(MemoryRateLimiter):
    """The wait for the first place takes longer than it was to."""

    def __init__(self, sentinel: Sentinel) -> None:
        """Far from its limit."""
        super().__init__(1_000)
        self._clock = sentinel.clock

    def request(
        self, messages: int, now: datetime, patience: timedelta, priority: Priority
    ) -> Grant | timedelta:
        """Granted, a millisecond after the last that would have done."""
        grant = super().request(messages, now, patience, priority)
        self._clock.sleep(patience + timedelta(milliseconds=1))
        return grant


def test_a_wait_that_takes_longer_than_it_was_to(sentinel: Sentinel) -> None:
    """Who wakes too late for an attempt claims nobody; the chunk waits on the queue, due now."""
    sentinel.create_started(3)
    sentinel.limiter = LateLimiter(sentinel)
    deliveries = received(sentinel)

    assert list(sentinel.send_batch(deliveries, attempt_takes(sentinel))) == deliveries

    assert sentinel.mailed() == []
    (chunk,) = sentinel.stored_chunks()
    assert (chunk.lease, len(chunk.pending)) == (None, 3)
    assert [each.chunk for each in received(sentinel)] == [chunk.ref]


def test_a_store_that_is_slow_when_time_is_short(sentinel: Sentinel) -> None:
    """Held up between its place and the call, a worker makes no call it might not record."""
    sentinel.create_started(3)
    sentinel.chunks = SlowChunks(sentinel.database, sentinel.clock, TOLERANCE)
    deliveries = received(sentinel)
    short = sentinel.mailer.timeout + TOLERANCE
    sentinel.policy = replace(sentinel.policy, record_reserve=timedelta())

    assert list(sentinel.send_batch(deliveries, short)) == deliveries

    assert sentinel.mailed() == []
    assert set(sentinel.recipient_states().values()) == {RecipientState.PENDING}
