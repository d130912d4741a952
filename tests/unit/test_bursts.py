"""Many immediate campaigns at once: some start the direct way, all others are queued, all start."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.memory.admission import MemoryAdmissionControl
from adapters.memory.segments import MemorySegmentRepository
from domain.admission import StartLimit, StartLimits
from domain.campaign import CampaignState
from domain.errors import DependencyUnavailable, InvalidInput, Overloaded
from domain.identifiers import CampaignId
from domain.ports.start_queue import StartDelivery
from domain.start import Dispatch
from domain.use_cases.create_campaign import CampaignRequest, Created
from domain.use_cases.start_batch import TURN
from tests.unit.faults import RefusingInvoker
from tests.unit.sentinel import MINUTE, NOW, Sentinel, SettableClock, addresses

BURST = 4
LIMITS = StartLimits(account=StartLimit(2, burst=BURST), key=StartLimit(1, burst=3))


@pytest.fixture
def narrow(sentinel: Sentinel) -> Sentinel:
    """With a template, two people, and room for four direct starts at once."""
    sentinel.admission = MemoryAdmissionControl(LIMITS)
    sentinel.add_template()
    sentinel.add_segment([{"name": "Ann"}, {"name": "Bob"}])
    return sentinel


def request(sentinel: Sentinel) -> CampaignRequest:
    """One that starts at once."""
    (template,) = sentinel.database.templates
    (segment,) = sentinel.database.segments
    return CampaignRequest(name="News", template_id=template, segment_id=segment)


def burst(sentinel: Sentinel, count: int, key_id: str | None = None) -> Sequence[Created]:
    """So many at one moment."""
    return [sentinel.create_campaign(request(sentinel), key_id=key_id) for _ in range(count)]


def ways(created: Sequence[Created]) -> Counter[Dispatch | None]:
    """How many went which."""
    return Counter(each.start for each in created)


def test_a_lone_campaign_starts_the_direct_way(narrow: Sentinel) -> None:
    """It is invoked, and nothing is queued."""
    (created,) = burst(narrow, 1)

    assert (created.start, created.trigger_error) == (Dispatch.DIRECT, None)
    assert len(narrow.invoker.take_all()) == 1
    assert narrow.start_queue.receive(10, timedelta()) == []


def test_a_burst_spills_over_into_the_queue_and_all_are_sent_once(narrow: Sentinel) -> None:
    """As many are invoked as there is room for; each of all gets its mails once."""
    created = burst(narrow, 30)

    assert ways(created) == {Dispatch.DIRECT: BURST, Dispatch.QUEUED: 30 - BURST}
    narrow.run()
    assert {narrow.state(each.campaign.campaign_id) for each in created} == {CampaignState.SENT}
    assert Counter(narrow.mailed()) == dict.fromkeys(addresses(2), 30)


def test_what_a_key_does_leaves_room_to_the_others(narrow: Sentinel) -> None:
    """One key has its own bucket to spend."""
    assert ways(burst(narrow, 10, "key_1")) == {Dispatch.DIRECT: 3, Dispatch.QUEUED: 7}

    assert ways(burst(narrow, 10, "key_2")) == {Dispatch.DIRECT: 1, Dispatch.QUEUED: 9}


def test_there_is_room_again_when_time_has_passed(narrow: Sentinel) -> None:
    """Two a second."""
    burst(narrow, 10)
    narrow.clock.sleep(timedelta(seconds=1))

    assert ways(burst(narrow, 10)) == {Dispatch.DIRECT: 2, Dispatch.QUEUED: 8}


def test_what_is_refused_is_not_created(narrow: Sentinel) -> None:
    """Whoever does not want to be queued is told when to come again, and then gets in."""
    only = replace(request(narrow), immediate_only=True)
    for _ in range(BURST):
        assert narrow.create_campaign(only).start is Dispatch.DIRECT

    with pytest.raises(Overloaded) as refused:
        narrow.create_campaign(only)

    assert refused.value.wait == timedelta(seconds=0.5)
    assert len(narrow.database.campaigns) == BURST
    assert len(narrow.metrics.of("start_refused")) == 1
    narrow.clock.sleep(refused.value.wait)
    assert narrow.create_campaign(only).start is Dispatch.DIRECT


@pytest.mark.parametrize(
    ("schedule_at", "needs_approval", "remedy"),
    [
        (NOW + 10 * MINUTE, False, "leave immediate_only out, or start it now."),
        # To give it no time changes nothing: it awaits approval all the same.
        (None, True, "leave immediate_only out."),
    ],
)
def test_what_is_to_wait_cannot_be_immediate_only(
    narrow: Sentinel, schedule_at: datetime | None, remedy: str, *, needs_approval: bool
) -> None:
    """It contradicts itself: the field is named, with the remedy, and nothing is created."""
    with pytest.raises(InvalidInput, match=f"^immediate_only: .*: {re.escape(remedy)}$"):
        narrow.create_campaign(
            replace(
                request(narrow),
                immediate_only=True,
                schedule_at=None if schedule_at is None else schedule_at.isoformat(),
                needs_approval=needs_approval,
            )
        )

    assert not narrow.database.campaigns


def test_a_scheduled_campaign_takes_no_room(narrow: Sentinel) -> None:
    """Nor does one that is not created."""
    later = replace(request(narrow), schedule_at=(NOW + 10 * MINUTE).isoformat())
    for _ in range(20):
        assert narrow.create_campaign(later).start is None
        with pytest.raises(InvalidInput):
            narrow.create_campaign(replace(request(narrow), name=""))

    assert ways(burst(narrow, BURST)) == {Dispatch.DIRECT: BURST}


class UnreadableAdmission:
    """Nobody answers."""

    def admit(self, key_id: str | None, now: datetime) -> timedelta | None:
        """Raises DependencyUnavailable."""
        raise DependencyUnavailable(f"nobody tells of {key_id} at {now}")


def test_a_fault_of_admission_control_holds_nobody_up(narrow: Sentinel) -> None:
    """Campaigns are queued; one that may not be queued goes the direct way."""
    narrow.admission = UnreadableAdmission()

    assert ways(burst(narrow, 3)) == {Dispatch.QUEUED: 3}
    only = narrow.create_campaign(replace(request(narrow), immediate_only=True))
    assert only.start is Dispatch.DIRECT
    narrow.run()
    assert Counter(narrow.mailed()) == dict.fromkeys(addresses(2), 4)


def test_what_cannot_be_invoked_is_queued(narrow: Sentinel) -> None:
    """It does not wait for the reconciler, and the answer says which way it went."""
    able, narrow.invoker = narrow.invoker, RefusingInvoker()

    (created,) = burst(narrow, 1)

    assert (created.start, created.trigger_error) == (Dispatch.QUEUED, None)
    narrow.invoker = able
    narrow.run()
    assert sorted(narrow.mailed()) == addresses(2)
    assert [each.values for each in narrow.metrics.of("start_dispatched")] == [
        {"way": Dispatch.QUEUED}
    ]


def test_a_resumed_campaign_meets_the_same_limits(narrow: Sentinel) -> None:
    """A burst of resumptions is a burst of starts."""
    (created,) = burst(narrow, 1)
    narrow.run()
    narrow.admission = MemoryAdmissionControl(LIMITS)
    waiting = [each.campaign.campaign_id for each in burst(narrow, BURST)]
    for campaign_id in waiting:
        narrow.pause(campaign_id)

    assert narrow.resume_campaign(waiting[0]).start is Dispatch.QUEUED
    narrow.run()
    assert narrow.state(waiting[0]) is CampaignState.SENT
    assert narrow.state(created.campaign.campaign_id) is CampaignState.SENT


def test_late_starts_are_queued_by_the_reconciler(narrow: Sentinel) -> None:
    """However many there are, they are no burst of invocations."""
    burst(narrow, 30)
    narrow.take_starts()
    narrow.clock.sleep(MINUTE)

    narrow.reconcile()

    assert narrow.invoker.take_all() == []
    narrow.run()
    assert Counter(narrow.mailed()) == dict.fromkeys(addresses(2), 30)


def test_a_start_that_waits_on_the_queue_is_queued_again_ever_later(narrow: Sentinel) -> None:
    """What waits there for a quarter of an hour is five messages, not fifteen."""
    burst(narrow, 1)
    narrow.take_starts()
    queued = []
    for minute in range(1, 16):
        narrow.clock.sleep(MINUTE)
        narrow.reconcile()
        if narrow.take_starts():
            queued.append(minute)

    assert queued == [1, 2, 4, 8, 12]


def delivered(sentinel: Sentinel) -> Sequence[StartDelivery]:
    """A batch of what is queued."""
    return sentinel.start_queue.receive(10, timedelta())


def queued(sentinel: Sentinel, count: int) -> list[CampaignId]:
    """So many campaigns whose starts are on the queue."""
    sentinel.admission = UnreadableAdmission()
    return [each.campaign.campaign_id for each in burst(sentinel, count)]


def test_one_that_fails_keeps_none_of_its_neighbours(narrow: Sentinel) -> None:
    """It stays on the queue and comes again; the others are started, and do not."""
    first, broken, last = queued(narrow, 3)
    campaign = narrow.database.campaigns.pop(broken)
    narrow.database.campaigns[broken] = "damaged"  # type: ignore[assignment]  # as a bad disk does

    deliveries = delivered(narrow)
    done = narrow.start_batch(deliveries)

    assert [each.request.campaign_id for each in done] == [first, last]
    narrow.start_queue.acknowledge(done)
    narrow.database.campaigns[broken] = campaign
    narrow.clock.sleep(timedelta(hours=1))
    assert [each.request.campaign_id for each in delivered(narrow)] == [broken]


def test_what_there_is_no_time_for_goes_back_to_the_queue(narrow: Sentinel) -> None:
    """At once, under a message of its own: it need not wait until it is seen again."""
    first, *others = queued(narrow, 4)
    deliveries = delivered(narrow)

    done = narrow.start_batch(deliveries, timedelta())

    assert list(done) == list(deliveries)
    assert narrow.campaign(first).started_at is not None
    narrow.start_queue.acknowledge(done)
    again = [each.request.campaign_id for each in delivered(narrow)]
    assert again == others


class SlowSegments(MemorySegmentRepository):
    """A page of members takes longer than a turn."""

    clock: SettableClock

    def members(self, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401  as it is
        """The page, in the end."""
        self.clock.sleep(TURN)
        return super().members(*arguments, **keywords)


def test_a_large_campaign_does_not_hold_the_others_of_its_batch_up(narrow: Sentinel) -> None:
    """When its turn is over it goes on in an invocation of its own."""
    large, small = queued(narrow, 2)
    slow = SlowSegments(narrow.database)
    slow.clock = narrow.clock
    deliveries = delivered(narrow)
    narrow.segments = slow
    narrow.chunks_a_step = narrow.chunk_size = 1
    before = narrow.clock.now()

    narrow.start_queue.acknowledge(narrow.start_batch(deliveries, timedelta(minutes=5)))

    assert narrow.clock.now() - before <= 3 * TURN
    assert [each.campaign_id for each in narrow.invoker.take_all()] == [large, small]
    narrow.segments = MemorySegmentRepository(narrow.database)
    narrow.pass_time(10 * MINUTE)
    assert Counter(narrow.mailed()) == dict.fromkeys(addresses(2), 2)
