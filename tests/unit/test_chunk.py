"""Fifty recipients moved together, and what may never happen to one of them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.chunk import Chunk, ChunkRef, Lease
from domain.errors import IllegalTransition
from domain.identifiers import AttemptToken, CampaignId, ContactId
from domain.outcome import Accepted, AccountBlocked, NotSent, Outcome, Refused, Unknown
from domain.recipient import (
    RECIPIENT_TRANSITIONS,
    Recipient,
    RecipientEvent,
    RecipientProgress,
    RecipientState,
)
from domain.tally import Tally
from tests.unit.sentinel import MINUTE, NOW

FIRST = AttemptToken("first")
SECOND = AttemptToken("second")
PENDING = RecipientState.PENDING
SENDING = RecipientState.SENDING
SENT = RecipientState.SENT
FAILED = RecipientState.FAILED
UNKNOWN = RecipientState.UNKNOWN
SUPPRESSED = RecipientState.SUPPRESSED
SKIPPED = RecipientState.SKIPPED


def chunk_of(size: int) -> Chunk:
    """All pending."""
    return Chunk.new(
        ChunkRef(CampaignId("cmp_1"), 0, 0),
        tuple(
            Recipient(ContactId(f"con_{number}"), f"person-{number}@example.com", {})
            for number in range(size)
        ),
        NOW + MINUTE,
    )


def claimed(chunk: Chunk, *positions: int, attempt: AttemptToken = FIRST) -> Chunk:
    """Claimed for a minute."""
    return chunk.claim(positions, suppressed=(), lease=Lease(attempt, NOW + MINUTE))


def states(chunk: Chunk) -> list[RecipientState]:
    """In order of position."""
    return [each.state for each in chunk.progress]


def test_the_table_is_the_promised_one() -> None:
    """A recipient moves as delivery.md promises, and in no other way."""
    assert {
        (state.value, event.value, target.value)
        for state, events in RECIPIENT_TRANSITIONS.items()
        for event, target in events.items()
    } == {
        ("pending", "claim", "sending"),
        ("pending", "suppress", "suppressed"),
        ("pending", "skip", "skipped"),
        ("pending", "accept", "sent"),
        ("sending", "accept", "sent"),
        ("sending", "put back", "pending"),
        ("sending", "refuse", "failed"),
        ("sending", "lose sight", "unknown"),
        ("unknown", "accept", "sent"),
        ("unknown", "refuse", "failed"),
        ("unknown", "resend", "pending"),
        ("unknown", "give up", "failed"),
        ("sent", "accept", "sent"),
        ("failed", "accept", "sent"),
    }
    assert set(RECIPIENT_TRANSITIONS) == set(RecipientState)


@pytest.mark.parametrize("event", RecipientEvent)
@pytest.mark.parametrize("state", RecipientState)
def test_every_event_in_every_state(state: RecipientState, event: RecipientEvent) -> None:
    """An event moves a recipient along the table or is refused, and then changes nothing."""
    progress = RecipientProgress(state=state, attempt=FIRST)
    target = RECIPIENT_TRANSITIONS[state].get(event)
    if target is not None:
        assert progress.after(event).state is target
        return
    with pytest.raises(IllegalTransition) as refusal:
        progress.after(event)
    assert (refusal.value.state, refusal.value.event) == (state, event)
    assert progress == RecipientProgress(state=state, attempt=FIRST)


def test_proof_without_a_message_id() -> None:
    """A repeated proof of acceptance keeps the attempt and the message id of the first."""
    sent = RecipientProgress(SENT, attempt=FIRST, message_id="m-1")
    assert sent.after(RecipientEvent.ACCEPT) == sent


@pytest.mark.parametrize("state", RecipientState)
def test_what_counts_as_finished(state: RecipientState) -> None:
    """Only who is pending or being sent to is not in a counted state."""
    assert RecipientProgress(state=state).is_finished is (state not in {PENDING, SENDING})


def test_a_new_chunk_is_all_pending() -> None:
    """Nobody has been tried, everybody will be."""
    chunk = chunk_of(3)
    assert chunk.pending == (0, 1, 2)
    assert not chunk.is_finished
    assert not chunk.is_held(NOW)


def test_a_claim_holds_the_chunk_for_its_lease() -> None:
    """A claimed chunk is its worker's until the lease runs out, to the instant."""
    chunk = claimed(chunk_of(2), 0)
    assert states(chunk) == [SENDING, PENDING]
    assert chunk.claimed_by(FIRST) == (0,)
    assert chunk.claimed_by(SECOND) == ()
    assert chunk.is_held(NOW + MINUTE - timedelta(microseconds=1))
    assert not chunk.is_held(NOW + MINUTE)


