"""The contract of `domain.ports.queue`."""

import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest

from domain.chunk import ChunkRef
from domain.identifiers import CampaignId
from domain.ports.queue import Delivery, SendQueue
from domain.priority import Priority
from tests.contracts.eventually import eventually
from tests.contracts.examples import CAMPAIGN_ID
from tests.contracts.family import Family, QueueUnderTest
from tests.contracts.races import THREADS, race

NOW = timedelta()
SECOND = timedelta(seconds=1)
LONG = timedelta(minutes=6)


def refs(count: int) -> list[ChunkRef]:
    """Chunks of two ranges."""
    return [ChunkRef(CAMPAIGN_ID, number % 2, number) for number in range(count)]


def in_order(chunks: Sequence[ChunkRef]) -> list[ChunkRef]:
    """A queue has no order: by number, for comparing."""
    return sorted(chunks, key=lambda ref: ref.number)


def drained(queue: SendQueue, priority: Priority = Priority.NORMAL) -> list[Delivery]:
    """Every message that can be seen now, none acknowledged."""
    found: list[Delivery] = []
    while deliveries := queue.receive(10, NOW, priority):
        found += deliveries
    return found


def chunks_of(deliveries: Sequence[Delivery]) -> list[ChunkRef]:
    """What they name, by number."""
    return in_order([delivery.chunk for delivery in deliveries])


@pytest.fixture
def under_test(family: Family) -> QueueUnderTest:
    """A queue whose messages stay hidden for longer than any test."""
    return family.make_queue(visibility_timeout=LONG, max_receives=5)


@pytest.fixture
def queue(under_test: QueueUnderTest) -> SendQueue:
    """The same."""
    return under_test.queue


@pytest.mark.parametrize("count", [1, 10, 25])
def test_a_message_for_each_chunk_is_received(queue: SendQueue, count: int) -> None:
    """However many there are; full success is an empty answer."""
    assert list(queue.enqueue(refs(count), Priority.NORMAL)) == []

    assert chunks_of(drained(queue)) == refs(count)


def test_a_message_names_its_chunk_exactly(queue: SendQueue) -> None:
    """Campaign, range and number."""
    ref = ChunkRef(CampaignId("cmp_other"), 1234, 123456)
    queue.enqueue([ref], Priority.NORMAL)

    (delivery,) = drained(queue)

    assert delivery.chunk == ref


def test_nothing_enqueued_is_nothing_received(queue: SendQueue) -> None:
    """An empty batch is no request to fail."""
    assert list(queue.enqueue([], Priority.NORMAL)) == []

    assert list(queue.receive(10, NOW, Priority.NORMAL)) == []


def test_the_same_chunk_twice_is_two_messages(queue: SendQueue) -> None:
    """The worker's claim decides, not the queue."""
    queue.enqueue([refs(1)[0], refs(1)[0]], Priority.NORMAL)

    assert chunks_of(drained(queue)) == refs(1) * 2


@pytest.mark.parametrize("limit", [1, 3, 10])
def test_no_more_come_than_asked_for(queue: SendQueue, limit: int) -> None:
    """The others wait."""
    queue.enqueue(refs(12), Priority.NORMAL)

    assert 0 < len(queue.receive(limit, NOW, Priority.NORMAL)) <= limit


def test_a_received_message_is_hidden(queue: SendQueue) -> None:
    """From everybody, until its time is up."""
    queue.enqueue(refs(3), Priority.NORMAL)

    assert len(drained(queue)) == 3
    assert drained(queue) == []


def test_receivers_share_the_messages(queue: SendQueue) -> None:
    """Threads that receive at once get different ones."""
    queue.enqueue(refs(20), Priority.NORMAL)

    results = race(lambda _: drained(queue), range(THREADS))

    found = [each for result in results if not isinstance(result, Exception) for each in result]
    assert chunks_of(found) == refs(20)


