"""Invocations and schedules in SQLite, over several processes that may be killed."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sqlite import start_queue
from adapters.sqlite.campaigns import SqliteCampaignRepository
from adapters.sqlite.database import SqliteDatabase, Synchronous
from adapters.sqlite.dead_letters import SqliteDeadLetters
from adapters.sqlite.invoker import SqliteInvoker
from adapters.sqlite.job_invoker import SqliteJobInvoker
from adapters.sqlite.message_queue import Received
from adapters.sqlite.queue import SqliteSendQueue
from adapters.sqlite.scheduler import SqliteScheduler
from adapters.sqlite.start_queue import SqliteStartQueue
from domain.chunk import ChunkRef
from domain.dead_letter import DeadLetterSource
from domain.identifiers import CampaignId, JobId
from domain.job_run import JobRun
from domain.priority import Priority
from domain.schedule import Schedule
from domain.start import StartRequest, Trigger
from tests.contracts.examples import CAMPAIGN_ID, a_campaign
from tests.contracts.settable_clock import START, SettableClock
from tests.contracts.sqlite_processes import running

NOW = timedelta()
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "sentinel.db"


@pytest.fixture
def database(path: Path) -> SqliteDatabase:
    """Nothing in it."""
    return SqliteDatabase(path)


@pytest.fixture
def clock() -> SettableClock:
    """Everybody's."""
    return SettableClock()


def taken(invoker: SqliteInvoker) -> Received[StartRequest]:
    """There is one to take."""
    invocation = invoker.take(NOW)
    assert invocation is not None
    return invocation


def test_what_a_killed_process_was_at_runs_again(
    path: Path, database: SqliteDatabase, clock: SettableClock
) -> None:
    """Elsewhere, once nobody can be at it any more."""
    invoker = SqliteInvoker(database, clock)
    invoker.start(CAMPAIGN_ID)
    with running("take", path) as process:
        assert process.hear() == CAMPAIGN_ID
        process.kill()

    assert invoker.take(NOW) is None
    clock.sleep(MINUTE)
    again = taken(invoker)
    assert again.work == StartRequest(CAMPAIGN_ID)
    invoker.done(again)
    clock.sleep(MINUTE)
    assert invoker.take(NOW) is None


def test_what_is_done_does_not_run_again(database: SqliteDatabase, clock: SettableClock) -> None:
    """However long it is."""
    invoker = SqliteInvoker(database, clock)
    invoker.start(CAMPAIGN_ID)
    invoker.done(taken(invoker))

    clock.sleep(60 * MINUTE)

    assert invoker.take(NOW) is None


def test_what_fails_is_retried_twice_and_given_up(
    database: SqliteDatabase, clock: SettableClock
) -> None:
    """After one minute and after two, as Lambda does; the last error is told, without addresses."""
    invoker = SqliteInvoker(database, clock)
    dead_letters = SqliteDeadLetters(database, clock)
    invoker.start(CAMPAIGN_ID)
    for pause in (MINUTE, 2 * MINUTE):
        invoker.failed(taken(invoker), "ValueError: an earlier one")
        clock.sleep(pause - SECOND)
        assert invoker.take(NOW) is None
        clock.sleep(SECOND)
    assert list(dead_letters.all()) == []

    invoker.failed(taken(invoker), "ValueError: ann@example.com\nis wrong")

    (letter,) = dead_letters.all()
    assert (letter.source, letter.work) == (DeadLetterSource.START, StartRequest(CAMPAIGN_ID))
    assert (letter.reason, letter.receives) == ("ValueError: …@… is wrong", 3)
    assert letter.first_sent_at == START
    clock.sleep(60 * MINUTE)
    assert invoker.take(NOW) is None


def test_what_kills_every_process_that_is_at_it_is_given_up(
    database: SqliteDatabase, clock: SettableClock
) -> None:
    """It does not go on for ever."""
    jobs = SqliteJobInvoker(database, clock)
    jobs.run(JobId("imp_1"))
    for _ in range(3):
        assert jobs.take(NOW) is not None
        clock.sleep(MINUTE)

    assert jobs.take(NOW) is None
    (letter,) = SqliteDeadLetters(database, clock).all()
    assert (letter.source, letter.work) == (DeadLetterSource.JOB, JobRun(JobId("imp_1")))
    assert letter.reason == "received too often; the log says why"


