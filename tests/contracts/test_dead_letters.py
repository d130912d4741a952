"""The contract of `domain.ports.dead_letters`."""

from collections.abc import Sequence

import pytest

from domain.chunk import ChunkRef
from domain.dead_letter import SEND_QUEUES, DeadLetter, DeadLetterSource, Work
from domain.identifiers import JobId
from domain.job_run import ErasureRun, JobRun, Run
from domain.priority import Priority
from domain.start import StartRequest, Trigger
from tests.contracts.eventually import eventually
from tests.contracts.examples import CAMPAIGN_ID
from tests.contracts.family import DeadLettersUnderTest, Family


@pytest.fixture
def under_test(family: Family, monkeypatch: pytest.MonkeyPatch) -> DeadLettersUnderTest:
    """Nothing is given up yet. Of one server a short poll misses nothing."""
    monkeypatch.setattr("adapters.aws.dead_letters._POLL_SECONDS", 0)
    return family.make_dead_letters()


def refs(count: int) -> list[ChunkRef]:
    """So many chunks."""
    return [ChunkRef(CAMPAIGN_ID, 0, number) for number in range(count)]


def works(letters: Sequence[DeadLetter]) -> set[Work | None]:
    """What they ask for."""
    return {letter.work for letter in letters}


def test_none_at_first(under_test: DeadLettersUnderTest) -> None:
    """Nothing was given up."""
    assert list(under_test.dead_letters.all()) == []


@pytest.mark.parametrize("count", [1, 10, 25])
def test_each_is_listed_once(under_test: DeadLettersUnderTest, count: int) -> None:
    """However many there are, by an id of its own."""
    under_test.leave_chunks(refs(count), Priority.NORMAL)

    letters = under_test.dead_letters.all()

    assert len(letters) == count
    assert works(letters) == set(refs(count))
    assert len({letter.message_id for letter in letters}) == count


def test_looking_consumes_nothing(under_test: DeadLettersUnderTest) -> None:
    """Whoever looks next, right after, sees the same under the same ids."""
    under_test.leave_chunks(refs(12), Priority.NORMAL)
    seen = {letter.message_id: letter.work for letter in under_test.dead_letters.all()}

    again = under_test.dead_letters_elsewhere.all()

    assert {letter.message_id: letter.work for letter in again} == seen


def test_each_tells_what_it_asked_for_and_why_it_failed(under_test: DeadLettersUnderTest) -> None:
    """Those of one source together."""
    start = StartRequest(CAMPAIGN_ID, Trigger.DIRECT)
    run = JobRun(JobId("imp_1"))
    under_test.leave_run(run, "S3: SlowDown")
    under_test.leave_schedule(CAMPAIGN_ID, "not authorized to invoke")
    under_test.leave_start(start, "DynamoDB: ThrottlingException")
    under_test.leave_chunks(refs(1), Priority.NORMAL)

    send, failed, schedule, job = under_test.dead_letters.all()

    assert (send.source, send.work) == (DeadLetterSource.SEND, refs(1)[0])
    assert "received too often" in send.reason
    assert send.receives >= 1
    assert (failed.source, failed.work) == (DeadLetterSource.START, start)
    assert "DynamoDB: ThrottlingException" in failed.reason
    assert schedule.source is DeadLetterSource.SCHEDULE
    assert schedule.work == StartRequest(CAMPAIGN_ID, Trigger.SCHEDULE)
    assert "not authorized to invoke" in schedule.reason
    assert (job.source, job.work) == (DeadLetterSource.JOB, run)
    assert "S3: SlowDown" in job.reason


def test_a_replayed_chunk_is_on_the_send_queue(under_test: DeadLettersUnderTest) -> None:
    """Once, and no dead letter any more; the others stay."""
    under_test.leave_chunks(refs(2), Priority.NORMAL)
    letters = under_test.dead_letters.all()

    under_test.dead_letters.replay(letters[0])

    assert list(under_test.enqueued(Priority.NORMAL)) == [letters[0].work]
    assert works(under_test.dead_letters.all()) == {letters[1].work}


@pytest.mark.parametrize("priority", Priority)
def test_a_replayed_chunk_is_on_the_queue_that_gave_it_up(
    under_test: DeadLettersUnderTest, priority: Priority
) -> None:
    """What was urgent stays so, and is told from the rest."""
    under_test.leave_chunks(refs(1), priority)
    (letter,) = under_test.dead_letters.all()
    assert (letter.work, letter.source) == (refs(1)[0], SEND_QUEUES[priority])

    under_test.dead_letters.replay(letter)

    found = {each: list(under_test.enqueued(each)) for each in Priority}
    assert found == {each: refs(1) if each is priority else [] for each in Priority}


