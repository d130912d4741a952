"""Sending a chunk: nobody twice, nobody lost, and what cannot be known is shown."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.memory.mailer import MemoryMailer
from adapters.memory.queue import MemorySendQueue
from adapters.memory.rate_limiter import MemoryRateLimiter
from domain.campaign import Campaign, CampaignCategory, CampaignState, PauseReason
from domain.chunk import Chunk, ChunkRef
from domain.contact import ContactDraft
from domain.delivery_policy import DeliveryPolicy
from domain.errors import DependencyRefused, DependencyUnavailable, VersionConflict
from domain.grants import TOLERANCE, WINDOW, Grant
from domain.identifiers import CampaignId, SegmentId
from domain.message import Message
from domain.outcome import AccountBlocked, NotSent, Outcome, Refused, Unknown
from domain.priority import Priority
from domain.recipient import RecipientState
from domain.sending_quota import SendingQuota
from domain.tally import Tally
from domain.use_cases.create_campaign import CampaignRequest
from tests.unit.faults import (
    AnsweringMailer,
    Died,
    DyingMailer,
    FailingChunks,
    InterruptedMailer,
    OvertakenCampaigns,
    OvertakenChunks,
    PickyQueue,
    SetBackLimiter,
    SlowChunks,
    UnreadableAccount,
)
from tests.unit.sentinel import FOOTER, GREETING, MINUTE, NOW, Sentinel, SettableClock, addresses

USED_UP = SendingQuota(max_rate=14, max_a_day=200, sent_last_day=200)
FIRST = "person-0@example.com"
SECOND = "person-1@example.com"


class InterruptedLimiter(MemoryRateLimiter):
    """Something happens while the worker waits for its place."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        """Far from its limit."""
        super().__init__(1_000)
        self._meanwhile = meanwhile

    def request(
        self, messages: int, now: datetime, patience: timedelta, priority: Priority
    ) -> Grant | timedelta:
        """Granted; meanwhile the world goes on."""
        self._meanwhile()
        return super().request(messages, now, patience, priority)


class OvertakenThenSilentChunks(OvertakenChunks):
    """The record loses its race, and the read that follows gets no answer, once."""

    def __init__(self, sentinel: Sentinel) -> None:
        """The claim is write 0, the record write 1."""
        super().__init__(sentinel.database, [1])
        self._silences = 0

    def save(self, chunk: Chunk, before: Chunk) -> Chunk:
        """Overtaken at the record."""
        try:
            return super().save(chunk, before)
        except VersionConflict:
            self._silences += 1
            raise

    def load(self, ref: ChunkRef) -> tuple[Campaign, Chunk] | None:
        """No answer after the first lost race."""
        if self._silences == 1:
            self._silences += 1
            raise DependencyUnavailable("The store did not answer.")
        return super().load(ref)


class RecordingMailer(MemoryMailer):
    """Notes how many messages each call had."""

    def __init__(self, clock: SettableClock) -> None:
        """No calls yet."""
        super().__init__(clock)
        self.calls: list[int] = []

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """Accepted."""
        self.calls.append(len(messages))
        return super().send(messages, within)


def outlast_lease(sentinel: Sentinel) -> None:
    """Until whoever holds a chunk has lost it."""
    sentinel.clock.sleep(sentinel.policy.send_lease)


def run_another_worker(sentinel: Sentinel) -> bool:
    """On the only chunk, as when its message is delivered twice; whether it was finished."""
    (chunk,) = sentinel.stored_chunks()
    return sentinel.send_chunk(chunk.ref)


def state_of(sentinel: Sentinel, address: str) -> RecipientState:
    """How far somebody is."""
    return sentinel.recipient_states()[address]


def reason_of(sentinel: Sentinel, address: str) -> str | None:
    """What people read of somebody."""
    (chunk,) = sentinel.stored_chunks()
    position = [recipient.address for recipient in chunk.recipients].index(address)
    return chunk.progress[position].reason


def test_a_mail_names_its_place(sentinel: Sentinel) -> None:
    """Each mail is merged for its person and carries what leads its events back to them."""
    campaign_id = sentinel.create_started(2)
    sentinel.run_workers()
    for mail in sentinel.mailer.outbox:
        number = mail.message.to.removeprefix("person-").removesuffix("@example.com")
        assert mail.message.subject == f"News for N{number}"
        assert mail.message.html == f"<p>Hello N{number}</p>"
        assert mail.message.text.startswith(f"Hello N{number}\n")
        chunk = sentinel.database.chunks[mail.message.chunk]
        assert chunk.recipients[mail.message.position].address == mail.message.to
        assert chunk.progress[mail.message.position].message_id == mail.message_id
        assert mail.message.reference == f"{campaign_id}/0/0/{mail.message.position}"


def test_a_message_delivered_twice(sentinel: Sentinel) -> None:
    """A message of the queue that comes again mails nobody again."""
    campaign_id = sentinel.create_started(3)
    (chunk,) = sentinel.stored_chunks()
    sentinel.queue.enqueue([chunk.ref], Priority.NORMAL)
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(3)
    assert run_another_worker(sentinel)
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)


def test_two_workers_at_once(sentinel: Sentinel) -> None:
    """A second worker that comes while the first is sending leaves the chunk alone."""
    campaign_id = sentinel.create_started(3)
    finished: list[bool] = []
    sentinel.mailer = InterruptedMailer(
        sentinel.clock, lambda: finished.append(run_another_worker(sentinel))
    )
    sentinel.run_workers()
    assert finished == [False]
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_worker_that_stalls_past_its_lease(sentinel: Sentinel) -> None:
    """A second worker shows as unknown what the first is still at; its late proof then wins."""
    campaign_id = sentinel.create_started(3)
    seen: list[Tally] = []

    def stall() -> None:
        outlast_lease(sentinel)
        run_another_worker(sentinel)
        seen.append(sentinel.tally(campaign_id))

    sentinel.mailer = InterruptedMailer(sentinel.clock, stall)
    sentinel.run_workers()
    assert seen == [Tally(unknown=3, finished_chunks=1)]
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_stalled_worker_does_not_send_the_rest_twice(sentinel: Sentinel) -> None:
    """Where a second worker took the chunk over, the rest of it is sent once, by either."""
    sentinel.limiter = MemoryRateLimiter(10)
    campaign_id = sentinel.create_started(25)

    def stall() -> None:
        outlast_lease(sentinel)
        run_another_worker(sentinel)

    sentinel.mailer = InterruptedMailer(sentinel.clock, stall)
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(25)
    assert sentinel.tally(campaign_id) == Tally(sent=25, finished_chunks=1)


@pytest.mark.parametrize("accepted", [0, 1, 3])
def test_a_worker_that_dies_while_sending(sentinel: Sentinel, accepted: int) -> None:
    """Whom a worker died over shows as unknown, is not mailed again, and the campaign ends."""
    campaign_id = sentinel.create_started(3)
    sentinel.mailer = DyingMailer(sentinel.clock, accepted)
    with pytest.raises(Died):
        sentinel.run_workers()
    assert len(sentinel.mailed()) == accepted
    sentinel.pass_time(15 * MINUTE)
    assert len(sentinel.mailed()) == accepted
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.tally(campaign_id) == Tally(unknown=3, finished_chunks=1)
    assert set(sentinel.recipient_states().values()) == {RecipientState.UNKNOWN}


def test_a_worker_that_dies_keeps_only_its_micro_batch(sentinel: Sentinel) -> None:
    """What a dead worker had not begun is sent by another one."""
    sentinel.limiter = MemoryRateLimiter(10)
    campaign_id = sentinel.create_started(25)
    sentinel.mailer = DyingMailer(sentinel.clock, 4)
    with pytest.raises(Died):
        sentinel.run_workers()
    sentinel.pass_time(15 * MINUTE)
    assert len(set(sentinel.mailed())) == len(sentinel.mailed()) == 4 + 15
    assert sentinel.tally(campaign_id) == Tally(sent=15, unknown=10, finished_chunks=1)
    assert sentinel.state(campaign_id) is CampaignState.SENT


@pytest.mark.parametrize(
    ("failing", "tally"),
    [
        ([0], Tally(sent=3, finished_chunks=1)),
        ([1], Tally(sent=3, finished_chunks=1)),
        (range(1, 10), Tally(sent=3, finished_chunks=1)),
        (range(1, 18), Tally(unknown=3, finished_chunks=1)),
    ],
)
def test_a_store_that_does_not_answer(
    sentinel: Sentinel, failing: Sequence[int], tally: Tally
) -> None:
    """Outcomes are written as long as the lease lasts; nobody is lost or mailed twice."""
    campaign_id = sentinel.create_started(3)
    sentinel.chunks = FailingChunks(sentinel.database, failing)
    sentinel.run_workers()
    sentinel.pass_time(15 * MINUTE)
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.tally(campaign_id) == tally
    assert sentinel.state(campaign_id) is CampaignState.SENT


@pytest.mark.parametrize("overtaken", [[0], [1], [1, 2, 3, 4], [0, 2]])
def test_a_lost_race(sentinel: Sentinel, overtaken: list[int]) -> None:
    """A worker that loses the race for a write looks again: nobody lost, nobody twice."""
    campaign_id = sentinel.create_started(3)
    sentinel.chunks = OvertakenChunks(sentinel.database, overtaken)
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_lost_race_and_a_store_that_does_not_answer(sentinel: Sentinel) -> None:
    """Outcomes known to the worker are written once the store answers again, race lost or not."""
    campaign_id = sentinel.create_started(3)
    sentinel.chunks = OvertakenThenSilentChunks(sentinel)
    sentinel.run_workers()
    sentinel.pass_time(15 * MINUTE)
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)


def test_a_race_lost_over_and_over(sentinel: Sentinel) -> None:
    """Outcomes are written in the end, however often somebody else was first."""
    campaign_id = sentinel.create_started(3)
    sentinel.chunks = OvertakenChunks(sentinel.database, range(1, 6))
    sentinel.run_workers()
    sentinel.pass_time(15 * MINUTE)
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)


def test_a_suppressed_address_is_not_mailed(sentinel: Sentinel) -> None:
    """Who was on the suppression list before the start gets nothing, and is counted so."""
    campaign_id = sentinel.create(3)
    sentinel.suppress(FIRST)
    sentinel.run()
    assert sorted(sentinel.mailed()) == addresses(3)[1:]
    assert sentinel.tally(campaign_id) == Tally(sent=2, suppressed=1, finished_chunks=1)
    assert state_of(sentinel, FIRST) is RecipientState.SUPPRESSED


def test_suppressed_after_the_start(sentinel: Sentinel) -> None:
    """Who complains between the start and their turn gets nothing."""
    campaign_id = sentinel.create_started(3)
    sentinel.suppress(FIRST)
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(3)[1:]
    assert sentinel.tally(campaign_id) == Tally(sent=2, suppressed=1, finished_chunks=1)


def test_suppressed_while_waiting_for_the_limiter(sentinel: Sentinel) -> None:
    """Even who complains while the worker waits for its place gets nothing."""
    campaign_id = sentinel.create_started(3)
    sentinel.limiter = InterruptedLimiter(lambda: sentinel.suppress(FIRST))
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(3)[1:]
    assert sentinel.tally(campaign_id) == Tally(sent=2, suppressed=1, finished_chunks=1)


def test_everybody_suppressed(sentinel: Sentinel) -> None:
    """A campaign of which everybody is suppressed ends, with no mail."""
    campaign_id = sentinel.create_started(2)
    sentinel.suppress(FIRST)
    sentinel.suppress(SECOND)
    sentinel.run_workers()
    assert sentinel.mailed() == []
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.tally(campaign_id) == Tally(suppressed=2, finished_chunks=1)


@pytest.mark.parametrize(
    ("outcome", "tally", "state"),
    [
        (
            Refused("no such mailbox"),
            Tally(sent=2, failed=1, finished_chunks=1),
            RecipientState.FAILED,
        ),
        (
            Unknown("connection dropped"),
            Tally(sent=2, unknown=1, finished_chunks=1),
            RecipientState.UNKNOWN,
        ),
    ],
)
def test_a_final_outcome(
    sentinel: Sentinel, outcome: Refused | Unknown, tally: Tally, state: RecipientState
) -> None:
    """A refusal is failed, a lost answer unknown: counted, explained, and never sent again."""
    campaign_id = sentinel.create_started(3)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [outcome]})
    sentinel.run_workers()
    sentinel.pass_time(60 * MINUTE)
    assert sorted(sentinel.mailed()) == addresses(3)[1:]
    assert sentinel.tally(campaign_id) == tally
    assert state_of(sentinel, FIRST) is state
    assert reason_of(sentinel, FIRST) == outcome.reason
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_throttled_is_tried_again_later(sentinel: Sentinel, clock: SettableClock) -> None:
    """Who was throttled is tried again after a pause, the others are not."""
    campaign_id = sentinel.create_started(3)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [NotSent("throttled")] * 2})
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(3)[1:]
    assert state_of(sentinel, FIRST) is RecipientState.PENDING
    for _ in range(2):
        clock.sleep(sentinel.policy.backoff(1, 0.5) - timedelta(microseconds=1))
        sentinel.run_workers()
        assert sorted(sentinel.mailed()) == addresses(3)[1:]
        clock.sleep(timedelta(microseconds=1))
        sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_throttled_again_and_again(sentinel: Sentinel, clock: SettableClock) -> None:
    """Each pause is twice as long, up to a bound, and none is counted as a receive."""
    sentinel.create_started(1)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [NotSent("throttled")] * 12})
    sentinel.run_workers()
    waits = []
    for failures in range(1, 13):
        waits.append(sentinel.policy.backoff(failures, 0.5))
        clock.sleep(waits[-1] - timedelta(microseconds=1))
        assert sentinel.queue.receive(1, timedelta(), Priority.NORMAL) == []
        clock.sleep(timedelta(microseconds=1))
        sentinel.run_workers()

    assert sentinel.mailed() == [FIRST]
    assert waits[:3] == [timedelta(seconds=each) for each in (2.5, 5, 10)]
    assert waits[-1] == sentinel.policy.longest_retry_delay / 2
    assert sentinel.queue.dead_letters == []


def test_throttled_and_the_queue_refuses(sentinel: Sentinel) -> None:
    """Who was throttled is not lost where the queue does not take the retry."""
    campaign_id = sentinel.create_started(3)
    (chunk,) = sentinel.stored_chunks()
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [NotSent("throttled")]})
    sentinel.queue = PickyQueue(sentinel.clock, refusals=1)
    with pytest.raises(DependencyRefused):
        sentinel.send_chunk(chunk.ref)
    sentinel.pass_time(20 * MINUTE)
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT


@pytest.mark.parametrize(
    ("quota", "reason"), [(True, PauseReason.QUOTA), (False, PauseReason.ACCOUNT)]
)
def test_a_blocked_account_pauses(sentinel: Sentinel, *, quota: bool, reason: PauseReason) -> None:
    """An account out of quota or suspended pauses the campaign; nobody is failed for it."""
    campaign_id = sentinel.create_started(120)
    sentinel.account.allowed = USED_UP
    blocked = AccountBlocked("sending paused", quota=quota)
    sentinel.mailer = AnsweringMailer(
        sentinel.clock, {address: [blocked] for address in addresses(120)}
    )
    sentinel.run_workers()
    sentinel.pass_time(60 * MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.PAUSED
    assert sentinel.campaign(campaign_id).pause_reason is reason
    assert sentinel.mailed() == []
    assert set(sentinel.recipient_states().values()) == {RecipientState.PENDING}


def test_marketing_without_a_postal_address_pauses(sentinel: Sentinel) -> None:
    """Deployed again without one, nobody is mailed; once it is back, everybody is."""
    campaign_id = sentinel.create_started(120)
    sentinel.footer = replace(FOOTER, postal_address="")
    sentinel.run_workers()
    sentinel.pass_time(60 * MINUTE)
    assert sentinel.mailed() == []
    assert sentinel.campaign(campaign_id).pause_reason is PauseReason.POSTAL_ADDRESS
    assert set(sentinel.recipient_states().values()) == {RecipientState.PENDING}
    (report,) = sentinel.metrics.of("campaign_halted")
    assert report.campaign is not None
    assert report.campaign.state is CampaignState.PAUSED

    sentinel.resume_campaign(campaign_id)
    sentinel.run()
    assert sentinel.campaign(campaign_id).pause_reason is PauseReason.POSTAL_ADDRESS

    sentinel.footer = FOOTER
    sentinel.resume_campaign(campaign_id)
    sentinel.run()
    assert sorted(sentinel.mailed()) == addresses(120)
    assert all(FOOTER.postal_address in mail.message.text for mail in sentinel.mailer.outbox)


def test_transactional_mail_needs_no_postal_address(sentinel: Sentinel) -> None:
    """It is no advertisement."""
    sentinel.footer = replace(FOOTER, postal_address="")
    request = CampaignRequest(
        name="Your order",
        template_id=sentinel.add_template(),
        segment_id=sentinel.add_segment([{"name": "Ann"}]),
        category=CampaignCategory.TRANSACTIONAL,
    )
    sentinel.create_campaign(request)
    sentinel.run()
    assert sentinel.mailed() == [FIRST]


def test_a_used_up_quota_pauses_until_there_is_some(sentinel: Sentinel) -> None:
    """The campaign says when it is looked at again, and goes on by itself."""
    campaign_id = sentinel.create_started(120)
    sentinel.account.allowed = USED_UP
    blocked = AccountBlocked("out of quota", quota=True)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [blocked]})
    sentinel.run_workers()
    paused = sentinel.campaign(campaign_id)
    assert paused.resume_at == sentinel.clock.now() + sentinel.policy.quota_pause
    sentinel.pass_time(60 * MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.PAUSED

    sentinel.account.allowed = replace(USED_UP, sent_last_day=100)
    sentinel.pass_time(sentinel.policy.quota_pause)

    assert sorted(sentinel.mailed()) == addresses(120)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.campaign(campaign_id).pause_reason is None


def test_a_person_takes_over_a_pause_that_would_end(sentinel: Sentinel) -> None:
    """Whoever pauses what is out of quota finds it paused the next morning."""
    campaign_id = sentinel.create_started(3)
    blocked = AccountBlocked("out of quota", quota=True)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [blocked]})
    sentinel.run_workers()

    sentinel.pause(campaign_id)
    sentinel.pass_time(60 * MINUTE)

    assert sentinel.campaign(campaign_id).pause_reason is PauseReason.OPERATOR
    assert sentinel.campaign(campaign_id).resume_at is None


def test_a_quota_that_cannot_be_read(sentinel: Sentinel) -> None:
    """The campaign does not wait for it: the next send tells."""
    campaign_id = sentinel.create_started(3)
    sentinel.account = UnreadableAccount()
    blocked = AccountBlocked("out of quota", quota=True)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [blocked]})
    sentinel.run_workers()
    sentinel.pass_time(2 * sentinel.policy.quota_pause)
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_blocked_account_keeps_what_was_accepted(sentinel: Sentinel) -> None:
    """Where the quota ends within a batch, who was accepted before counts as sent."""
    campaign_id = sentinel.create_started(2)
    blocked = AccountBlocked("out of quota", quota=True)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {SECOND: [blocked]})
    sentinel.run_workers()
    assert sentinel.mailed() == [FIRST]
    assert state_of(sentinel, FIRST) is RecipientState.SENT
    assert state_of(sentinel, SECOND) is RecipientState.PENDING
    assert sentinel.state(campaign_id) is CampaignState.PAUSED


def test_a_blocked_account_and_a_lost_race(sentinel: Sentinel) -> None:
    """The pause is written though somebody else wrote the campaign first; nobody is lost."""
    campaign_id = sentinel.create_started(1)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [AccountBlocked("suspended")]})
    sentinel.campaigns = OvertakenCampaigns(sentinel.database, times=1)
    sentinel.run_workers()
    assert state_of(sentinel, FIRST) is RecipientState.PENDING
    assert sentinel.state(campaign_id) is CampaignState.PAUSED


def test_a_blocked_account_of_a_cancelled_campaign(sentinel: Sentinel) -> None:
    """A campaign cancelled while its account was blocked stays cancelled, nobody pending."""
    campaign_id = sentinel.create_started(1)

    class Mailer(AnsweringMailer):
        """People cancel in the middle of the call."""

        def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
            """Blocked."""
            sentinel.cancel(campaign_id)
            return super().send(messages, within)

    sentinel.mailer = Mailer(sentinel.clock, {FIRST: [AccountBlocked("suspended")]})
    sentinel.run_workers()
    sentinel.pass_time(15 * MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.CANCELLED
    assert sentinel.tally(campaign_id) == Tally(skipped=1, finished_chunks=1)


def test_somebody_who_cannot_be_rendered(sentinel: Sentinel) -> None:
    """Who lacks a field that the template needs is failed with the reason; the others get it."""
    campaign_id = sentinel.create(1)
    (late,) = sentinel.contacts.put([ContactDraft.of("late@example.com", {})])
    sentinel.segments.add_members(SegmentId("everyone"), [late.contact_id])
    sentinel.run()
    assert sentinel.mailed() == [FIRST]
    assert sentinel.tally(campaign_id) == Tally(sent=1, failed=1, finished_chunks=1)
    assert state_of(sentinel, "late@example.com") is RecipientState.FAILED
    assert "subject" in (reason_of(sentinel, "late@example.com") or "")


def test_nobody_who_can_be_rendered(sentinel: Sentinel) -> None:
    """The provider is not called for a chunk of which nobody can be rendered."""
    campaign_id = sentinel.create(0)
    (late,) = sentinel.contacts.put([ContactDraft.of("late@example.com", {})])
    sentinel.segments.add_members(SegmentId("everyone"), [late.contact_id])
    mailer = RecordingMailer(sentinel.clock)
    sentinel.mailer = mailer
    sentinel.run()
    assert mailer.calls == []
    assert sentinel.tally(campaign_id) == Tally(failed=1, finished_chunks=1)


def test_cancelled_before_its_turn(sentinel: Sentinel) -> None:
    """Who is pending when people cancel gets no mail and is counted as skipped."""
    campaign_id = sentinel.create_started(60)
    sentinel.cancel(campaign_id)
    sentinel.run_workers()
    assert sentinel.mailed() == []
    assert sentinel.state(campaign_id) is CampaignState.CANCELLED
    assert sentinel.tally(campaign_id) == Tally(skipped=60, finished_chunks=2)


def test_cancelled_while_waiting_for_the_limiter(sentinel: Sentinel) -> None:
    """A cancel that comes while the worker waits for its place still keeps everybody's mail."""
    campaign_id = sentinel.create_started(3)
    sentinel.limiter = InterruptedLimiter(lambda: sentinel.cancel(campaign_id))
    sentinel.run_workers()
    assert sentinel.mailed() == []
    assert sentinel.tally(campaign_id) == Tally(skipped=3, finished_chunks=1)