def test_a_suppressed_recipient_is_not_claimed() -> None:
    """Who is on the suppression list ends there, without a mail."""
    chunk = chunk_of(3).claim((0, 1), suppressed=(1,), lease=Lease(FIRST, NOW + MINUTE))
    assert states(chunk) == [SENDING, SUPPRESSED, PENDING]
    assert chunk.claimed_by(FIRST) == (0,)


def test_a_chunk_of_suppressed_recipients_is_finished_at_once() -> None:
    """Where nobody is left to mail nobody holds the chunk and nobody looks at it again."""
    chunk = chunk_of(2).claim((0, 1), suppressed=(0, 1), lease=Lease(FIRST, NOW + MINUTE))
    assert chunk.is_finished
    assert chunk.lease is None
    assert chunk.next_check_at is None


@pytest.mark.parametrize("state", [SENT, FAILED, UNKNOWN, SUPPRESSED, SKIPPED])
def test_nobody_in_a_counted_state_is_claimed(state: RecipientState) -> None:
    """Who got the mail, may have got it, or must not get it cannot be claimed for another."""
    chunk = replace(chunk_of(2), progress=(RecipientProgress(state), RecipientProgress()))
    with pytest.raises(IllegalTransition):
        claimed(chunk, 0, 1)


def test_a_dead_attempt_becomes_unknown_and_is_never_sent_again() -> None:
    """Whom a worker died over may have got the mail: shown as unknown, not mailed again."""
    chunk = claimed(claimed(chunk_of(2), 0), 1, attempt=SECOND)
    assert states(chunk) == [UNKNOWN, SENDING]
    assert chunk.progress[0].reason
    assert chunk.pending == ()
    with pytest.raises(IllegalTransition):
        claimed(chunk, 0, attempt=SECOND)


def test_a_recipient_being_sent_to_cannot_be_claimed() -> None:
    """A position that is still with an earlier attempt is refused to a new one."""
    with pytest.raises(IllegalTransition):
        claimed(claimed(chunk_of(2), 0), 0, attempt=SECOND)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Accepted("m-1"), SENT),
        (Refused("no such mailbox"), FAILED),
        (Unknown("connection dropped"), UNKNOWN),
        (NotSent("throttled"), PENDING),
        (AccountBlocked("sending paused"), PENDING),
    ],
)
def test_what_an_outcome_makes_of_a_recipient(outcome: Outcome, state: RecipientState) -> None:
    """Each answer of the mailer leads to its one state; the reason stays readable."""
    chunk = claimed(chunk_of(2), 0).record(FIRST, {0: outcome})
    assert states(chunk) == [state, PENDING]
    assert chunk.lease is None
    if isinstance(outcome, Accepted):
        assert chunk.progress[0].message_id == "m-1"
        assert chunk.progress[0].reason is None
    else:
        assert chunk.progress[0].reason == outcome.reason


@pytest.mark.parametrize("state", [PENDING, SENDING, UNKNOWN])
def test_a_late_acceptance_wins(state: RecipientState) -> None:
    """Proof that the mail was accepted counts, whatever became of its attempt meanwhile."""
    progress = RecipientProgress(state, attempt=SECOND, reason="throttled")
    chunk = replace(chunk_of(1), progress=(progress,)).record(FIRST, {0: Accepted("m-1")})
    assert states(chunk) == [SENT]
    assert chunk.progress[0].message_id == "m-1"
    assert chunk.progress[0].reason is None


@pytest.mark.parametrize(
    "outcome",
    [Accepted("m-2"), Refused("late"), Unknown("late"), NotSent("late"), AccountBlocked("late")],
)
def test_nothing_changes_who_was_sent(outcome: Outcome) -> None:
    """Once accepted, a recipient stays sent with the first message id."""
    sent = claimed(chunk_of(1), 0).record(FIRST, {0: Accepted("m-1")})
    assert sent.record(FIRST, {0: outcome}) == sent
    assert sent.record(SECOND, {0: outcome}) == sent


def test_a_late_refusal_settles_its_own_attempt() -> None:
    """An unknown send is failed once its own attempt is answered by a refusal."""
    chunk = claimed(chunk_of(1), 0).without_dead_attempts()
    assert states(chunk.record(FIRST, {0: Refused("no such mailbox")})) == [FAILED]


def test_a_late_refusal_of_another_attempt_does_not_count() -> None:
    """A refusal says nothing about another attempt's mail."""
    chunk = claimed(chunk_of(1), 0).without_dead_attempts()
    assert chunk.record(SECOND, {0: Refused("no such mailbox")}) == chunk
    sending = claimed(chunk_of(1), 0)
    assert sending.record(SECOND, {0: Refused("no such mailbox")}) == sending