def test_a_replayed_start_is_invoked(under_test: DeadLettersUnderTest, family: Family) -> None:
    """Whoever left it; and it is no dead letter any more."""
    of_lambda, of_scheduler = family.ids.campaign_id(), family.ids.campaign_id()
    under_test.leave_start(StartRequest(of_lambda), "")
    under_test.leave_schedule(of_scheduler, "")
    started: set[str] = set()

    for letter in under_test.dead_letters.all():
        under_test.dead_letters.replay(letter)

    def both() -> bool:
        started.update(each.campaign_id for each in family.started())
        return started >= {of_lambda, of_scheduler}

    eventually(both)
    assert list(under_test.dead_letters.all()) == []


def test_a_queued_start_that_was_given_up_is_started(
    under_test: DeadLettersUnderTest, family: Family
) -> None:
    """It is told apart from one that was invoked, and is no dead letter any more."""
    campaign_id = family.ids.campaign_id()
    under_test.leave_queued_start(campaign_id)

    (letter,) = under_test.dead_letters.all()
    under_test.dead_letters.replay(letter)

    assert letter.source is DeadLetterSource.START_QUEUE
    assert letter.work == StartRequest(campaign_id, Trigger.QUEUE)
    assert "received too often" in letter.reason
    eventually(lambda: campaign_id in {each.campaign_id for each in family.started()})
    assert list(under_test.dead_letters.all()) == []


def test_a_replayed_run_is_invoked(under_test: DeadLettersUnderTest, family: Family) -> None:
    """Of a job, or of an erasure; and it is no dead letter any more."""
    runs: set[Run] = {JobRun(family.ids.import_id()), ErasureRun(family.ids.contact_id())}
    for run in runs:
        under_test.leave_run(run, "")
    invoked: set[Run] = set()

    for letter in under_test.dead_letters.all():
        under_test.dead_letters.replay(letter)

    def both() -> bool:
        invoked.update(family.invoked())
        return invoked >= runs

    eventually(both)
    assert list(under_test.dead_letters.all()) == []


def test_a_replayed_report_is_on_its_queue_as_it_came(under_test: DeadLettersUnderTest) -> None:
    """And what it holds is shown nowhere: it names people."""
    body = '{"eventType": "Bounce", "mail": {"destination": ["ann@example.com"]}}'
    under_test.leave_report(body)
    (letter,) = under_test.dead_letters.all()
    assert letter.source is DeadLetterSource.PROVIDER_EVENTS
    assert "ann" not in f"{letter!r} {letter.subject}"

    under_test.dead_letters.replay(letter)

    assert list(under_test.reported()) == [body]
    assert list(under_test.dead_letters.all()) == []


@pytest.mark.parametrize("source", DeadLetterSource)
def test_a_foreign_one_is_shown_and_not_replayed(
    under_test: DeadLettersUnderTest, source: DeadLetterSource
) -> None:
    """It hides none of Sentinel's, and nothing of what is in it is repeated."""
    under_test.leave_foreign(source)
    under_test.leave_chunks(refs(1), Priority.NORMAL)
    letters = {letter.work: letter for letter in under_test.dead_letters.all()}
    assert letters.keys() == {None, refs(1)[0]}
    foreign = letters[None]
    assert foreign.source is source
    assert foreign.reason == "cannot be read: not JSON"

    with pytest.raises(ValueError, match="not a message of Sentinel"):
        under_test.dead_letters.replay(foreign)

    assert works(under_test.dead_letters.all()) == {None, refs(1)[0]}
    assert list(under_test.enqueued(Priority.NORMAL)) == []


def test_a_discarded_one_is_gone(under_test: DeadLettersUnderTest) -> None:
    """Foreign or not; nothing is done of what it asked for."""
    under_test.leave_foreign(DeadLetterSource.START)
    under_test.leave_chunks(refs(2), Priority.NORMAL)
    letters = {letter.work: letter for letter in under_test.dead_letters.all()}

    for work in (None, refs(1)[0]):
        under_test.dead_letters.discard(letters[work])

    assert works(under_test.dead_letters.all()) == {refs(2)[1]}
    assert list(under_test.enqueued(Priority.NORMAL)) == []