def test_paused_while_waiting_for_the_limiter(sentinel: Sentinel) -> None:
    """A pause that comes while the worker waits for its place holds everybody's mail."""
    campaign_id = sentinel.create_started(3)
    sentinel.limiter = InterruptedLimiter(lambda: sentinel.pause(campaign_id))
    sentinel.run_workers()
    assert sentinel.mailed() == []
    assert set(sentinel.recipient_states().values()) == {RecipientState.PENDING}


def test_cancelled_while_sending(sentinel: Sentinel) -> None:
    """A cancel takes hold within one micro-batch: its mails count, the rest is skipped."""
    sentinel.limiter = MemoryRateLimiter(10)
    campaign_id = sentinel.create_started(25)
    sentinel.mailer = InterruptedMailer(sentinel.clock, lambda: sentinel.cancel(campaign_id))
    sentinel.run_workers()
    assert len(sentinel.mailed()) == 10
    assert sentinel.state(campaign_id) is CampaignState.CANCELLED
    assert sentinel.tally(campaign_id) == Tally(sent=10, skipped=15, finished_chunks=1)


def test_cancelled_under_a_dead_worker(sentinel: Sentinel) -> None:
    """Whom a worker died over is unknown, not skipped, though the campaign was cancelled."""
    sentinel.limiter = MemoryRateLimiter(10)
    campaign_id = sentinel.create_started(25)
    sentinel.mailer = DyingMailer(sentinel.clock, 4)
    with pytest.raises(Died):
        sentinel.run_workers()
    sentinel.cancel(campaign_id)
    sentinel.pass_time(15 * MINUTE)
    assert len(sentinel.mailed()) == 4
    assert sentinel.tally(campaign_id) == Tally(unknown=10, skipped=15, finished_chunks=1)


