"""The contract of `domain.ports.provider_events`."""

import time
from collections.abc import Collection
from datetime import timedelta

import pytest

from domain.chunk import ChunkRef
from domain.ports.provider_events import EventDelivery, ProviderEventQueue
from domain.provider_event import ProviderEvent, ProviderEventKind
from tests.contracts.eventually import eventually
from tests.contracts.examples import CAMPAIGN_ID
from tests.contracts.family import Family, ProviderEventsUnderTest
from tests.contracts.settable_clock import START

NOW = timedelta()


@pytest.fixture
def under_test(family: Family) -> ProviderEventsUnderTest:
    """Nothing is told yet."""
    return family.make_provider_events()


@pytest.fixture
def queue(under_test: ProviderEventsUnderTest) -> ProviderEventQueue:
    """The same."""
    return under_test.queue


def event(
    position: int = 0, kind: ProviderEventKind = ProviderEventKind.COMPLAINT
) -> ProviderEvent:
    """About a recipient of some chunk."""
    return ProviderEvent(
        kind=kind,
        chunk=ChunkRef(CAMPAIGN_ID, 12, 345_678),
        position=position,
        message_id="m-1",
        at=START + timedelta(milliseconds=7),
        addresses=("ann@example.com",),
    )


def received(queue: ProviderEventQueue, count: int) -> Collection[EventDelivery]:
    """So many different messages, none acknowledged."""
    found: dict[tuple[ProviderEvent, ...], EventDelivery] = {}

    def all_of_them() -> bool:
        found.update({each.events: each for each in queue.receive(10, NOW)})
        return len(found) == count

    eventually(all_of_them)
    return found.values()


@pytest.mark.parametrize("kind", ProviderEventKind)
def test_what_is_told_is_received(
    under_test: ProviderEventsUnderTest, kind: ProviderEventKind
) -> None:
    """All of it: what happened, to whom, when, and of which mail."""
    under_test.tell(event(kind=kind))

    (delivery,) = received(under_test.queue, 1)

    assert delivery.events == (event(kind=kind),)


def test_what_is_told_of_others_is_a_message_without_events(
    under_test: ProviderEventsUnderTest,
) -> None:
    """It can be acknowledged, and stands in nobody's way."""
    under_test.tell(None)
    under_test.tell(event())

    deliveries = received(under_test.queue, 2)
    assert {delivery.events for delivery in deliveries} == {(), (event(),)}

    under_test.queue.acknowledge(deliveries)
    assert list(under_test.queue.receive(10, NOW)) == []


def test_what_is_not_acknowledged_comes_again(under_test: ProviderEventsUnderTest) -> None:
    """And only that."""
    for position in range(3):
        under_test.tell(event(position))
    deliveries = received(under_test.queue, 3)

    under_test.queue.acknowledge([each for each in deliveries if each.events != (event(1),)])

    assert [each.events for each in received(under_test.queue, 1)] == [(event(1),)]


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_come_than_asked_for(under_test: ProviderEventsUnderTest, limit: int) -> None:
    """The others wait."""
    for position in range(5):
        under_test.tell(event(position))
    received(under_test.queue, 5)

    assert 0 < len(under_test.queue.receive(limit, NOW)) <= limit


def test_nothing_told_is_nothing_received(queue: ProviderEventQueue) -> None:
    """When the wait is over; to acknowledge nothing is no fault."""
    begun = time.monotonic()

    assert list(queue.receive(10, timedelta(milliseconds=100))) == []

    assert 0.09 <= time.monotonic() - begun < 15
    queue.acknowledge([])