def test_a_message_not_acknowledged_comes_again(family: Family) -> None:
    """After the visibility timeout, with another receipt."""
    queue = family.make_queue(visibility_timeout=SECOND, max_receives=5).queue
    queue.enqueue(refs(1), Priority.NORMAL)
    (first,) = queue.receive(10, NOW, Priority.NORMAL)

    family.elapse(SECOND)
    (second,) = eventually(lambda: queue.receive(10, NOW, Priority.NORMAL))

    assert second.chunk == first.chunk
    assert second.receipt != first.receipt


@pytest.mark.parametrize("count", [1, 10, 25])
def test_an_acknowledged_message_does_not_come_again(family: Family, count: int) -> None:
    """All of them, however many are acknowledged together."""
    queue = family.make_queue(visibility_timeout=NOW, max_receives=1000).queue
    queue.enqueue(refs(count), Priority.NORMAL)
    received: dict[ChunkRef, Delivery] = {}
    while len(received) < count:
        received |= {
            delivery.chunk: delivery for delivery in queue.receive(10, NOW, Priority.NORMAL)
        }
        queue.acknowledge(received.values())

    assert list(queue.receive(10, NOW, Priority.NORMAL)) == []


def test_acknowledging_one_leaves_the_others(family: Family) -> None:
    """They come again."""
    queue = family.make_queue(visibility_timeout=NOW, max_receives=5).queue
    queue.enqueue(refs(3), Priority.NORMAL)
    deliveries = queue.receive(10, NOW, Priority.NORMAL)

    queue.acknowledge([each for each in deliveries if each.chunk == refs(3)[1]])

    assert chunks_of(queue.receive(10, NOW, Priority.NORMAL)) == [refs(3)[0], refs(3)[2]]


def test_acknowledging_nothing_is_no_fault(queue: SendQueue) -> None:
    """An empty batch is no request to fail."""
    queue.acknowledge([])


def test_acknowledging_twice_is_no_fault(queue: SendQueue) -> None:
    """It is dealt with already."""
    queue.enqueue(refs(1), Priority.NORMAL)
    deliveries = drained(queue)

    queue.acknowledge(deliveries)
    queue.acknowledge(deliveries)

    assert drained(queue) == []


def test_a_receipt_of_an_earlier_receive_removes_nothing(family: Family) -> None:
    """A worker that was overtaken does not take the message from who has it now."""
    queue = family.make_queue(visibility_timeout=NOW, max_receives=5).queue
    queue.enqueue(refs(1), Priority.NORMAL)
    stale = queue.receive(10, NOW, Priority.NORMAL)
    current = queue.receive(10, NOW, Priority.NORMAL)

    queue.acknowledge(stale)
    assert chunks_of(queue.receive(10, NOW, Priority.NORMAL)) == refs(1)

    queue.acknowledge(current)  # stale by now, too
    again = queue.receive(10, NOW, Priority.NORMAL)
    queue.acknowledge(again)
    assert list(queue.receive(10, NOW, Priority.NORMAL)) == []


def test_a_receipt_of_a_message_that_is_gone_removes_no_later_one(family: Family) -> None:
    """Not of the same place in the queue, either."""
    queue = family.make_queue(visibility_timeout=NOW, max_receives=5).queue
    first, later = refs(2)
    queue.enqueue([first], Priority.NORMAL)
    stale = queue.receive(10, NOW, Priority.NORMAL)
    queue.acknowledge(stale)
    queue.enqueue([later], Priority.NORMAL)
    assert chunks_of(queue.receive(10, NOW, Priority.NORMAL)) == [later]

    queue.acknowledge(stale)

    assert chunks_of(queue.receive(10, NOW, Priority.NORMAL)) == [later]


@pytest.mark.parametrize("delay", [SECOND, timedelta(milliseconds=700)])
def test_a_delayed_message_is_seen_after_its_delay(family: Family, delay: timedelta) -> None:
    """Not before; one without delay overtakes it."""
    queue = family.make_queue(visibility_timeout=LONG, max_receives=5).queue
    delayed, prompt = refs(2)
    begun = time.monotonic()

    queue.enqueue([delayed], Priority.NORMAL, delay)
    queue.enqueue([prompt], Priority.NORMAL)
    early = drained(queue)
    took = timedelta(seconds=time.monotonic() - begun)

    assert chunks_of(early) == [prompt] or took >= delay
    family.elapse(delay)
    found = list(early)

    def both() -> bool:
        found.extend(queue.receive(10, NOW, Priority.NORMAL))
        return len(found) == 2

    eventually(both)
    assert chunks_of(found) == [delayed, prompt]