def test_paused_while_sending(sentinel: Sentinel) -> None:
    """A pause takes hold within one micro-batch; who is pending stays so."""
    sentinel.limiter = MemoryRateLimiter(10)
    campaign_id = sentinel.create_started(25)
    sentinel.mailer = InterruptedMailer(sentinel.clock, lambda: sentinel.pause(campaign_id))
    sentinel.run_workers()
    sentinel.pass_time(60 * MINUTE)
    assert len(sentinel.mailed()) == 10
    assert sentinel.state(campaign_id) is CampaignState.PAUSED
    states = list(sentinel.recipient_states().values())
    assert states.count(RecipientState.SENT) == 10
    assert states.count(RecipientState.PENDING) == 15


def test_the_rate_is_kept(sentinel: Sentinel) -> None:
    """No second has more mails than the limit, over all chunks."""
    sentinel.limiter = MemoryRateLimiter(10)
    campaign_id = sentinel.create(120)
    sentinel.run()
    sentinel.pass_time(5 * MINUTE)
    assert sorted(sentinel.mailed()) == addresses(120)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    moments = [mail.at for mail in sentinel.mailer.outbox]
    assert max(sum(start <= at < start + WINDOW for at in moments) for start in moments) == 10


def test_one_call_takes_several_chunks(sentinel: Sentinel) -> None:
    """Where the limit allows it, and the provider takes so many."""
    mailer = RecordingMailer(sentinel.clock)
    sentinel.mailer = mailer
    sentinel.create(120)
    sentinel.run()
    assert mailer.calls == [120]


