"""Pausing, resuming and cancelling: at any moment, nobody is lost and nobody mailed twice."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.memory.rate_limiter import MemoryRateLimiter
from domain.campaign import CampaignState, PauseReason
from domain.errors import IllegalTransition, NotFound
from domain.identifiers import CampaignId
from domain.path_policy import ExecutionPath
from domain.ports.queue import Delivery
from domain.priority import Priority
from domain.recipient import RecipientState
from domain.tally import Tally
from domain.use_cases.cancel_campaign import CancelCampaign
from domain.use_cases.pause_campaign import PauseCampaign
from domain.use_cases.resume_campaign import ResumeCampaign
from tests.unit.faults import (
    InterruptedFanOut,
    InterruptedMailer,
    InterruptedQueue,
    RefusingInvoker,
    RefusingScheduler,
    RefusingStartQueue,
)
from tests.unit.sentinel import MINUTE, NOW, Sentinel, addresses

HOUR = timedelta(hours=1)
PEOPLE = 520
"""More than one step of a fan-out."""


def pause(sentinel: Sentinel) -> PauseCampaign:
    """The use case."""
    return PauseCampaign(
        campaigns=sentinel.campaigns, scheduler=sentinel.scheduler, clock=sentinel.clock
    )


def cancel(sentinel: Sentinel) -> CancelCampaign:
    """The use case."""
    return CancelCampaign(
        campaigns=sentinel.campaigns, scheduler=sentinel.scheduler, clock=sentinel.clock
    )


def resume(sentinel: Sentinel) -> ResumeCampaign:
    """The use case."""
    return sentinel.resume_campaign


def stop(sentinel: Sentinel, campaign_id: CampaignId) -> None:
    """Somebody pauses it."""
    pause(sentinel)(campaign_id)


def send_one_chunk(sentinel: Sentinel) -> None:
    """A worker takes one message, and deals with it."""
    deliveries = sentinel.queue.receive(1, timedelta(), Priority.NORMAL)
    sentinel.queue.acknowledge(sentinel.send_batch(deliveries))


def test_paused_in_the_middle_and_resumed(sentinel: Sentinel) -> None:
    """Who had a mail keeps it, and the others get theirs."""
    campaign_id = sentinel.create_started(PEOPLE)
    send_one_chunk(sentinel)

    paused = pause(sentinel)(campaign_id)
    sentinel.run()

    assert (paused.state, paused.pause_reason) == (CampaignState.PAUSED, PauseReason.OPERATOR)
    assert len(sentinel.mailed()) == 50
    resumed = resume(sentinel)(campaign_id)
    assert (resumed.campaign.state, resumed.trigger_error) == (CampaignState.SENDING, None)
    assert resumed.campaign.pause_reason is None
    sentinel.run()
    assert sorted(sentinel.mailed()) == addresses(PEOPLE)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_paused_again_and_again(sentinel: Sentinel) -> None:
    """Before, in and after its fan-out, and between chunks."""
    campaign_id = sentinel.create(PEOPLE)
    for _ in range(5):
        pause(sentinel)(campaign_id)
        sentinel.run()
        resume(sentinel)(campaign_id)
        sentinel.run_starts()
        send_one_chunk(sentinel)
    sentinel.run()

    assert sorted(sentinel.mailed()) == addresses(PEOPLE)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_paused_before_its_start(sentinel: Sentinel) -> None:
    """An immediate one, whose invocation comes into the pause."""
    campaign_id = sentinel.create(PEOPLE)
    pause(sentinel)(campaign_id)
    sentinel.run()
    assert sentinel.mailed() == []

    sentinel.clock.sleep(sentinel.policy.max_lateness + HOUR)
    resume(sentinel)(campaign_id)
    sentinel.run()

    assert sorted(sentinel.mailed()) == addresses(PEOPLE)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_scheduled_one_is_paused_and_waits_again(sentinel: Sentinel) -> None:
    """Its schedule goes and comes back; it starts at its time, once."""
    schedule_at = NOW + 2 * HOUR
    campaign_id = sentinel.create(3, schedule_at=schedule_at)
    first = sentinel.scheduler.get(campaign_id)
    pause(sentinel)(campaign_id)
    assert sentinel.scheduler.get(campaign_id) is None

    sentinel.clock.sleep(HOUR)
    resumed = resume(sentinel)(campaign_id).campaign

    assert (resumed.state, resumed.execution_path, resumed.schedule_at) == (
        CampaignState.SCHEDULED,
        ExecutionPath.SCHEDULED,
        schedule_at,
    )
    again = sentinel.scheduler.get(campaign_id)
    assert first is not None
    assert again is not None
    assert (again.at, again.version) == (schedule_at, first.version + 1)
    sentinel.pass_time(HOUR + MINUTE)
    assert sorted(sentinel.mailed()) == addresses(3)


def test_a_scheduled_one_whose_time_passed_in_the_pause(sentinel: Sentinel) -> None:
    """It is wanted from when it is resumed: it goes out at once, and does not expire."""
    campaign_id = sentinel.create(3, schedule_at=NOW + HOUR)
    pause(sentinel)(campaign_id)
    sentinel.clock.sleep(sentinel.policy.max_lateness + 2 * HOUR)
    sentinel.run()
    assert sentinel.mailed() == []

    resumed = resume(sentinel)(campaign_id).campaign

    assert (resumed.state, resumed.execution_path) == (
        CampaignState.SENDING,
        ExecutionPath.IMMEDIATE,
    )
    assert resumed.schedule_at == sentinel.clock.now()
    sentinel.run()
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT


@pytest.mark.parametrize("schedule_at", [None, NOW + 2 * HOUR])
def test_a_trigger_that_fails_when_it_is_resumed(
    sentinel: Sentinel, schedule_at: datetime | None
) -> None:
    """The answer says so, and the reconciler goes on."""
    campaign_id = sentinel.create(3, schedule_at=schedule_at)
    pause(sentinel)(campaign_id)
    invoker, scheduler = sentinel.invoker, sentinel.scheduler
    sentinel.invoker = RefusingInvoker()
    queue, sentinel.start_queue = sentinel.start_queue, RefusingStartQueue(sentinel.clock)
    sentinel.scheduler = RefusingScheduler(sentinel.clock, sentinel.invoker)

    resumed = resume(sentinel)(campaign_id)

    assert resumed.trigger_error is not None
    sentinel.invoker, sentinel.scheduler = invoker, scheduler
    sentinel.start_queue = queue
    sentinel.pass_time(3 * HOUR)
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_cancelled_in_the_middle(sentinel: Sentinel) -> None:
    """Who has no mail gets none, and everybody is counted."""
    campaign_id = sentinel.create_started(PEOPLE)
    send_one_chunk(sentinel)

    cancelled = cancel(sentinel)(campaign_id)
    sentinel.run()

    assert (cancelled.state, cancelled.ended_at) == (CampaignState.CANCELLED, NOW)
    assert len(sentinel.mailed()) == 50
    assert Counter(sentinel.recipient_states().values()) == {
        RecipientState.SENT: 50,
        RecipientState.SKIPPED: PEOPLE - 50,
    }
    assert sentinel.tally(campaign_id) == Tally(sent=50, skipped=PEOPLE - 50, finished_chunks=11)


def test_cancelled_out_of_a_pause(sentinel: Sentinel) -> None:
    """The messages of its chunks are long gone: the reconciler finds them."""
    campaign_id = sentinel.create_started(PEOPLE)
    pause(sentinel)(campaign_id)
    sentinel.run_workers()

    cancel(sentinel)(campaign_id)
    sentinel.pass_time(20 * MINUTE)

    assert sentinel.mailed() == []
    assert set(sentinel.recipient_states().values()) == {RecipientState.SKIPPED}


def test_a_scheduled_one_is_cancelled(sentinel: Sentinel) -> None:
    """Its schedule goes with it."""
    campaign_id = sentinel.create(3, schedule_at=NOW + HOUR)

    cancel(sentinel)(campaign_id)
    sentinel.pass_time(2 * HOUR)

    assert sentinel.scheduler.get(campaign_id) is None
    assert sentinel.mailed() == []
    assert sentinel.state(campaign_id) is CampaignState.CANCELLED


def test_what_the_state_does_not_allow(sentinel: Sentinel) -> None:
    """It is refused, and nothing is changed."""
    campaign_id = sentinel.create(1)
    with pytest.raises(IllegalTransition):
        resume(sentinel)(campaign_id)
    sentinel.run()
    sent = sentinel.campaign(campaign_id)
    for change in (pause(sentinel), resume(sentinel), cancel(sentinel)):
        with pytest.raises(IllegalTransition):
            change(campaign_id)
        with pytest.raises(NotFound):
            change(CampaignId("cmp_gone"))

    assert sentinel.campaign(campaign_id) == sent


def test_cancelled_it_is_no_more_paused(sentinel: Sentinel) -> None:
    """Neither the reason for a pause nor its end is told of a campaign that has ended."""
    campaign_id = sentinel.create_started(3)
    paused = sentinel.campaign(campaign_id).pause(NOW, PauseReason.QUOTA, NOW + HOUR)
    sentinel.campaigns.save(paused)
    cancelled = cancel(sentinel)(campaign_id)
    assert (cancelled.pause_reason, cancelled.resume_at) == (None, None)


def test_a_large_campaign_is_resumed_bit_by_bit(sentinel: Sentinel) -> None:
    """However long it takes to put all of it on the queue, each chunk is put there once."""
    sentinel.chunk_size = 1
    chunks = 1_200
    campaign_id = sentinel.create_started(chunks)
    pause(sentinel)(campaign_id)
    sentinel.run_workers()
    resume(sentinel)(campaign_id)

    starts = 0
    while sentinel.invoker.take_all():
        sentinel.start(campaign_id, time_left=timedelta())
        starts += 1

    assert starts == 3
    sentinel.clock.sleep(sentinel.policy.retry_delay)
    received = 0
    while deliveries := sentinel.queue.receive(10, timedelta(), Priority.NORMAL):
        received += len(deliveries)
    assert received == chunks


def test_paused_while_it_is_put_on_the_queue_again(sentinel: Sentinel) -> None:
    """The start leaves; the next resume begins anew."""
    sentinel.chunk_size = 1
    campaign_id = sentinel.create_started(600)
    pause(sentinel)(campaign_id)
    sentinel.run_workers()
    resume(sentinel)(campaign_id)
    queue = InterruptedQueue(sentinel.clock, lambda: stop(sentinel, campaign_id))
    sentinel.queue = queue
    sentinel.run()
    assert sentinel.state(campaign_id) is CampaignState.PAUSED
    assert sentinel.mailed() == []
    (fan_out_range,) = sentinel.fan_out.progress(campaign_id).ranges
    assert not fan_out_range.is_enqueued, "it left off"

    resume(sentinel)(campaign_id)
    sentinel.run()
    assert sorted(sentinel.mailed()) == addresses(600)


def test_resumed_by_two_with_a_pause_in_between(sentinel: Sentinel) -> None:
    """Whoever is overtaken by somebody's resume and another pause puts all on the queue again."""
    campaign_id = sentinel.create_started(PEOPLE)
    pause(sentinel)(campaign_id)
    sentinel.run_workers()

    def meanwhile() -> None:
        """Somebody else resumes it, all is enqueued, and a third one pauses it: all is dropped."""
        resume(sentinel)(campaign_id)
        sentinel.run_starts()
        pause(sentinel)(campaign_id)
        sentinel.run_workers()

    slow = replace(resume(sentinel), fan_out=InterruptedFanOut(sentinel.database, meanwhile))
    slow(campaign_id)
    sentinel.run()

    assert sorted(sentinel.mailed()) == addresses(PEOPLE)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_long_pause_is_no_stall(sentinel: Sentinel) -> None:
    """Whoever resumes on Monday what was paused on Friday wakes nobody."""
    campaign_id = sentinel.create_started(PEOPLE)
    pause(sentinel)(campaign_id)
    sentinel.clock.sleep(60 * HOUR)
    resume(sentinel)(campaign_id)
    sentinel.clock.sleep(2 * MINUTE)

    sentinel.reconcile()

    assert sentinel.metrics.of("open_work")[-1].values["longest_stall"] == 2 * MINUTE


@pytest.mark.parametrize("ending", [pause, cancel])
@pytest.mark.parametrize("workers", [1, 3])
def test_at_most_one_micro_batch_of_each_worker_after_the_answer(
    sentinel: Sentinel, ending: Callable[[Sentinel], Callable[[CampaignId], object]], workers: int
) -> None:
    """Whoever stops a campaign in the middle of a chunk stops it within the calls under way."""
    sentinel.limiter = MemoryRateLimiter(14)
    campaign_id = sentinel.create_started(PEOPLE)
    deliveries = sentinel.queue.receive(workers, timedelta(), Priority.NORMAL)

    def go_on(others: Sequence[Delivery]) -> None:
        """A worker whose call is under way while the others come to theirs; then it is stopped."""
        if not others:
            ending(sentinel)(campaign_id)
            return
        sentinel.mailer = InterruptedMailer(sentinel.clock, lambda: go_on(others[1:]))
        batches.append(sentinel.mailer)
        sentinel.send_batch(others[:1])

    batches: list[InterruptedMailer] = []
    go_on(deliveries)
    sentinel.run()

    assert [len(mailer.outbox) for mailer in batches] == [14] * workers
    assert sentinel.mailed() == [mail.message.to for mail in batches[-1].outbox]