def test_the_longest_delay_is_taken(queue: SendQueue) -> None:
    """Fifteen minutes."""
    assert list(queue.enqueue(refs(1), Priority.NORMAL, timedelta(minutes=15))) == []

    assert drained(queue) == []


def test_one_that_came_too_often_goes_to_the_dead_letters(family: Family) -> None:
    """After so many receives it comes no more; others are not concerned."""
    under_test = family.make_queue(visibility_timeout=NOW, max_receives=3)
    queue = under_test.queue
    queue.enqueue(refs(1), Priority.NORMAL)

    for _ in range(3):
        assert chunks_of(queue.receive(10, NOW, Priority.NORMAL)) == refs(1)
        assert under_test.dead_letters() == ()
    queue.enqueue(refs(2)[1:], Priority.NORMAL)

    assert chunks_of(queue.receive(10, NOW, Priority.NORMAL)) == refs(2)[1:]
    assert list(eventually(under_test.dead_letters)) == refs(1)


# Priorities.


@pytest.mark.parametrize("priority", Priority)
def test_each_priority_has_a_queue_of_its_own(queue: SendQueue, priority: Priority) -> None:
    """However much waits on another, what is put on it is seen at once, and only there."""
    others = [each for each in Priority if each is not priority]
    for other in others:
        queue.enqueue(refs(25), other)
    ref = ChunkRef(CampaignId("cmp_other"), 0, 0)
    queue.enqueue([ref], priority)

    (delivery,) = queue.receive(10, NOW, priority)
    assert (delivery.chunk, delivery.priority) == (ref, priority)
    for other in others:
        assert chunks_of(drained(queue, other)) == refs(25)


def test_messages_of_several_priorities_are_acknowledged_together(family: Family) -> None:
    """Each on its own queue."""
    queue = family.make_queue(visibility_timeout=NOW, max_receives=5).queue
    for priority in Priority:
        queue.enqueue(refs(1), priority)

    queue.acknowledge([each for lane in Priority for each in queue.receive(10, NOW, lane)])

    assert [list(queue.receive(10, NOW, priority)) for priority in Priority] == [[], []]


@pytest.mark.parametrize("priority", Priority)
def test_one_that_came_too_often_is_given_up_whatever_its_priority(
    family: Family, priority: Priority
) -> None:
    """As any other."""
    under_test = family.make_queue(visibility_timeout=NOW, max_receives=1)
    under_test.queue.enqueue(refs(1), priority)
    assert chunks_of(under_test.queue.receive(10, NOW, priority)) == refs(1)

    assert list(under_test.queue.receive(10, NOW, priority)) == []
    assert list(eventually(under_test.dead_letters)) == refs(1)


def test_waiting_ends_without_a_message(queue: SendQueue) -> None:
    """Nothing came: nothing is returned, about when the wait is over."""
    begun = time.monotonic()

    assert list(queue.receive(10, timedelta(milliseconds=100), Priority.NORMAL)) == []

    assert 0.09 <= time.monotonic() - begun < 15


def test_waiting_ends_with_the_first_message(queue: SendQueue) -> None:
    """One that arrives meanwhile is returned before the wait is over."""
    wait = timedelta(seconds=20)
    waiting = threading.Event()
    found: list[Delivery] = []

    def receive() -> None:
        waiting.set()
        found.extend(queue.receive(10, wait, Priority.NORMAL))

    receiver = threading.Thread(target=receive)
    begun = time.monotonic()
    receiver.start()
    waiting.wait()
    queue.enqueue(refs(1), Priority.NORMAL)
    receiver.join()

    assert chunks_of(found) == refs(1)
    assert time.monotonic() - begun < wait.total_seconds()