def test_a_busy_limiter_puts_the_chunk_back(sentinel: Sentinel, clock: SettableClock) -> None:
    """Where the wait is too long, the chunk goes back unclaimed and is sent when there is room."""
    sentinel.limiter = MemoryRateLimiter(10)
    while isinstance(
        sentinel.limiter.request(10, NOW, sentinel.policy.send_lease, Priority.NORMAL), Grant
    ):
        pass
    campaign_id = sentinel.create_started(3)
    sentinel.run_workers()
    assert clock.now() == NOW
    assert set(sentinel.recipient_states().values()) == {RecipientState.PENDING}
    clock.sleep(sentinel.policy.send_lease)
    sentinel.run_workers()
    assert sentinel.mailed() == []
    clock.sleep(timedelta(seconds=5))
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT


@pytest.mark.parametrize("at_once", [True, False])
def test_who_is_to_end_claims_nobody_more(sentinel: Sentinel, *, at_once: bool) -> None:
    """After the micro-batch that is under way: the rest is there for others, at once."""
    sentinel.limiter = MemoryRateLimiter(10)
    campaign_id = sentinel.create_started(120)
    deliveries = sentinel.queue.receive(10, timedelta(), Priority.NORMAL)
    send_chunks = replace(
        sentinel.send_chunks, is_ending=lambda: at_once or len(sentinel.mailed()) > 0
    )
    done = replace(sentinel.send_batch, send_chunks=send_chunks)(deliveries)
    assert list(done) == list(deliveries)
    sentinel.queue.acknowledge(done)
    assert len(sentinel.mailed()) == (0 if at_once else 10)
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(120)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_who_is_to_end_while_waiting_for_the_limiter_claims_nobody(sentinel: Sentinel) -> None:
    """The place is lost, and nobody is of unknown outcome."""
    ending: list[bool] = []
    sentinel.create_started(3)
    sentinel.limiter = InterruptedLimiter(lambda: ending.append(True))
    (delivery,) = sentinel.queue.receive(10, timedelta(), Priority.NORMAL)
    send_chunks = replace(sentinel.send_chunks, is_ending=lambda: bool(ending))
    assert send_chunks([delivery.chunk]) == frozenset()
    assert set(sentinel.recipient_states().values()) == {RecipientState.PENDING}
    (again,) = sentinel.queue.receive(10, timedelta(), Priority.NORMAL)
    assert again.chunk == delivery.chunk


