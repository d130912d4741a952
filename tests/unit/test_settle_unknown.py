"""Unknown outcomes settled by hand: given up or mailed once more, whatever else goes on."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from adapters.memory.chunks import MemoryChunkRepository
from adapters.memory.database import MemoryDatabase
from adapters.memory.fan_out import MemoryFanOutRepository
from adapters.memory.rate_limiter import MemoryRateLimiter
from domain.campaign import Campaign, CampaignState, PauseReason, UnknownPolicy
from domain.chunk import Chunk, ChunkRef
from domain.errors import (
    DependencyUnavailable,
    IllegalTransition,
    InvalidInput,
    NotFound,
    VersionConflict,
)
from domain.fan_out import DeliveryProgress
from domain.identifiers import CampaignId, ContactId
from domain.message import Message
from domain.outcome import Outcome, Unknown
from domain.ports.metrics import Retry
from domain.provider_event import ProviderEvent, ProviderEventKind
from domain.recipient import RecipientState
from domain.tally import Tally
from domain.use_cases.settle_unknown import LONGEST_CALL, MAX_CHUNKS_A_CALL, Settled, UnknownAction
from tests.unit.faults import AnsweringMailer, PickyQueue
from tests.unit.sentinel import MINUTE, Sentinel, addresses

FIRST = "person-0@example.com"
SECOND = "person-1@example.com"
CUT = Unknown("the answer was cut")
RESEND = UnknownAction.RESEND
GIVE_UP = UnknownAction.GIVE_UP


class InterruptedChunks(MemoryChunkRepository):
    """Something happens just after a chunk was loaded for the first time."""

    def __init__(self, database: MemoryDatabase, meanwhile: Callable[[], object]) -> None:
        """Nothing has happened yet."""
        super().__init__(database)
        self._meanwhile: Callable[[], object] | None = meanwhile

    def load(self, ref: ChunkRef) -> tuple[Campaign, Chunk] | None:
        """As it was; meanwhile the world goes on, once."""
        loaded = super().load(ref)
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return loaded


class InterruptedFanOut(MemoryFanOutRepository):
    """Something happens just after the progress was read for the first time."""

    def __init__(self, database: MemoryDatabase, meanwhile: Callable[[], object]) -> None:
        """Nothing has happened yet."""
        super().__init__(database)
        self._meanwhile: Callable[[], object] | None = meanwhile

    def progress(self, campaign_id: CampaignId) -> DeliveryProgress:
        """As it was; meanwhile the world goes on, once."""
        progress = super().progress(campaign_id)
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return progress


class InterruptedAnsweringMailer(AnsweringMailer):
    """Something happens in the middle of a later call."""

    meanwhile: Callable[[], object] | None = None
    calls = 0

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """As told; in the second call the world goes on meanwhile."""
        self.calls += 1
        if self.calls == 2 and self.meanwhile is not None:
            self.meanwhile()
        return super().send(messages, within)


def with_unknown(
    sentinel: Sentinel,
    size: int = 3,
    unknown: Sequence[str] = (FIRST,),
    policy: UnknownPolicy = UnknownPolicy.HOLD,
) -> CampaignId:
    """A campaign of which everybody was mailed, as far as known; the mailer works again."""
    campaign_id = sentinel.create_started(size, policy)
    mailer = sentinel.mailer
    sentinel.mailer = AnsweringMailer(sentinel.clock, {each: [CUT] for each in unknown})
    sentinel.run_workers()
    mailer.outbox.extend(sentinel.mailer.outbox)
    sentinel.mailer = mailer
    return campaign_id


def unknown_in_an_open_campaign(sentinel: Sentinel) -> CampaignId:
    """The same, with every chunk finished and nobody yet who looked whether it is sent."""
    campaign_id = sentinel.create_started(3)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [CUT]})
    for chunk in sentinel.stored_chunks():
        sentinel.send_chunk(chunk.ref)
    assert sentinel.state(campaign_id) is CampaignState.SENDING
    return campaign_id


def contact_of(sentinel: Sentinel, address: str) -> ContactId:
    """By address."""
    return sentinel.database.contacts_by_address[address]


def prove(sentinel: Sentinel, address: str) -> None:
    """The provider tells that it took the mail."""
    for chunk in sentinel.stored_chunks():
        for position, recipient in enumerate(chunk.recipients):
            if recipient.address == address:
                event = ProviderEvent(
                    kind=ProviderEventKind.DELIVERY,
                    chunk=chunk.ref,
                    position=position,
                    message_id="m-proved",
                    at=sentinel.clock.now(),
                )
                sentinel.provider_events.tell(event)
    sentinel.run_events()


def resends_reported(sentinel: Sentinel) -> int:
    """What operators see."""
    return sum(each.values["what"] == Retry.RESEND for each in sentinel.metrics.of("retried"))


def test_given_up(sentinel: Sentinel) -> None:
    """Failed, with that reason, and counted so; the others stay as they are."""
    campaign_id = with_unknown(sentinel)

    assert sentinel.settle_unknown(campaign_id, GIVE_UP) == Settled(1, 0)

    assert sentinel.tally(campaign_id) == Tally(sent=2, failed=1, finished_chunks=1)
    (chunk,) = sentinel.stored_chunks()
    assert [each.reason for each in chunk.progress if each.state is RecipientState.FAILED] == [
        "given up"
    ]
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.settle_unknown(campaign_id, GIVE_UP) == Settled(0, 0)
    assert not resends_reported(sentinel)


def test_given_up_is_no_more_watched(sentinel: Sentinel) -> None:
    """What no longer waits for anybody raises no alarm."""
    campaign_id = with_unknown(sentinel)
    sentinel.settle_unknown(campaign_id, GIVE_UP)
    sentinel.pass_time(3 * MINUTE)

    assert sentinel.metrics.of("open_work")[-1].values["unknown_held"] == 0


def test_proof_corrects_who_was_given_up(sentinel: Sentinel) -> None:
    """It had arrived after all: sent, and counted so."""
    campaign_id = with_unknown(sentinel)
    sentinel.settle_unknown(campaign_id, GIVE_UP)

    prove(sentinel, FIRST)

    assert sentinel.tally(campaign_id) == Tally(sent=3, delivered=1, finished_chunks=1)


def test_mailed_once_more_in_a_sent_campaign(sentinel: Sentinel) -> None:
    """It is open again until that mail is out, and then it is sent, with everybody counted once."""
    campaign_id = with_unknown(sentinel)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    sentinel.clock.sleep(60 * MINUTE)

    assert sentinel.settle_unknown(campaign_id, RESEND) == Settled(1, 0)

    assert sentinel.state(campaign_id) is CampaignState.SENDING
    assert sentinel.campaign(campaign_id).ended_at is None
    assert sentinel.tally(campaign_id) == Tally()
    sentinel.run()
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.campaign(campaign_id).ended_at == sentinel.clock.now()
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)
    assert resends_reported(sentinel) == 1


def test_nobody_is_mailed_a_third_time(sentinel: Sentinel) -> None:
    """Unknown once more, it can be given up only, and the answer says that it was left."""
    campaign_id = with_unknown(sentinel)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [CUT]})
    sentinel.settle_unknown(campaign_id, RESEND)
    assert sentinel.settle_unknown(campaign_id, RESEND) == Settled(0, 0)
    sentinel.run()

    assert sentinel.settle_unknown(campaign_id, RESEND) == Settled(0, 1)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.settle_unknown(campaign_id, GIVE_UP) == Settled(1, 0)
    sentinel.run()
    assert FIRST not in sentinel.mailed()
    assert resends_reported(sentinel) == 1


def test_only_those_who_are_named(sentinel: Sentinel) -> None:
    """The others stay unknown; who is named and not unknown stays as they are."""
    campaign_id = with_unknown(sentinel, 4, (FIRST, SECOND))
    named = [contact_of(sentinel, each) for each in (SECOND, "person-2@example.com")]

    assert sentinel.settle_unknown(campaign_id, GIVE_UP, contact_ids=named) == Settled(1, 0)

    states = sentinel.recipient_states()
    assert states[FIRST] is RecipientState.UNKNOWN
    assert states[SECOND] is RecipientState.FAILED
    assert states["person-2@example.com"] is RecipientState.SENT


def test_named_in_many_chunks_and_ranges(sentinel: Sentinel) -> None:
    """Each is found."""
    sentinel.fan_out_ranges = 3
    people = addresses(23)
    sentinel.chunk_size = 2
    campaign_id = with_unknown(sentinel, 23, people)
    named = [contact_of(sentinel, each) for each in people[:20]]

    assert sentinel.settle_unknown(campaign_id, RESEND, contact_ids=named) == Settled(20, 0)
    sentinel.run()
    assert sorted(sentinel.mailed()) == people[:20]


def test_named_who_is_no_recipient(sentinel: Sentinel) -> None:
    """Refused, saying who, and nothing was changed."""
    campaign_id = with_unknown(sentinel)
    named = [contact_of(sentinel, FIRST), ContactId("con_nobody")]

    with pytest.raises(InvalidInput) as refused:
        sentinel.settle_unknown(campaign_id, GIVE_UP, contact_ids=named)

    assert refused.value.field == "contact_ids/1"
    assert sentinel.recipient_states()[FIRST] is RecipientState.UNKNOWN


def test_so_many_that_it_takes_several_calls(sentinel: Sentinel) -> None:
    """Each answer says where to go on, and together they settle everybody."""
    size = 2 * MAX_CHUNKS_A_CALL + 1
    sentinel.chunk_size = 1
    campaign_id = with_unknown(sentinel, size, addresses(size))
    settled, cursor, calls = 0, None, 0
    while calls == 0 or cursor is not None:
        answer = sentinel.settle_unknown(campaign_id, RESEND, cursor=cursor)
        assert answer.settled <= MAX_CHUNKS_A_CALL
        settled, cursor, calls = settled + answer.settled, answer.cursor, calls + 1
        # The first ones are mailed, and the campaign may be sent again, before the next call.
        sentinel.run()

    assert (settled, calls) == (size, 3)
    assert sorted(sentinel.mailed()) == addresses(size)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_store_so_slow_that_it_takes_several_calls(sentinel: Sentinel) -> None:
    """Nobody waits for an answer until a gateway gives up; each call gets on."""

    class SlowChunks(MemoryChunkRepository):
        """Answers after most of what a call may take."""

        def load(self, ref: ChunkRef) -> tuple[Campaign, Chunk] | None:
            sentinel.clock.sleep(LONGEST_CALL * 0.8)
            return super().load(ref)

    sentinel.chunk_size = 1
    campaign_id = with_unknown(sentinel, 5, addresses(5))
    sentinel.chunks = SlowChunks(sentinel.database)

    settled: list[int] = []
    cursor = None
    while not settled or cursor is not None:
        answer = sentinel.settle_unknown(campaign_id, GIVE_UP, cursor=cursor)
        settled, cursor = [*settled, answer.settled], answer.cursor

    assert settled == [2, 2, 1]


def test_in_a_paused_campaign(sentinel: Sentinel) -> None:
    """Nobody is mailed in the pause; they are once it is over, and it is sent only then."""
    campaign_id = unknown_in_an_open_campaign(sentinel)
    sentinel.pause(campaign_id)

    assert sentinel.settle_unknown(campaign_id, RESEND) == Settled(1, 0)
    sentinel.pass_time(20 * MINUTE)
    assert FIRST not in sentinel.mailed()

    sentinel.resume_campaign(campaign_id)
    sentinel.run()
    assert FIRST in sentinel.mailed()
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_resumed_at_the_same_moment(sentinel: Sentinel) -> None:
    """Decided in the pause, written after it: no check of the end that began between counts."""
    campaign_id = unknown_in_an_open_campaign(sentinel)
    sentinel.pause(campaign_id)
    stock = sentinel.chunks
    checked: list[Campaign] = []

    def resume() -> None:
        sentinel.chunks = stock
        checked.append(sentinel.resume_campaign(campaign_id).campaign)

    sentinel.chunks = InterruptedChunks(sentinel.database, resume)
    assert sentinel.settle_unknown(campaign_id, RESEND) == Settled(1, 0)
    with pytest.raises(VersionConflict):
        sentinel.campaigns.save(checked[0].finish(sentinel.clock.now()))
    sentinel.run()

    assert FIRST in sentinel.mailed()
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)


@pytest.mark.parametrize("state", ["scheduled", "cancelled"])
def test_no_second_mail_out_of_a_campaign_that_does_not_send(
    sentinel: Sentinel, state: str
) -> None:
    """Refused with the state; who is unknown can still be given up."""
    if state == "scheduled":
        campaign_id = sentinel.create(3, sentinel.clock.now() + 60 * MINUTE)
    else:
        campaign_id = unknown_in_an_open_campaign(sentinel)
        sentinel.cancel(campaign_id)

    with pytest.raises(IllegalTransition) as refused:
        sentinel.settle_unknown(campaign_id, RESEND)

    assert refused.value.state == state
    expected = Settled(1, 0) if state == "cancelled" else Settled(0, 0)
    assert sentinel.settle_unknown(campaign_id, GIVE_UP) == expected


def test_no_such_campaign(sentinel: Sentinel) -> None:
    """Not found."""
    with pytest.raises(NotFound):
        sentinel.settle_unknown(CampaignId("cmp_x"), GIVE_UP)


def test_giving_up_the_last_one_ends_the_campaign(sentinel: Sentinel) -> None:
    """Under `resend` a chunk waits for its second mail; given up, nothing is waited for."""
    campaign_id = with_unknown(sentinel, policy=UnknownPolicy.RESEND)
    assert sentinel.state(campaign_id) is CampaignState.SENDING

    assert sentinel.settle_unknown(campaign_id, GIVE_UP) == Settled(1, 0)

    assert sentinel.state(campaign_id) is CampaignState.SENT
    sentinel.pass_time(2 * sentinel.policy.settling_window)
    assert FIRST not in sentinel.mailed()


def test_by_hand_before_the_policy_does(sentinel: Sentinel) -> None:
    """Mailed at once, and not again once the settling window is over."""
    campaign_id = with_unknown(sentinel, policy=UnknownPolicy.RESEND)
    assert sentinel.settle_unknown(campaign_id, RESEND) == Settled(1, 0)
    sentinel.run()
    sentinel.pass_time(2 * sentinel.policy.settling_window)

    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_the_queue_fails(sentinel: Sentinel) -> None:
    """The reconciler puts the chunk on the queue within minutes."""
    campaign_id = with_unknown(sentinel)
    sentinel.queue = PickyQueue(sentinel.clock, refusals=1)

    assert sentinel.settle_unknown(campaign_id, RESEND) == Settled(1, 0)
    sentinel.run()
    assert FIRST not in sentinel.mailed()
    sentinel.pass_time(sentinel.policy.chunk_check_interval + 2 * MINUTE)

    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_checked_for_its_end_at_the_same_moment(sentinel: Sentinel) -> None:
    """A check that counted the chunk as finished does not call the reopened campaign sent."""
    campaign_id = unknown_in_an_open_campaign(sentinel)
    sentinel.fan_out = InterruptedFanOut(
        sentinel.database, lambda: sentinel.settle_unknown(campaign_id, RESEND)
    )

    assert not sentinel.finish_campaign(campaign_id)

    assert sentinel.state(campaign_id) is CampaignState.SENDING
    sentinel.run()
    assert FIRST in sentinel.mailed()
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_sent_between_reading_and_writing(sentinel: Sentinel) -> None:
    """It is decided again, and the campaign that is sent by now is opened again."""
    campaign_id = unknown_in_an_open_campaign(sentinel)
    sentinel.chunks = InterruptedChunks(
        sentinel.database, lambda: sentinel.finish_campaign(campaign_id)
    )

    assert sentinel.settle_unknown(campaign_id, RESEND) == Settled(1, 0)

    assert sentinel.state(campaign_id) is CampaignState.SENDING
    sentinel.run()
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)


@pytest.mark.parametrize("action", UnknownAction)
def test_proved_at_the_same_moment(sentinel: Sentinel, action: UnknownAction) -> None:
    """Proof wins: nobody is given up, or mailed again."""
    campaign_id = with_unknown(sentinel)
    stock = sentinel.chunks

    def tell() -> None:
        sentinel.chunks = stock
        prove(sentinel, FIRST)

    sentinel.chunks = InterruptedChunks(sentinel.database, tell)
    assert sentinel.settle_unknown(campaign_id, action) == Settled(0, 0)
    sentinel.run()

    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.tally(campaign_id) == Tally(sent=3, delivered=1, finished_chunks=1)
    assert FIRST not in sentinel.mailed()


def test_cancelled_at_the_same_moment(sentinel: Sentinel) -> None:
    """Refused: nobody is mailed any more, and who is unknown stays counted."""
    campaign_id = unknown_in_an_open_campaign(sentinel)
    sentinel.chunks = InterruptedChunks(sentinel.database, lambda: sentinel.cancel(campaign_id))

    with pytest.raises(IllegalTransition) as refused:
        sentinel.settle_unknown(campaign_id, RESEND)

    assert refused.value.state == "cancelled"
    sentinel.run()
    sentinel.pass_time(20 * MINUTE)
    assert FIRST not in sentinel.mailed()
    assert sentinel.tally(campaign_id) == Tally(sent=2, unknown=1, finished_chunks=1)


@pytest.mark.parametrize("other", UnknownAction)
def test_settled_by_two_at_the_same_moment(sentinel: Sentinel, other: UnknownAction) -> None:
    """One of them did it, the other one finds nothing left to do."""
    campaign_id = with_unknown(sentinel)
    stock = sentinel.chunks
    answers: list[Settled] = []

    def settle() -> None:
        sentinel.chunks = stock
        answers.append(sentinel.settle_unknown(campaign_id, other))

    sentinel.chunks = InterruptedChunks(sentinel.database, settle)
    answers.append(sentinel.settle_unknown(campaign_id, RESEND))
    sentinel.run()

    assert answers == [Settled(1, 0), Settled(0, 0)]
    assert sentinel.mailed().count(FIRST) == (other is RESEND)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_cancelled_after_it_was_opened_again(sentinel: Sentinel) -> None:
    """Nobody is mailed, and who might have had the first mail is unknown, not skipped."""
    campaign_id = with_unknown(sentinel)
    sentinel.settle_unknown(campaign_id, RESEND)
    sentinel.cancel(campaign_id)
    sentinel.run()

    assert FIRST not in sentinel.mailed()
    assert sentinel.tally(campaign_id) == Tally(sent=2, unknown=1, finished_chunks=1)


def test_while_a_worker_is_at_the_chunk(sentinel: Sentinel) -> None:
    """Its outcomes are recorded all the same, and the re-send follows."""
    campaign_id = sentinel.create_started(4)
    sentinel.limiter = MemoryRateLimiter(2)
    (chunk,) = sentinel.stored_chunks()
    first = chunk.recipients[0].address
    mailer = InterruptedAnsweringMailer(sentinel.clock, {first: [CUT]})
    mailer.meanwhile = lambda: sentinel.settle_unknown(campaign_id, RESEND)
    sentinel.mailer = mailer
    sentinel.run()

    assert sorted(sentinel.mailed()) == addresses(4)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.tally(campaign_id) == Tally(sent=4, finished_chunks=1)


def test_an_answer_that_is_lost(sentinel: Sentinel) -> None:
    """Whoever repeats the call finds it done, and the reconciler sees to the mail."""

    class UnansweringChunks(MemoryChunkRepository):
        """Writes, and says nothing."""

        def reopen(self, chunk: Chunk, before: Chunk, campaign: Campaign) -> tuple[Chunk, Campaign]:
            super().reopen(chunk, before, campaign)
            raise DependencyUnavailable("The store did not answer.")

    campaign_id = with_unknown(sentinel)
    sentinel.chunks = UnansweringChunks(sentinel.database)
    with pytest.raises(DependencyUnavailable):
        sentinel.settle_unknown(campaign_id, RESEND)
    sentinel.chunks = MemoryChunkRepository(sentinel.database)

    assert sentinel.settle_unknown(campaign_id, RESEND) == Settled(0, 0)
    sentinel.pass_time(sentinel.policy.chunk_check_interval + 2 * MINUTE)
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_reopened_campaign_may_be_paused_by_its_account(sentinel: Sentinel) -> None:
    """It is a sending campaign as any other."""
    campaign_id = with_unknown(sentinel)
    sentinel.settle_unknown(campaign_id, RESEND)
    paused = sentinel.campaign(campaign_id).pause(sentinel.clock.now(), PauseReason.ACCOUNT)
    sentinel.campaigns.save(paused)
    sentinel.run()
    assert FIRST not in sentinel.mailed()

    sentinel.resume_campaign(campaign_id)
    sentinel.run()
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT
