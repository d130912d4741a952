"""The contract of `domain.ports.start_queue`."""

import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest

from domain.identifiers import CampaignId
from domain.ports.start_queue import StartDelivery, StartQueue
from domain.start import StartRequest, Trigger
from tests.contracts.eventually import eventually
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race

NOW = timedelta()
SECOND = timedelta(seconds=1)
LONG = timedelta(minutes=6)


def ids(count: int) -> list[CampaignId]:
    """So many campaigns, in order."""
    return [CampaignId(f"cmp_{number:02d}") for number in range(count)]


def drained(queue: StartQueue) -> list[StartDelivery]:
    """Every message that can be seen now, none acknowledged."""
    found: list[StartDelivery] = []
    while deliveries := queue.receive(10, NOW):
        found += deliveries
    return found


def named(deliveries: Sequence[StartDelivery]) -> list[CampaignId]:
    """What they name, in order: a queue has none."""
    return sorted(delivery.request.campaign_id for delivery in deliveries)


@pytest.fixture
def queue(family: Family) -> StartQueue:
    """A queue whose messages stay hidden for longer than any test."""
    return family.make_start_queue(visibility_timeout=LONG, max_receives=5).queue


def test_a_campaign_that_is_put_there_is_received(queue: StartQueue) -> None:
    """Under its id, as one that the queue starts."""
    queue.put(CampaignId("cmp_1"))

    (delivery,) = drained(queue)

    assert delivery.request == StartRequest(CampaignId("cmp_1"), Trigger.QUEUE)


def test_all_are_received_and_no_more_at_once_than_asked_for(queue: StartQueue) -> None:
    """The others wait."""
    for campaign_id in ids(12):
        queue.put(campaign_id)

    some = queue.receive(3, NOW)

    assert 0 < len(some) <= 3
    assert named([*some, *drained(queue)]) == ids(12)


def test_nothing_is_received_of_an_empty_queue(queue: StartQueue) -> None:
    """Nor is it a fault."""
    assert list(queue.receive(10, NOW)) == []


def test_a_campaign_that_was_received_can_be_put_there_again(queue: StartQueue) -> None:
    """Whoever has it may have read the records before they were as they are now."""
    queue.put(CampaignId("cmp_1"))
    first = drained(queue)

    queue.put(CampaignId("cmp_1"))

    assert named(first) == named(drained(queue)) == ["cmp_1"]


def test_receivers_share_the_messages(queue: StartQueue) -> None:
    """Threads that receive at once get different ones."""
    for campaign_id in ids(20):
        queue.put(campaign_id)

    results = race(lambda _: drained(queue), range(THREADS))

    found = [each for result in results if not isinstance(result, Exception) for each in result]
    assert named(found) == ids(20)


def test_a_message_not_acknowledged_comes_again(family: Family) -> None:
    """After the visibility timeout, with another receipt."""
    queue = family.make_start_queue(visibility_timeout=SECOND, max_receives=5).queue
    queue.put(CampaignId("cmp_1"))
    begun = time.monotonic()
    (first,) = queue.receive(10, NOW)
    early = queue.receive(10, NOW)
    assert not early or timedelta(seconds=time.monotonic() - begun) >= SECOND

    family.elapse(SECOND)
    (second,) = early or eventually(lambda: queue.receive(10, NOW))

    assert second.request == first.request
    assert second.receipt != first.receipt


def test_an_acknowledged_message_does_not_come_again(family: Family) -> None:
    """The others do."""
    queue = family.make_start_queue(visibility_timeout=NOW, max_receives=5).queue
    for campaign_id in ids(3):
        queue.put(campaign_id)
    received = queue.receive(10, NOW)
    assert named(received) == ids(3)

    queue.acknowledge([each for each in received if each.request.campaign_id != "cmp_01"])

    assert named(queue.receive(10, NOW)) == ["cmp_01"]


def test_acknowledging_nothing_or_twice_is_no_fault(queue: StartQueue) -> None:
    """It is dealt with already."""
    queue.acknowledge([])
    queue.put(CampaignId("cmp_1"))
    deliveries = drained(queue)

    queue.acknowledge(deliveries)
    queue.acknowledge(deliveries)

    assert drained(queue) == []


def test_one_that_came_too_often_goes_to_the_dead_letters(family: Family) -> None:
    """After so many receives it comes no more; others are not concerned."""
    under_test = family.make_start_queue(visibility_timeout=NOW, max_receives=3)
    queue = under_test.queue
    queue.put(CampaignId("cmp_00"))

    for _ in range(3):
        assert named(queue.receive(10, NOW)) == ["cmp_00"]
        assert list(under_test.dead_letters()) == []
    queue.put(CampaignId("cmp_01"))

    assert named(queue.receive(10, NOW)) == ["cmp_01"]
    assert [each.campaign_id for each in eventually(under_test.dead_letters)] == ["cmp_00"]


def test_waiting_ends_with_the_first_message(queue: StartQueue) -> None:
    """One that arrives meanwhile is returned before the wait is over."""
    wait = timedelta(seconds=20)
    waiting = threading.Event()
    found: list[StartDelivery] = []

    def receive() -> None:
        waiting.set()
        found.extend(queue.receive(10, wait))

    receiver = threading.Thread(target=receive)
    begun = time.monotonic()
    receiver.start()
    waiting.wait()
    queue.put(CampaignId("cmp_1"))
    receiver.join()

    assert named(found) == ["cmp_1"]
    assert time.monotonic() - begun < wait.total_seconds()