@pytest.mark.parametrize("seconds", [0.251, 1, 120])
def test_too_late_for_its_place(sentinel: Sentinel, seconds: float) -> None:
    """A worker held up past its place in time does not send: it asks for a new place, later."""
    campaign_id = sentinel.create_started(3)
    asked: list[datetime] = []
    sentinel.limiter = InterruptedLimiter(lambda: asked.append(sentinel.clock.now()))
    sentinel.chunks = SlowChunks(sentinel.database, sentinel.clock, timedelta(seconds=seconds))
    sentinel.run_workers()
    assert sentinel.mailed() == []
    sentinel.clock.sleep(sentinel.policy.retry_delay)
    sentinel.run_workers()
    assert asked == [NOW, NOW + timedelta(seconds=seconds) + sentinel.policy.retry_delay]
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)


def test_a_clock_set_back_while_a_place_is_waited_for(sentinel: Sentinel) -> None:
    """The worker does not wait for the hour to come again: its place is lost, and it asks anew."""
    sentinel.create_started(3)
    sentinel.limiter = SetBackLimiter(sentinel.clock.set_back)
    sentinel.run_workers()
    sentinel.clock.sleep(sentinel.policy.retry_delay)
    sentinel.run_workers()
    assert sentinel.clock.monotonic() < MINUTE
    assert sorted(sentinel.mailed()) == addresses(3)


