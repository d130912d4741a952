"""Dead letters: what is said of each, and what a replay does."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory.chunks import MemoryChunkRepository
from adapters.memory.dead_letters import MemoryDeadLetters
from adapters.memory.job_invoker import MemoryJobInvoker
from adapters.memory.jobs import MemoryJobRepository
from adapters.memory.queue import MemorySendQueue
from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk, ChunkRef, Lease
from domain.contact_export import ContactExport
from domain.dead_letter import (
    Advice,
    DeadLetter,
    DeadLetterSource,
    Explanation,
    ProviderReport,
    Work,
    shown_text,
)
from domain.errors import DependencyRefused, DependencyUnavailable, NotFound
from domain.identifiers import AttemptToken, CampaignId, ContactId, JobId, LeaseToken
from domain.job import JobEvent, JobState
from domain.job_run import ErasureRun, JobRun
from domain.priority import Priority
from domain.start import StartRequest
from domain.use_cases.discard_dead_letter import DiscardDeadLetter
from domain.use_cases.explain_dead_letters import ExplainDeadLetters
from domain.use_cases.replay_dead_letters import ReplayDeadLetters
from tests.unit.sentinel import MINUTE, NOW, Sentinel, addresses

SIZE = 3


@pytest.fixture
def dead_letters(sentinel: Sentinel) -> MemoryDeadLetters:
    """Those of `sentinel`, whose queue gives up at once."""
    sentinel.queue = MemorySendQueue(sentinel.clock, timedelta(), max_receives=1)
    return MemoryDeadLetters(
        sentinel.queue, sentinel.start_queue, sentinel.invoker, MemoryJobInvoker()
    )


def give_up_messages(sentinel: Sentinel) -> None:
    """No worker deals with what waits on the queue."""
    while sentinel.queue.receive(10, timedelta(), Priority.NORMAL):
        pass


def give_up(dead_letters: MemoryDeadLetters, work: Work | None, message_id: str) -> DeadLetter:
    """Lambda gives up a start, or a stranger leaves something."""
    letter = DeadLetter(
        source=DeadLetterSource.START,
        message_id=message_id,
        work=work,
        reason="RetriesExhausted",
        first_sent_at=NOW,
        receives=1,
    )
    dead_letters.give_up(letter)
    return letter


def explanation(sentinel: Sentinel, dead_letters: MemoryDeadLetters) -> Explanation:
    """Of the only one."""
    explain = ExplainDeadLetters(
        dead_letters=dead_letters,
        campaigns=sentinel.campaigns,
        chunks=sentinel.chunks,
        fan_out=sentinel.fan_out,
        jobs=MemoryJobRepository(sentinel.database),
        clock=sentinel.clock,
    )
    (explained,) = explain()
    return explained.explanation


def finish(sentinel: Sentinel, campaign_id: CampaignId) -> None:
    """Another message for its chunk is dealt with."""
    assert not sentinel.send_chunk(ChunkRef(campaign_id, 0, 1))
    assert sentinel.send_chunk(ChunkRef(campaign_id, 0, 0))


def hold(sentinel: Sentinel, campaign_id: CampaignId) -> None:
    """A worker has claimed the chunk."""
    loaded = sentinel.chunks.load(ChunkRef(campaign_id, 0, 0))
    assert loaded is not None
    lease = Lease(AttemptToken("somebody"), sentinel.clock.now() + MINUTE)
    sentinel.chunks.save(loaded[1].claim([0], suppressed=[], lease=lease), loaded[1])


def reschedule(sentinel: Sentinel, campaign_id: CampaignId) -> None:
    """Paused, and then wanted later."""
    sentinel.database.campaigns[campaign_id] = replace(
        sentinel.campaign(campaign_id),
        state=CampaignState.SCHEDULED,
        schedule_at=NOW + 60 * MINUTE,
    )


def lose_records(sentinel: Sentinel, campaign_id: CampaignId) -> None:
    """They are kept for half a year."""
    del sentinel.database.campaigns[campaign_id]


def nothing(sentinel: Sentinel, campaign_id: CampaignId) -> None:
    """As it was when it was given up."""


@pytest.mark.parametrize(
    ("meanwhile", "advice", "words"),
    [
        (nothing, Advice.REPLAY, "3 of 3 recipients wait"),
        (finish, Advice.DISCARD, "the chunk is finished"),
        (hold, Advice.WAIT, "a worker is at it until 09:01:00"),
        (Sentinel.cancel, Advice.DISCARD, "the campaign is cancelled; nobody is mailed"),
        (Sentinel.pause, Advice.DISCARD, "the campaign is paused; resuming it enqueues"),
        (reschedule, Advice.DISCARD, "the campaign is scheduled; its start enqueues"),
        (lose_records, Advice.DISCARD, "its records are gone"),
    ],
)
def test_a_message_of_the_send_queue_is_explained_by_the_records(
    sentinel: Sentinel,
    dead_letters: MemoryDeadLetters,
    meanwhile: Callable[[Sentinel, CampaignId], None],
    advice: Advice,
    words: str,
) -> None:
    """Whatever became of its chunk since."""
    campaign_id = sentinel.create_started(SIZE)
    give_up_messages(sentinel)

    meanwhile(sentinel, campaign_id)

    said = explanation(sentinel, dead_letters)
    assert said.advice is advice
    assert words in said.text


def test_a_lease_that_ran_out_is_nobody_at_work(
    sentinel: Sentinel, dead_letters: MemoryDeadLetters
) -> None:
    """A worker that died over it is not waited for."""
    campaign_id = sentinel.create_started(SIZE)
    give_up_messages(sentinel)
    hold(sentinel, campaign_id)

    sentinel.clock.sleep(MINUTE)

    assert explanation(sentinel, dead_letters).advice is Advice.REPLAY


@pytest.mark.parametrize(
    ("meanwhile", "advice", "words"),
    [
        (nothing, Advice.REPLAY, "is due and has not started"),
        (Sentinel.start, Advice.DISCARD, "everybody is fanned out"),
        (Sentinel.cancel, Advice.DISCARD, "the campaign is cancelled"),
        (Sentinel.pause, Advice.DISCARD, "the campaign is paused"),
        (reschedule, Advice.DISCARD, "is due at 2026-03-02 10:00 UTC"),
        (lose_records, Advice.DISCARD, "its records are gone"),
    ],
)
def test_a_failed_start_is_explained_by_the_records(
    sentinel: Sentinel,
    dead_letters: MemoryDeadLetters,
    meanwhile: Callable[[Sentinel, CampaignId], None],
    advice: Advice,
    words: str,
) -> None:
    """Whatever became of its campaign since."""
    campaign_id = sentinel.create(SIZE)
    give_up(dead_letters, StartRequest(campaign_id), "a")

    meanwhile(sentinel, campaign_id)

    said = explanation(sentinel, dead_letters)
    assert said.advice is advice
    assert words in said.text


def test_a_start_that_died_half_way_is_replayed_once_nobody_is_at_it(
    sentinel: Sentinel, dead_letters: MemoryDeadLetters
) -> None:
    """While its lease lives, somebody may be."""
    campaign_id = sentinel.create(SIZE)
    give_up(dead_letters, StartRequest(campaign_id), "a")
    (fan_out_range,) = sentinel.fan_out.progress(campaign_id).ranges
    campaign = sentinel.campaign(campaign_id).start(NOW, NOW + MINUTE)
    token = sentinel.ids.lease_token()
    sentinel.fan_out.claim(fan_out_range.claim(token, NOW + MINUTE), campaign)
    assert explanation(sentinel, dead_letters).advice is Advice.WAIT

    sentinel.clock.sleep(MINUTE)

    said = explanation(sentinel, dead_letters)
    assert said.advice is Advice.REPLAY
    assert "not everybody is fanned out" in said.text


EXPORT = ContactExport(job_id=JobId("exp_1"), created_at=NOW, state=JobState.RUNNING)


@pytest.mark.parametrize(
    ("job", "advice", "words"),
    [
        (EXPORT, Advice.REPLAY, "the job is under way, and nobody is at it"),
        (EXPORT.claim(LeaseToken("a"), NOW), Advice.WAIT, "somebody is at it until 09:01:00"),
        (EXPORT.claim(LeaseToken("a"), NOW - MINUTE), Advice.REPLAY, "nobody is at it"),
        (EXPORT.end(JobEvent.FINISH, NOW), Advice.DISCARD, "the job is finished"),
        (EXPORT.end(JobEvent.CANCEL, NOW), Advice.DISCARD, "the job is cancelled"),
        (EXPORT.end(JobEvent.FAIL, NOW, "Full."), Advice.DISCARD, "the job is failed"),
        (None, Advice.DISCARD, "its records are gone"),
    ],
)
def test_a_failed_run_of_a_job_is_explained_by_its_record(
    sentinel: Sentinel,
    dead_letters: MemoryDeadLetters,
    job: ContactExport | None,
    advice: Advice,
    words: str,
) -> None:
    """Whatever became of the job since."""
    give_up(dead_letters, JobRun(EXPORT.job_id), "a")
    if job is not None:
        MemoryJobRepository(sentinel.database).add(job)

    said = explanation(sentinel, dead_letters)

    assert said.advice is advice
    assert words in said.text


def test_a_failed_run_of_an_erasure_is_replayed(
    sentinel: Sentinel, dead_letters: MemoryDeadLetters
) -> None:
    """Whoever is erased by then stays so."""
    give_up(dead_letters, ErasureRun(ContactId("con_1")), "a")

    assert explanation(sentinel, dead_letters).advice is Advice.REPLAY


class _Unreadable(MemoryChunkRepository):
    """Its store is down."""

    def load(self, ref: ChunkRef) -> tuple[Campaign, Chunk] | None:
        """Raises DependencyUnavailable."""
        raise DependencyUnavailable(f"DynamoDB BatchGetItem of {ref.number}: no answer")


def test_one_whose_records_cannot_be_read_is_listed_all_the_same(
    sentinel: Sentinel, dead_letters: MemoryDeadLetters
) -> None:
    """With the fault, and nothing to do before it can be."""
    sentinel.create_started(SIZE)
    give_up_messages(sentinel)
    sentinel.chunks = _Unreadable(sentinel.database)

    said = explanation(sentinel, dead_letters)

    assert said.advice is Advice.WAIT
    assert "DynamoDB BatchGetItem of 0: no answer" in said.text


def test_a_report_of_the_provider_is_replayed(
    sentinel: Sentinel, dead_letters: MemoryDeadLetters
) -> None:
    """Whoever it is about."""
    give_up(dead_letters, ProviderReport("{}"), "a")

    assert explanation(sentinel, dead_letters).advice is Advice.REPLAY


def test_a_foreign_message_may_be_discarded(
    sentinel: Sentinel, dead_letters: MemoryDeadLetters
) -> None:
    """Nothing waits for it."""
    give_up(dead_letters, None, "a")

    assert explanation(sentinel, dead_letters).advice is Advice.DISCARD


def test_all_that_are_replayed_are_mailed_once(
    sentinel: Sentinel, dead_letters: MemoryDeadLetters
) -> None:
    """Though another message was dealt with meanwhile; a foreign one stays, and keeps nobody."""
    campaign_id = sentinel.create_started(120)
    give_up(dead_letters, None, "foreign")
    give_up(dead_letters, StartRequest(campaign_id), "start")
    give_up_messages(sentinel)
    assert sentinel.send_chunk(ChunkRef(campaign_id, 0, 0))

    replays = ReplayDeadLetters(dead_letters=dead_letters)()
    sentinel.run()

    assert {each.letter.message_id for each in replays if each.fault} == {"foreign"}
    assert sorted(sentinel.mailed()) == addresses(120)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert [letter.message_id for letter in dead_letters.all()] == ["foreign"]


def test_one_is_replayed_by_its_id(sentinel: Sentinel, dead_letters: MemoryDeadLetters) -> None:
    """And no other one."""
    sentinel.create_started(120)
    give_up_messages(sentinel)
    ids = [letter.message_id for letter in dead_letters.all()]

    (replayed,) = ReplayDeadLetters(dead_letters=dead_letters)(ids[1])

    assert (replayed.letter.message_id, replayed.fault) == (ids[1], None)
    assert [letter.message_id for letter in dead_letters.all()] == [ids[0], ids[2]]


class _FullQueue(MemorySendQueue):
    """Takes nothing more."""

    def enqueue(
        self,
        chunks: Sequence[ChunkRef],
        priority: Priority,  # noqa: ARG002  whatever it is
        delay: timedelta = timedelta(),
    ) -> Sequence[ChunkRef]:
        """Raises DependencyRefused."""
        raise DependencyRefused(f"not {len(chunks)} more after {delay}")


def test_one_that_is_not_accepted_stays_and_keeps_no_other(sentinel: Sentinel) -> None:
    """A start is invoked, though the send queue takes nothing."""
    dead_letters = MemoryDeadLetters(
        _FullQueue(sentinel.clock), sentinel.start_queue, sentinel.invoker, MemoryJobInvoker()
    )
    give_up(dead_letters, ChunkRef(CampaignId("cmp_a"), 0, 0), "chunk")
    give_up(dead_letters, StartRequest(CampaignId("cmp_a")), "start")

    chunk, start = ReplayDeadLetters(dead_letters=dead_letters)()

    assert chunk.fault == "not 1 more after 0:00:00"
    assert start.fault is None
    assert [letter.message_id for letter in dead_letters.all()] == ["chunk"]
    assert len(sentinel.invoker.take_all()) == 1


@pytest.mark.parametrize("use_case", [ReplayDeadLetters, DiscardDeadLetter])
def test_an_id_that_no_dead_letter_has(
    dead_letters: MemoryDeadLetters, use_case: type[ReplayDeadLetters | DiscardDeadLetter]
) -> None:
    """It is said, and nothing is done."""
    give_up(dead_letters, StartRequest(CampaignId("cmp_a")), "a")

    with pytest.raises(NotFound):
        use_case(dead_letters=dead_letters)("b")

    assert len(dead_letters.all()) == 1


def test_a_discarded_one_costs_nobody_a_mail(
    sentinel: Sentinel, dead_letters: MemoryDeadLetters
) -> None:
    """What is to be done stands in the records: the reconciler has it done."""
    campaign_id = sentinel.create_started(SIZE)
    give_up_messages(sentinel)
    (letter,) = dead_letters.all()

    DiscardDeadLetter(dead_letters=dead_letters)(letter.message_id)
    sentinel.queue = MemorySendQueue(sentinel.clock)
    sentinel.pass_time(60 * MINUTE)

    assert sorted(sentinel.mailed()) == addresses(SIZE)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert list(dead_letters.all()) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("KeyError: 'ann@example.com'", "KeyError: …@…"),
        ("to <Ann.O'Hara@example.com>,\n  please", "to <…@…>, please"),
        ("x" * 300, "x" * 199 + "…"),
        ("half a sign: \ud800", "half a sign: ?"),
    ],
)
def test_what_is_shown_holds_no_address(text: str, shown: str) -> None:
    """It is on one line, and short."""
    assert shown_text(text) == shown