def test_who_was_overtaken_decides_nothing(database: SqliteDatabase, clock: SettableClock) -> None:
    """Whoever has it now does."""
    invoker = SqliteInvoker(database, clock)
    invoker.start(CAMPAIGN_ID)
    slow = taken(invoker)
    clock.sleep(MINUTE)
    current = taken(invoker)

    invoker.done(slow)
    invoker.failed(slow, "too late")
    clock.sleep(MINUTE - SECOND)
    assert invoker.take(NOW) is None

    clock.sleep(SECOND)
    assert taken(invoker).work == current.work


def test_starts_and_jobs_are_queues_of_their_own(
    database: SqliteDatabase, clock: SettableClock
) -> None:
    """Neither takes the other's, nor what is to be sent."""
    invoker, jobs = SqliteInvoker(database, clock), SqliteJobInvoker(database, clock)
    queue = SqliteSendQueue(database, clock)
    jobs.run(JobId("imp_1"))
    queue.enqueue([ChunkRef(CAMPAIGN_ID, 0, 0)], Priority.NORMAL)

    assert invoker.take(NOW) is None
    assert jobs.take(NOW) is not None
    assert len(queue.receive(10, NOW, Priority.NORMAL)) == 1


def test_another_process_notices_what_comes_while_it_waits(
    path: Path, clock: SettableClock
) -> None:
    """Within its wait, though nobody can tell it."""
    with running("enqueue", path) as process:
        process.hear()
        queue = SqliteSendQueue(SqliteDatabase(path), clock)
        found = {each.chunk for each in queue.receive(10, timedelta(seconds=20), Priority.NORMAL)}

    assert found


# Schedules.


def some_schedules(scheduler: SqliteScheduler, count: int) -> set[CampaignId]:
    """All due at the start."""
    ids = [CampaignId(f"cmp_{number:026d}") for number in range(count)]
    for campaign_id in ids:
        scheduler.put(Schedule(campaign_id, 1, START))
    return set(ids)


def test_schedules_fire_once_though_processes_that_fire_are_killed(
    path: Path, database: SqliteDatabase, clock: SettableClock
) -> None:
    """None is missed, and none comes twice, whatever the killed were at."""
    ids = some_schedules(SqliteScheduler(database, clock), 300)
    for heard in (1, 2, 3):
        with ExitStack() as stack:
            first, second = (stack.enter_context(running("fire", path)) for _ in range(2))
            for _ in range(heard):
                first.hear()
            first.kill()
            second.hear()
    with running("fire", path) as process:
        process.hear_all()

    invoker = SqliteInvoker(database, clock)
    fired = Counter[StartRequest]()
    while (invocation := invoker.take(NOW)) is not None:
        fired[invocation.work] += 1

    assert fired == Counter(StartRequest(each, Trigger.SCHEDULE) for each in ids)


def test_a_tick_fires_the_longest_due_and_no_more_than_asked_for(
    database: SqliteDatabase, clock: SettableClock
) -> None:
    """What is left fires in the next one."""
    scheduler = SqliteScheduler(database, clock)
    ids = [CampaignId(f"cmp_{number}") for number in range(5)]
    for number, campaign_id in enumerate(ids):
        scheduler.put(Schedule(campaign_id, 1, START - number * MINUTE))

    assert scheduler.tick(limit=3) == ids[:1:-1]
    assert scheduler.tick(limit=3) == ids[1::-1]
    assert list(scheduler.tick(limit=3)) == []


def test_when_the_next_one_is_due_is_told(database: SqliteDatabase, clock: SettableClock) -> None:
    """None where there is none; one that has fired is over."""
    scheduler = SqliteScheduler(database, clock)
    assert scheduler.next_at() is None
    scheduler.put(Schedule(CampaignId("cmp_1"), 1, START))
    scheduler.put(Schedule(CampaignId("cmp_2"), 1, START + MINUTE))
    assert scheduler.next_at() == START

    scheduler.tick()

    assert scheduler.next_at() == START + MINUTE


def test_a_clock_that_is_set_back_fires_nothing_twice(database: SqliteDatabase) -> None:
    """And what is not due any more waits for its time."""
    scheduler = SqliteScheduler(database, SettableClock())
    some_schedules(scheduler, 2)
    assert len(scheduler.tick(limit=1)) == 1
    earlier = SqliteScheduler(database, SettableClock(START - MINUTE))

    assert list(earlier.tick()) == []
    assert len(scheduler.tick()) == 1
    assert list(scheduler.tick()) == []