@pytest.mark.parametrize("outcome", [NotSent("called off"), AccountBlocked("x"), Unknown("x")])
def test_a_late_word_of_anything_else_does_not_count(outcome: Outcome) -> None:
    """What was given up as unknown is not put back: it would be mailed a second time."""
    chunk = claimed(chunk_of(1), 0).without_dead_attempts()
    assert chunk.record(FIRST, {0: outcome}) == chunk


def test_a_late_record_leaves_the_new_holder_its_lease() -> None:
    """An overtaken worker's outcomes do not release what somebody else holds."""
    chunk = claimed(claimed(chunk_of(2), 0), 1, attempt=SECOND).record(FIRST, {0: Accepted("m-1")})
    assert states(chunk) == [SENT, SENDING]
    assert chunk.lease == Lease(SECOND, NOW + MINUTE)


def test_outcomes_that_no_longer_fit_do_not_keep_the_others_from_counting() -> None:
    """One recipient already settled otherwise does not lose the rest of the batch its outcomes."""
    settled = RecipientProgress(SUPPRESSED, reason="complained")
    chunk = claimed(chunk_of(2), 0, 1)
    chunk = replace(chunk, progress=(settled, chunk.progress[1]))
    chunk = chunk.record(FIRST, {0: Accepted("m-1"), 1: Accepted("m-2")})
    assert states(chunk) == [SUPPRESSED, SENT]


def test_proof_corrects_whoever_was_given_up() -> None:
    """Counted as failed by somebody's decision, and accepted after all: it is sent."""
    chunk = claimed(chunk_of(1), 0).without_dead_attempts().give_up([0], "given up")
    assert states(chunk) == [FAILED]
    assert states(chunk.record(FIRST, {0: Accepted("m-1")})) == [SENT]


def test_chunks_are_counted_in_sixteen_shards() -> None:
    """Neighbouring chunks are counted in different records, so that none is hot."""
    refs = [ChunkRef(CampaignId("cmp_1"), 0, number) for number in range(17)]
    assert [ref.tally_shard for ref in refs] == [*range(16), 0]


def test_cancelling_skips_who_is_pending() -> None:
    """A cancelled campaign's pending recipients get no mail; the others keep their state."""
    chunk = claimed(chunk_of(3), 0, 1).record(FIRST, {0: Accepted("m-1"), 1: Unknown("cut")})
    assert states(chunk.skip_pending()) == [SENT, UNKNOWN, SKIPPED]
    assert chunk.skip_pending().is_finished


def test_patience_doubles() -> None:
    """Each look of the reconciler at a waiting chunk waits twice as long for the next."""
    chunk = chunk_of(1)
    waits = []
    for _ in range(4):
        chunk = chunk.check_later(NOW, MINUTE)
        assert chunk.next_check_at is not None
        waits.append((chunk.next_check_at - NOW) / MINUTE)
    assert waits == [1, 2, 4, 8]


def test_patience_has_an_end() -> None:
    """However long a chunk waits, it is looked at within a day, with a check every five minutes."""
    chunk = replace(chunk_of(1), checks=1_000).check_later(NOW, 5 * MINUTE)
    assert chunk.next_check_at is not None
    assert chunk.next_check_at <= NOW + timedelta(days=1)


def test_a_chunk_put_back_is_not_looked_at_before_its_time() -> None:
    """A delayed chunk is not taken for abandoned, and an earlier patience is kept if longer."""
    chunk = chunk_of(1)
    assert chunk.check_not_before(NOW + 2 * MINUTE).next_check_at == NOW + 2 * MINUTE
    assert chunk.check_not_before(NOW) is chunk
    finished = chunk.skip_pending()
    assert finished.check_not_before(NOW + 2 * MINUTE) is finished


def test_an_unfinished_chunk_is_not_tallied() -> None:
    """Counts are taken once a chunk is finished, not before."""
    before = claimed(chunk_of(2), 0)
    assert before.record(FIRST, {0: Accepted("m-1")}).tally_change(before) is None


def test_finishing_tallies_everybody_once() -> None:
    """The write that finishes a chunk counts each of its recipients in one state."""
    before = claimed(chunk_of(4), 0, 1, 2, 3)
    outcomes: dict[int, Outcome] = {
        0: Accepted("m-0"),
        1: Accepted("m-1"),
        2: Refused("no such mailbox"),
        3: Unknown("cut"),
    }
    change = before.record(FIRST, outcomes).tally_change(before)
    assert change == Tally(sent=2, failed=1, unknown=1, finished_chunks=1)