def test_in_time_for_its_place(sentinel: Sentinel) -> None:
    """A worker held up by no more than the tolerance uses the place it has."""
    sentinel.create_started(3)
    asked: list[datetime] = []
    sentinel.limiter = InterruptedLimiter(lambda: asked.append(sentinel.clock.now()))
    sentinel.chunks = SlowChunks(sentinel.database, sentinel.clock, TOLERANCE)
    sentinel.run_workers()
    assert asked == [NOW]
    assert sorted(sentinel.mailed()) == addresses(3)


def test_too_late_for_its_lease(sentinel: Sentinel) -> None:
    """A worker does not begin a call that its lease might not outlast: it claims anew first."""
    sentinel.policy = DeliveryPolicy(send_lease=sentinel.mailer.timeout + TOLERANCE)
    sentinel.create_started(3)
    asked: list[datetime] = []
    sentinel.limiter = InterruptedLimiter(lambda: asked.append(sentinel.clock.now()))
    sentinel.chunks = SlowChunks(sentinel.database, sentinel.clock, TOLERANCE)
    sentinel.run_workers()
    assert sentinel.mailed() == []
    sentinel.clock.sleep(sentinel.policy.retry_delay)
    sentinel.run_workers()
    assert asked == [NOW, NOW + TOLERANCE + sentinel.policy.retry_delay]
    assert sorted(sentinel.mailed()) == addresses(3)