def test_a_clock_that_is_set_forward_misses_nothing(database: SqliteDatabase) -> None:
    """What it passed over fires at once."""
    ids = some_schedules(SqliteScheduler(database, SettableClock(START - MINUTE)), 3)
    later = SqliteScheduler(database, SettableClock(START + 600 * MINUTE))

    assert set(later.tick()) == ids


def test_a_clock_that_is_set_back_hides_nothing_new(database: SqliteDatabase) -> None:
    """What was enqueued and invoked before it comes now."""
    ahead = SettableClock(START + 60 * MINUTE)
    SqliteSendQueue(database, ahead).enqueue([ChunkRef(CAMPAIGN_ID, 0, 0)], Priority.NORMAL)
    SqliteInvoker(database, ahead).start(CAMPAIGN_ID)
    clock = SettableClock()

    assert len(SqliteSendQueue(database, clock).receive(10, NOW, Priority.NORMAL)) == 1
    assert SqliteInvoker(database, clock).take(NOW) is not None


def test_looking_for_work_waits_for_no_writer(database: SqliteDatabase, path: Path) -> None:
    """Who finds nothing to do stands in nobody's way, and nobody in theirs."""
    clock = SettableClock()
    elsewhere = SqliteDatabase(path)

    with elsewhere.writing():
        assert list(SqliteSendQueue(database, clock).receive(10, NOW, Priority.NORMAL)) == []
        assert SqliteInvoker(database, clock).take(NOW) is None
        assert list(SqliteScheduler(database, clock).tick()) == []


def test_a_start_that_waits_is_not_queued_once_more(database: SqliteDatabase) -> None:
    """Whoever asked for it first, and however often it is asked for again; another one is."""
    clock = SettableClock()
    queue, invoker = SqliteStartQueue(database, clock), SqliteInvoker(database, clock)
    fired, invoked, asked = (CampaignId(f"cmp_{number}") for number in range(3))
    invoker.put([StartRequest(fired, Trigger.SCHEDULE)])
    invoker.start(invoked)

    for campaign_id in (fired, invoked, asked) * 3:
        queue.put(campaign_id)

    deliveries = queue.receive(10, NOW)
    assert [each.request.campaign_id for each in deliveries] == [asked]
    # One that somebody has may have read its records before they were as they are now.
    queue.put(asked)
    assert [each.request.campaign_id for each in queue.receive(10, NOW)] == [asked]


def test_whether_a_start_waits_is_looked_up(database: SqliteDatabase) -> None:
    """However many others wait."""
    with database.reading() as connection:
        plan = connection.execute(
            f"EXPLAIN QUERY PLAN {start_queue._IS_WAITING}", ("a", "b", "c")
        ).fetchall()
    assert any("messages_waiting_to_start (body=?)" in str(row) for row in plan), plan


def committed(database: SqliteDatabase) -> list[Synchronous]:
    """What each commit from now on waits for."""
    noted: list[Synchronous] = []
    writing = database._writing

    @contextmanager
    def note(synchronous: Synchronous) -> Iterator[sqlite3.Connection]:
        noted.append(synchronous)
        with writing(synchronous) as connection:
            yield connection

    database._writing = note  # type: ignore[method-assign]  # nothing else tells
    return noted


def test_what_the_reconciler_would_queue_again_waits_for_no_disk(database: SqliteDatabase) -> None:
    """A start, however it is asked for, and the chunks that it puts on the send queue."""
    clock, noted = SettableClock(), committed(database)

    SqliteInvoker(database, clock).start(CAMPAIGN_ID)
    SqliteSendQueue(database, clock).enqueue([ChunkRef(CAMPAIGN_ID, 0, 0)], Priority.NORMAL)
    SqliteStartQueue(database, clock).put(CampaignId("cmp_other"))

    assert noted == [Synchronous.NORMAL] * 3


def test_a_campaign_is_on_the_disk_where_people_were_told_so(database: SqliteDatabase) -> None:
    """When it is created or edited; what delivery moves, it moves again after a loss of power."""
    campaigns, noted = SqliteCampaignRepository(database), committed(database)

    campaigns.add(a_campaign(), ())
    looked_at = campaigns.save(a_campaign().check_again(START))
    campaigns.save(looked_at.rename("Another").edited())

    assert noted == [Synchronous.FULL, Synchronous.NORMAL, Synchronous.FULL]