def test_a_later_change_moves_the_tally_by_its_difference() -> None:
    """An unknown that turns out sent moves from one count to the other; nobody is added."""
    before = claimed(chunk_of(2), 0, 1).record(FIRST, {0: Accepted("m-0"), 1: Unknown("cut")})
    after = before.record(FIRST, {1: Accepted("m-1")})
    assert after.tally_change(before) == Tally(sent=1, unknown=-1)
    assert after.tally_change(after) is None


OUTCOMES: st.SearchStrategy[Outcome] = st.sampled_from(
    [
        Accepted("m-1"),
        Refused("no such mailbox"),
        Unknown("cut"),
        NotSent("throttled"),
        AccountBlocked("sending paused"),
    ]
)


class AnyHistory(RuleBasedStateMachine):
    """Workers that claim, answer late, twice or never; leases that run out; a cancel."""

    def __init__(self) -> None:
        """Before the first step."""
        super().__init__()
        self.now: datetime = NOW
        self.chunk = chunk_of(1)
        self.tally = Tally()
        self.claims: dict[AttemptToken, tuple[int, ...]] = {}
        self.answers: dict[AttemptToken, dict[int, Outcome]] = {}
        self.recorded: set[AttemptToken] = set()

    @initialize(size=st.integers(1, 5))
    def begin(self, size: int) -> None:
        """All pending."""
        self.chunk = chunk_of(size)

    @rule(minutes=st.sampled_from([0.5, 1, 2]))
    def time_passes(self, minutes: float) -> None:
        """Leases run out."""
        self.now += minutes * MINUTE

    @precondition(lambda self: not self.chunk.is_held(self.now))
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        """A worker takes some of the pending, and finds some of them suppressed."""
        if not self.chunk.pending:
            return
        pending = st.sampled_from(self.chunk.pending)
        positions = data.draw(st.sets(pending, min_size=1))
        suppressed = data.draw(st.sets(pending)) & positions
        attempt = AttemptToken(f"attempt-{len(self.claims)}")
        for position in positions - suppressed:
            for earlier, claim in self.claims.items():
                if position in claim:
                    # Only a mail that certainly was not sent may be followed by another.
                    assert earlier in self.recorded
                    assert isinstance(self.answers[earlier][position], NotSent | AccountBlocked)
        lease = Lease(attempt, self.now + MINUTE)
        self.write(self.chunk.claim(positions, suppressed=suppressed, lease=lease))
        self.claims[attempt] = tuple(positions - suppressed)
        self.answers[attempt] = {position: data.draw(OUTCOMES) for position in self.claims[attempt]}

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def record(self, data: st.DataObject) -> None:
        """A worker writes down its outcomes: in time, late, or once more."""
        attempt = data.draw(st.sampled_from(sorted(self.claims)))
        self.recorded.add(attempt)
        self.write(self.chunk.record(attempt, self.answers[attempt]))
        for position, outcome in self.answers[attempt].items():
            if isinstance(outcome, Accepted):
                assert self.chunk.progress[position].state is SENT

    @precondition(lambda self: not self.chunk.is_held(self.now))
    @rule()
    def give_up_dead_attempts(self) -> None:
        """Another worker finds nothing pending."""
        self.write(self.chunk.without_dead_attempts())

    @precondition(lambda self: not self.chunk.is_held(self.now))
    @rule()
    def cancel(self) -> None:
        """A worker finds the campaign cancelled."""
        self.write(self.chunk.without_dead_attempts().skip_pending())

    @rule()
    def check_later(self) -> None:
        """The reconciler looks."""
        if self.chunk.next_check_at is not None:
            self.write(self.chunk.check_later(self.now, MINUTE))

    def write(self, after: Chunk) -> None:
        """Every write moves states along the table, and the tally with them."""
        for old, new in zip(self.chunk.progress, after.progress, strict=True):
            targets = set(RECIPIENT_TRANSITIONS[old.state].values())
            assert new.state is old.state or new.state in targets
            assert old.state is not SENT or new == old
        self.tally += after.tally_change(self.chunk) or Tally()
        self.chunk = after

    @invariant()
    def the_tally_is_what_the_chunk_shows(self) -> None:
        """All recipients of a finished chunk are counted, none of an unfinished one."""
        shown = Tally.of(self.chunk.progress) if self.chunk.is_finished else Tally()
        assert self.tally == shown

    @invariant()
    def a_finished_chunk_is_left_alone(self) -> None:
        """Finished: no lease, no check; unfinished: somebody will look at it."""
        assert self.chunk.is_finished is (self.chunk.next_check_at is None)
        assert not (self.chunk.is_finished and self.chunk.lease)


TestAnyHistory = AnyHistory.TestCase