def test_a_lease_that_no_call_could_keep(sentinel: Sentinel) -> None:
    """A lease no longer than a call may take is refused at once, and says what to do."""
    sentinel.policy = DeliveryPolicy(send_lease=sentinel.mailer.timeout)
    with pytest.raises(ValueError, match=r"send_lease: .* make it longer"):
        _ = sentinel.send_chunks


def test_a_policy_of_negative_times() -> None:
    """It is refused, and the field is named."""
    with pytest.raises(ValueError, match="record_reserve"):
        DeliveryPolicy(record_reserve=timedelta(seconds=-1))


def test_a_store_that_does_not_answer_until_time_is_over(sentinel: Sentinel) -> None:
    """Outcomes are tried to be written until the deadline, and not until the end of the lease."""
    sentinel.create_started(3)
    (chunk,) = sentinel.stored_chunks()
    sentinel.chunks = FailingChunks(sentinel.database, range(1, 1_000))
    deadline = timedelta(seconds=20)
    with pytest.raises(DependencyUnavailable):
        sentinel.send_chunk(chunk.ref, deadline)
    assert deadline - timedelta(seconds=5) <= sentinel.clock.monotonic() < deadline


def test_a_chunk_that_is_gone(sentinel: Sentinel) -> None:
    """A message whose chunk was deleted is dealt with quietly."""
    sentinel.create_started(3)
    sentinel.database.chunks.clear()
    sentinel.run_workers()
    assert sentinel.mailed() == []
    sentinel.clock.sleep(timedelta(hours=1))
    assert sentinel.queue.receive(10, timedelta(), Priority.NORMAL) == []


