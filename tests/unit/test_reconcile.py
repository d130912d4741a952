"""What was left undone is found and done."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.memory.fan_out import MemoryFanOutRepository
from adapters.memory.metrics import Value
from adapters.memory.open_work import MemoryOpenWork
from adapters.memory.queue import MemorySendQueue
from domain.campaign import Campaign, CampaignState, UnknownPolicy
from domain.chunk import Chunk, ChunkRef
from domain.contact_export import ContactExport
from domain.errors import DependencyRefused, DependencyUnavailable
from domain.fan_out import DeliveryProgress
from domain.identifiers import CampaignId, JobId, LeaseToken
from domain.job import LEASE, JobEvent, JobState
from domain.job_run import JobRun, Run
from domain.outcome import NotSent, Unknown
from domain.ports.jobs import AnyJob
from domain.ports.metrics import Retry
from domain.priority import Priority
from domain.schedule import Schedule
from domain.tally import Tally
from tests.unit.faults import (
    AnsweringMailer,
    Died,
    DyingMailer,
    InterruptedMailer,
    OvertakenCampaigns,
    OvertakenChunks,
    PickyQueue,
    RefusingJobInvoker,
    RefusingStartQueue,
)
from tests.unit.sentinel import MINUTE, NOW, Sentinel, SettableClock, addresses

PATIENCE = 5 * MINUTE
MICROSECOND = timedelta(microseconds=1)


class BrokenQueue(MemorySendQueue):
    """Cannot be reached for some chunks."""

    def __init__(self, sentinel: Sentinel, broken: Sequence[ChunkRef]) -> None:
        """Empty."""
        super().__init__(sentinel.clock)
        self._broken = broken

    def enqueue(
        self, chunks: Sequence[ChunkRef], priority: Priority, delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """No answer for these."""
        if set(chunks) & set(self._broken):
            raise DependencyUnavailable("The queue did not answer.")
        return super().enqueue(chunks, priority, delay)


class BrokenFanOut(MemoryFanOutRepository):
    """Cannot be read for one campaign."""

    def __init__(self, sentinel: Sentinel, broken: CampaignId) -> None:
        """Over the same records."""
        super().__init__(sentinel.database)
        self._broken = broken

    def progress(self, campaign_id: CampaignId) -> DeliveryProgress:
        """Throttled."""
        if campaign_id == self._broken:
            raise DependencyRefused("Throttled.")
        return super().progress(campaign_id)


class StaleOpenWork(MemoryOpenWork):
    """An index that is behind: it has what is done, gone, or not due any more."""

    def __init__(
        self,
        sentinel: Sentinel,
        stale: Sequence[CampaignId | ChunkRef],
        stale_jobs: Sequence[Run] = (),
    ) -> None:
        """Over the same records."""
        super().__init__(sentinel.database)
        self._stale = stale
        self._stale_jobs = stale_jobs

    def due_jobs(self, now: datetime, limit: int) -> Sequence[Run]:
        """These, then what is due."""
        return [*self._stale_jobs, *super().due_jobs(now, limit)][:limit]

    def due(self, now: datetime, limit: int) -> Sequence[CampaignId | ChunkRef]:
        """These, then what is due."""
        return [*self._stale, *super().due(now, limit)][:limit]


def waiting(sentinel: Sentinel) -> list[ChunkRef]:
    """Chunks on the queue that can be seen; they are taken off it."""
    deliveries = sentinel.queue.receive(10, timedelta(), Priority.NORMAL)
    sentinel.queue.acknowledge(deliveries)
    return [delivery.chunk for delivery in deliveries]


def lose_the_queue(sentinel: Sentinel) -> None:
    """Every message on it is gone."""
    sentinel.queue = MemorySendQueue(sentinel.clock)


def test_nothing_to_do(sentinel: Sentinel) -> None:
    """With nothing open nothing is looked at; a finished campaign is not, once it has its line."""
    assert sentinel.reconcile() == 0
    sentinel.create(3)
    sentinel.run()
    sentinel.clock.sleep(timedelta(days=8))
    assert sentinel.reconcile() == 1
    sentinel.clock.sleep(timedelta(days=1))
    assert sentinel.reconcile() == 0


def test_a_missed_start(sentinel: Sentinel, clock: SettableClock) -> None:
    """A campaign whose start never came is started within a minute, and again until it comes."""
    campaign_id = sentinel.create(3)
    sentinel.invoker.take_all()
    clock.sleep(sentinel.policy.check_interval - MICROSECOND)
    sentinel.reconcile()
    assert sentinel.invoker.take_all() == []
    clock.sleep(MICROSECOND)
    for _ in range(2):
        sentinel.reconcile()
        sentinel.reconcile()
        assert [each.campaign_id for each in sentinel.take_starts()] == [campaign_id]
        clock.sleep(4 * MINUTE)
    sentinel.reconcile()
    sentinel.run()
    assert sorted(sentinel.mailed()) == addresses(3)


def test_a_start_that_did_not_come_in_time(sentinel: Sentinel) -> None:
    """A campaign that could not be started for hours ends as expired by itself."""
    campaign_id = sentinel.create(3)
    sentinel.invoker.take_all()
    able, sentinel.start_queue = sentinel.start_queue, RefusingStartQueue(sentinel.clock)
    sentinel.pass_time(sentinel.policy.max_lateness)
    assert sentinel.state(campaign_id) is CampaignState.SENDING
    sentinel.start_queue = able
    sentinel.pass_time(5 * MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.EXPIRED
    assert sentinel.mailed() == []


def test_a_missing_schedule(sentinel: Sentinel, clock: SettableClock) -> None:
    """A scheduled campaign whose schedule was not made gets it within a minute or two."""
    at = NOW + timedelta(hours=1)
    campaign_id = sentinel.create(3, schedule_at=at)
    sentinel.scheduler.delete(campaign_id)
    # As where create died before it could note that the schedule stands.
    sentinel.campaigns.save(sentinel.campaign(campaign_id).check_again(NOW + MINUTE))
    clock.sleep(MINUTE)
    sentinel.reconcile()
    assert sentinel.scheduler.get(campaign_id) == Schedule(campaign_id, 1, at)
    assert sentinel.invoker.take_all() == []
    assert sentinel.reconcile() == 0


def test_a_schedule_that_never_fires(sentinel: Sentinel, clock: SettableClock) -> None:
    """A campaign whose schedule is lost starts at its time all the same."""
    campaign_id = sentinel.create(3, schedule_at=NOW + timedelta(hours=1))
    sentinel.scheduler.delete(campaign_id)
    clock.sleep(timedelta(hours=1))
    sentinel.reconcile()
    sentinel.run()
    assert sorted(sentinel.mailed()) == addresses(3)


def test_a_paused_or_ended_campaign_is_left_alone(sentinel: Sentinel) -> None:
    """Nothing is started or enqueued for a campaign that people paused."""
    campaign_id = sentinel.create_started(3)
    lose_the_queue(sentinel)
    sentinel.pause(campaign_id)
    for _ in range(60):
        sentinel.clock.sleep(MINUTE)
        sentinel.reconcile()
    assert sentinel.invoker.take_all() == []
    assert waiting(sentinel) == []


def test_an_abandoned_chunk_is_enqueued_again(sentinel: Sentinel, clock: SettableClock) -> None:
    """A chunk whose message was lost is enqueued again after five minutes, and sent."""
    campaign_id = sentinel.create_started(3)
    lose_the_queue(sentinel)
    clock.sleep(PATIENCE - MICROSECOND)
    sentinel.reconcile()
    assert waiting(sentinel) == []
    clock.sleep(MICROSECOND)
    sentinel.reconcile()
    sentinel.run()
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_an_abandoned_chunk_of_a_cancelled_campaign(sentinel: Sentinel) -> None:
    """The recipients of a lost chunk are counted as skipped once the campaign is cancelled."""
    campaign_id = sentinel.create_started(3)
    lose_the_queue(sentinel)
    sentinel.cancel(campaign_id)
    sentinel.pass_time(PATIENCE)
    assert sentinel.mailed() == []
    assert sentinel.tally(campaign_id) == Tally(skipped=3, finished_chunks=1)


def test_a_chunk_put_back_is_not_abandoned(sentinel: Sentinel, clock: SettableClock) -> None:
    """A chunk that waits for its own retry is not enqueued a second time beside it."""
    sentinel.create_started(1)
    clock.sleep(PATIENCE - timedelta(seconds=1))
    throttled = {"person-0@example.com": [NotSent("throttled")]}
    sentinel.mailer = AnsweringMailer(clock, throttled)
    sentinel.run_workers()
    clock.sleep(timedelta(seconds=1))
    sentinel.reconcile()
    assert waiting(sentinel) == []
    clock.sleep(sentinel.policy.retry_delay)
    assert len(waiting(sentinel)) == 1
    clock.sleep(PATIENCE)
    sentinel.reconcile()
    assert len(waiting(sentinel)) == 1


def test_patience_doubles(sentinel: Sentinel, clock: SettableClock) -> None:
    """A chunk that waits in a long queue is enqueued again ever less often."""
    sentinel.create_started(3)
    waiting(sentinel)
    enqueued: list[float] = []
    for minute in range(1, 80):
        clock.sleep(MINUTE)
        sentinel.reconcile()
        enqueued += [minute] * len(waiting(sentinel))
    assert enqueued == [5, 10, 20, 40]


def test_a_chunk_at_work_is_not_abandoned(sentinel: Sentinel) -> None:
    """A chunk that a worker holds is not enqueued, however long it waited for its turn."""
    sentinel.create_started(3)
    sentinel.clock.sleep(PATIENCE)
    enqueued: list[list[ChunkRef]] = []

    def reconcile() -> None:
        sentinel.reconcile()
        enqueued.append(waiting(sentinel))

    sentinel.mailer = InterruptedMailer(sentinel.clock, reconcile)
    sentinel.run_workers()
    assert enqueued == [[]]
    assert sorted(sentinel.mailed()) == addresses(3)


def test_a_dead_worker(sentinel: Sentinel, clock: SettableClock) -> None:
    """The chunk of a worker that died is looked after once its lease and patience are over."""
    campaign_id = sentinel.create_started(3)
    clock.sleep(PATIENCE)
    sentinel.mailer = DyingMailer(clock, 1)
    with pytest.raises(Died):
        sentinel.run_workers()
    lose_the_queue(sentinel)
    sentinel.reconcile()
    clock.sleep(sentinel.policy.send_lease + PATIENCE - MICROSECOND)
    sentinel.reconcile()
    sentinel.run()
    assert sentinel.state(campaign_id) is CampaignState.SENDING
    clock.sleep(MICROSECOND)
    sentinel.reconcile()
    sentinel.run()
    assert sentinel.tally(campaign_id) == Tally(unknown=3, finished_chunks=1)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_the_check_for_sent(sentinel: Sentinel, clock: SettableClock) -> None:
    """A campaign of which everything is done is called sent, though its last worker died."""
    campaign_id = sentinel.create_started(3)
    (chunk,) = sentinel.stored_chunks()
    sentinel.send_chunk(chunk.ref)
    assert sentinel.state(campaign_id) is CampaignState.SENDING
    clock.sleep(MINUTE)
    sentinel.reconcile()
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_running_campaign_is_not_called_sent(sentinel: Sentinel, clock: SettableClock) -> None:
    """A campaign with a chunk on the queue stays sending and is not started again."""
    campaign_id = sentinel.create_started(60)
    clock.sleep(MINUTE)
    sentinel.reconcile()
    assert sentinel.state(campaign_id) is CampaignState.SENDING
    assert sentinel.invoker.take_all() == []


def test_a_starter_at_work_is_not_repeated(sentinel: Sentinel, clock: SettableClock) -> None:
    """A range that a starter holds is its own; once the lease is over a start is invoked."""
    campaign_id = sentinel.create(3)
    sentinel.invoker.take_all()
    campaign = sentinel.campaign(campaign_id)
    (held,) = sentinel.fan_out.progress(campaign_id).ranges
    until = NOW + 2 * MINUTE
    sentinel.fan_out.claim(
        held.claim(sentinel.ids.lease_token(), until), campaign.start(NOW, NOW + MINUTE)
    )
    clock.sleep(MINUTE)
    sentinel.reconcile()
    assert sentinel.invoker.take_all() == []
    clock.sleep(MINUTE)
    sentinel.reconcile()
    assert [each.campaign_id for each in sentinel.take_starts()] == [campaign_id]


def test_one_that_fails_does_not_keep_the_others_waiting(
    sentinel: Sentinel, clock: SettableClock
) -> None:
    """A chunk that cannot be enqueued is tried later; the next one is enqueued now."""
    sentinel.create_started(120)
    first, *others = [chunk.ref for chunk in sentinel.stored_chunks()]
    able = MemorySendQueue(clock)
    sentinel.queue = BrokenQueue(sentinel, [first])
    clock.sleep(PATIENCE)
    assert sentinel.reconcile() == 4  # with the campaign
    assert waiting(sentinel) == others
    sentinel.queue = able
    sentinel.pass_time(2 * PATIENCE)
    assert sorted(sentinel.mailed()) == addresses(120)


def test_a_campaign_that_fails_does_not_keep_the_others_waiting(sentinel: Sentinel) -> None:
    """A campaign whose records cannot be read is tried later; another one goes on."""
    broken = sentinel.create_started(3)
    (chunk,) = sentinel.stored_chunks()
    sentinel.send_chunk(chunk.ref)
    fine = replace(
        sentinel.campaign(broken),
        campaign_id=CampaignId("cmp_z"),
        version=0,
        started_at=None,
    )
    sentinel.campaigns.add(fine, ())
    able, sentinel.fan_out = sentinel.fan_out, BrokenFanOut(sentinel, broken)
    sentinel.clock.sleep(MINUTE)
    sentinel.reconcile()
    assert [each.campaign_id for each in sentinel.take_starts()] == ["cmp_z"]
    sentinel.fan_out = able
    sentinel.pass_time(MINUTE)
    assert sentinel.state(broken) is CampaignState.SENT


def test_a_lost_race(sentinel: Sentinel, clock: SettableClock) -> None:
    """Where somebody else writes the same chunk or campaign first, it is left to them for now."""
    campaign_id = sentinel.create_started(3)
    lose_the_queue(sentinel)
    sentinel.chunks = OvertakenChunks(sentinel.database, [0])
    sentinel.campaigns = OvertakenCampaigns(sentinel.database, times=1)
    clock.sleep(PATIENCE)
    assert sentinel.reconcile() == 2
    assert sentinel.state(campaign_id) is CampaignState.SENDING
    assert sentinel.reconcile() == 2
    sentinel.run()
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_an_index_that_is_behind(sentinel: Sentinel, clock: SettableClock) -> None:
    """What the index has and the records have not, or not due yet, is left alone."""
    sent = sentinel.create(3)
    sentinel.run()
    (finished,) = sentinel.stored_chunks()
    sending = replace(
        sentinel.campaign(sent),
        campaign_id=CampaignId("cmp_sending"),
        state=CampaignState.SENDING,
        started_at=None,
        next_check_at=clock.now() + MINUTE,
    )
    sentinel.campaigns.add(sending, ())
    pending = Chunk.new(
        ChunkRef(sending.campaign_id, 0, 0), finished.recipients, clock.now() + MINUTE
    )
    sentinel.database.chunks[pending.ref] = pending
    gone = CampaignId("cmp_gone")
    stale: list[CampaignId | ChunkRef] = [
        sent,
        gone,
        sending.campaign_id,
        finished.ref,
        pending.ref,
        ChunkRef(gone, 0, 0),
    ]
    sentinel.open_work = StaleOpenWork(sentinel, stale)
    sentinel.reconcile()
    assert sentinel.invoker.take_all() == []
    assert waiting(sentinel) == []
    assert sentinel.stored_chunks() == [finished, pending]


def test_the_longest_due_first(sentinel: Sentinel, clock: SettableClock) -> None:
    """All that is due is looked after, the campaign first, however little is read at once."""
    sentinel.create_started(120)
    waiting(sentinel)
    refs = [chunk.ref for chunk in sentinel.stored_chunks()]
    clock.sleep(PATIENCE)
    assert sentinel.reconcile(limit=1, time_left=timedelta(days=1)) == 4
    assert sentinel.reconcile(limit=1) == 0
    assert sorted(waiting(sentinel), key=lambda ref: ref.number) == refs


def test_a_pause_does_not_put_off_the_look_after_it(
    sentinel: Sentinel, clock: SettableClock
) -> None:
    """After days of pause a chunk is looked at as soon as after hours, and seldom in between."""
    campaign_id = sentinel.create_started(1)
    sentinel.pause(campaign_id)
    for _ in range(12):
        clock.sleep(timedelta(hours=6))
        sentinel.reconcile()
    (chunk,) = sentinel.stored_chunks()
    assert chunk.next_check_at == clock.now() + sentinel.policy.paused_check_interval
    assert chunk.checks == 0


def test_a_queue_that_refuses_is_tried_again_at_once(
    sentinel: Sentinel, clock: SettableClock
) -> None:
    """An abandoned chunk waits for the next pass, not for twice as long as before."""
    sentinel.create_started(1)
    lose_the_queue(sentinel)
    for _ in range(5):
        clock.sleep(timedelta(hours=2))
        sentinel.reconcile()
        lose_the_queue(sentinel)
    sentinel.queue = PickyQueue(sentinel.clock, refusals=1)
    clock.sleep(timedelta(hours=2))
    sentinel.reconcile()
    clock.sleep(MINUTE)
    sentinel.reconcile()
    sentinel.run()
    assert sentinel.mailed() == addresses(1)


def test_waiting_for_the_provider_is_no_stall(sentinel: Sentinel, clock: SettableClock) -> None:
    """Nobody is woken for a campaign under `resend` whose settling window runs."""
    sentinel.create_started(1, UnknownPolicy.RESEND)
    sentinel.mailer = AnsweringMailer(clock, {addresses(1)[0]: [Unknown("cut")]})
    sentinel.run_workers()
    clock.sleep(sentinel.policy.settling_window - MINUTE)
    sentinel.reconcile()
    assert sentinel.metrics.of("open_work")[-1].values["longest_stall"] == timedelta()


def an_export(sentinel: Sentinel) -> ContactExport:
    """Stored, and to be worked on; nobody was invoked for it."""
    export = ContactExport.begin(
        sentinel.ids.export_id(),
        sentinel.clock.now(),
        segment_id=None,
        fields=None,
        spreadsheet_safe=True,
    )
    sentinel.jobs.add(export)
    return export


def retried(sentinel: Sentinel) -> list[Value]:
    """What the reconciler did once more, as told."""
    return [report.values["what"] for report in sentinel.metrics.of("retried")]


def test_a_job_that_nobody_is_at_is_invoked_again(sentinel: Sentinel, clock: SettableClock) -> None:
    """Every minute once, as long as it runs; not before its time."""
    export = an_export(sentinel)
    sentinel.reconcile()
    assert sentinel.job_invoker.take_all() == []

    for _ in range(3):
        clock.sleep(MINUTE)
        sentinel.reconcile()
        sentinel.reconcile()
        assert sentinel.job_invoker.take_all() == [JobRun(export.job_id)]
    assert retried(sentinel) == [Retry.JOB] * 3

    stored = sentinel.jobs.get(export.job_id)
    assert isinstance(stored, ContactExport)
    sentinel.jobs.save(stored.end(JobEvent.FINISH, clock.now()))
    clock.sleep(MINUTE)
    assert sentinel.reconcile() == 0
    assert sentinel.job_invoker.take_all() == []


def test_a_job_that_somebody_is_at_is_left_to_its_holder(
    sentinel: Sentinel, clock: SettableClock
) -> None:
    """Until the lease is over; the holder's next write is not met by the reconciler's."""
    export = an_export(sentinel)
    held = sentinel.jobs.save(export.claim(LeaseToken("lease-1"), clock.now()))
    # As an index, or a clock, that is off would have it.
    held = sentinel.jobs.save(replace(held, next_check_at=clock.now()))

    clock.sleep(LEASE - timedelta(seconds=1))
    assert sentinel.reconcile() == 1
    assert sentinel.job_invoker.take_all() == []
    assert sentinel.jobs.get(export.job_id) == held

    clock.sleep(timedelta(seconds=1))
    sentinel.reconcile()
    assert sentinel.job_invoker.take_all() == [JobRun(export.job_id)]


@pytest.mark.parametrize("state", [each for each in JobState if each is not JobState.RUNNING])
def test_a_job_that_does_not_run_leaves_the_index(
    sentinel: Sentinel, clock: SettableClock, state: JobState
) -> None:
    """Nobody is invoked for it."""
    export = replace(an_export(sentinel), state=state)
    sentinel.jobs.save(export)
    clock.sleep(MINUTE)

    assert sentinel.reconcile() == 1
    assert sentinel.reconcile() == 0
    assert sentinel.job_invoker.take_all() == []


def test_a_job_that_cannot_be_invoked_is_tried_with_the_next_pass(
    sentinel: Sentinel, clock: SettableClock
) -> None:
    """And keeps nothing else waiting."""
    export = an_export(sentinel)
    campaign_id = sentinel.create(1)
    sentinel.invoker.take_all()
    able, sentinel.job_invoker = sentinel.job_invoker, RefusingJobInvoker()
    clock.sleep(MINUTE)
    sentinel.reconcile()
    assert [each.campaign_id for each in sentinel.take_starts()] == [campaign_id]
    assert Retry.JOB not in retried(sentinel)

    sentinel.job_invoker = able
    clock.sleep(MINUTE)
    sentinel.reconcile()
    assert sentinel.job_invoker.take_all() == [JobRun(export.job_id)]


def test_campaigns_come_before_jobs_and_jobs_before_chunks(
    sentinel: Sentinel, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the others have been due, and however little time there is."""
    campaign_id = sentinel.create_started(120)
    waiting(sentinel)
    clock.sleep(PATIENCE)
    exports = [an_export(sentinel).job_id for _ in range(2)]
    clock.sleep(MINUTE)
    campaigns, jobs = sentinel.campaigns.get, sentinel.jobs.get
    order: list[CampaignId | JobId] = []

    def campaign(of: CampaignId) -> Campaign | None:
        order.append(of)
        return campaigns(of)

    def job(of: JobId) -> AnyJob | None:
        order.append(of)
        clock.sleep(timedelta(seconds=10))
        return jobs(of)

    monkeypatch.setattr(sentinel.campaigns, "get", campaign)
    monkeypatch.setattr(sentinel.jobs, "get", job)
    sentinel.reconcile(time_left=timedelta(seconds=15))

    # It is read more than once: its line of analytics is written, too.
    assert list(dict.fromkeys(order)) == [campaign_id, *exports]
    assert waiting(sentinel) == []
    sentinel.reconcile()
    assert len(waiting(sentinel)) == 3


def test_an_index_of_jobs_that_is_behind(sentinel: Sentinel, clock: SettableClock) -> None:
    """A job that is gone, or not due any more, is left alone."""
    export = an_export(sentinel)
    stale = [JobRun(export.job_id), JobRun(JobId("imp_gone"))]
    sentinel.open_work = StaleOpenWork(sentinel, [], stale)

    sentinel.reconcile()

    assert sentinel.job_invoker.take_all() == []
    assert sentinel.jobs.get(export.job_id) == export
    assert export.next_check_at == clock.now() + LEASE