def test_one_bad_chunk_does_not_stop_the_others(sentinel: Sentinel) -> None:
    """A chunk that cannot be sent comes again and ends as a dead letter; the others are sent."""
    sentinel.queue = MemorySendQueue(sentinel.clock, max_receives=2)
    campaign_id = sentinel.create_started(120)
    bad = sentinel.stored_chunks()[0]
    other = CampaignId("cmp_other")
    sentinel.database.campaigns[other] = sentinel.campaign(campaign_id)
    damaged = ChunkRef(other, 0, 0)
    sentinel.database.chunks[damaged] = Chunk.new(damaged, bad.recipients, NOW)
    sentinel.queue.enqueue([damaged], Priority.NORMAL)
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(120)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    for _ in range(3):
        sentinel.clock.sleep(timedelta(minutes=6))
        sentinel.run_workers()
    assert sentinel.queue.dead_letters == [damaged]


def test_the_finisher_that_dies_before_its_check(sentinel: Sentinel) -> None:
    """A chunk finished by a worker that then died leads to `sent` when its message comes again."""
    campaign_id = sentinel.create_started(3)
    (delivery,) = sentinel.queue.receive(10, timedelta(), Priority.NORMAL)
    sentinel.send_chunk(delivery.chunk)
    assert sentinel.state(campaign_id) is CampaignState.SENDING
    sentinel.clock.sleep(timedelta(minutes=6))
    sentinel.run_workers()
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sorted(sentinel.mailed()) == addresses(3)


def test_mails_come_from_whom_the_template_says(sentinel: Sentinel) -> None:
    """From and Reply-To of the template as it was at the start; else neither."""
    content = replace(GREETING, sender="Help <help@example.com>", reply_to="b@example.com")
    sentinel.create_of(sentinel.add_template(content), sentinel.add_segment([{"name": "Ann"}]))
    sentinel.run()

    (mail,) = sentinel.mailer.outbox
    assert (mail.message.sender, mail.message.reply_to) == (
        "Help <help@example.com>",
        "b@example.com",
    )
