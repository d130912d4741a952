"""What the provider tells settles recipients and feeds the suppression list."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from adapters.memory.chunks import MemoryChunkRepository
from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk, ChunkRef
from domain.errors import DependencyUnavailable
from domain.identifiers import CampaignId
from domain.outcome import NotSent, Unknown
from domain.provider_event import ProviderEvent, ProviderEventKind
from domain.recipient import RecipientFlag, RecipientState
from domain.suppression import SuppressionReason
from domain.tally import Tally
from tests.unit.faults import AnsweringMailer, InterruptedMailer, OvertakenChunks
from tests.unit.sentinel import Sentinel, addresses

FIRST = "person-0@example.com"
SECOND = "person-1@example.com"


def event(
    sentinel: Sentinel, address: str, kind: ProviderEventKind, message_id: str = "m-told"
) -> ProviderEvent:
    """About the mail to this address."""
    ((ref, position),) = [
        (chunk.ref, position)
        for chunk in sentinel.stored_chunks()
        for position, recipient in enumerate(chunk.recipients)
        if recipient.address == address
    ]
    return ProviderEvent(
        kind=kind,
        chunk=ref,
        position=position,
        message_id=message_id,
        at=sentinel.clock.now(),
        addresses=(address,),
    )


def tell(sentinel: Sentinel, *events: ProviderEvent) -> None:
    """A message each, and they are dealt with."""
    for each in events:
        sentinel.provider_events.tell(each)
    sentinel.run_events()


def flags_of(sentinel: Sentinel, address: str) -> Collection[RecipientFlag]:
    """As stored."""
    return next(
        progress.flags
        for chunk in sentinel.stored_chunks()
        for recipient, progress in zip(chunk.recipients, chunk.progress, strict=True)
        if recipient.address == address
    )


def sent_but_one_unknown(sentinel: Sentinel) -> CampaignId:
    """Three recipients; of the first nobody knows."""
    campaign_id = sentinel.create_started(3)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [Unknown("cut")]})
    sentinel.run_workers()
    assert sentinel.tally(campaign_id) == Tally(sent=2, unknown=1, finished_chunks=1)
    return campaign_id


@pytest.mark.parametrize("kind", ProviderEventKind)
def test_whatever_it_tells_proves_that_it_took_the_mail(
    sentinel: Sentinel, kind: ProviderEventKind
) -> None:
    """An unknown outcome is settled as sent, also in a campaign that has ended, and counted."""
    campaign_id = sent_but_one_unknown(sentinel)

    tell(sentinel, event(sentinel, FIRST, kind))

    assert sentinel.recipient_states()[FIRST] is RecipientState.SENT
    tally = sentinel.tally(campaign_id)
    assert (tally.sent, tally.unknown, tally.recipients) == (3, 0, 3)


def test_told_twice_it_counts_once(sentinel: Sentinel) -> None:
    """Repeated in one batch or later, a complaint is one complaint."""
    campaign_id = sent_but_one_unknown(sentinel)
    complaint = event(sentinel, SECOND, ProviderEventKind.COMPLAINT)

    tell(sentinel, complaint, complaint)
    before = sentinel.stored_chunks()
    tell(sentinel, complaint)

    assert sentinel.tally(campaign_id).complained == 1
    assert sentinel.stored_chunks() == before


def test_out_of_order(sentinel: Sentinel) -> None:
    """The complaint before the delivery, the delivery before the send: nothing is lost by it."""
    campaign_id = sent_but_one_unknown(sentinel)

    tell(
        sentinel,
        event(sentinel, FIRST, ProviderEventKind.COMPLAINT),
        event(sentinel, FIRST, ProviderEventKind.DELIVERY),
        event(sentinel, FIRST, ProviderEventKind.SEND),
    )

    assert flags_of(sentinel, FIRST) == {RecipientFlag.COMPLAINED, RecipientFlag.DELIVERED}
    assert sentinel.tally(campaign_id) == Tally(
        sent=3, finished_chunks=1, delivered=1, complained=1
    )


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (ProviderEventKind.HARD_BOUNCE, SuppressionReason.BOUNCE),
        (ProviderEventKind.COMPLAINT, SuppressionReason.COMPLAINT),
    ],
)
def test_who_complained_is_not_mailed_by_a_campaign_already_fanned_out(
    sentinel: Sentinel, kind: ProviderEventKind, reason: SuppressionReason
) -> None:
    """A hard bounce or a complaint reaches the suppression list before the next micro-batch."""
    sent_but_one_unknown(sentinel)
    complaint = event(sentinel, SECOND, kind)
    template_id = sentinel.add_template(name="second")
    segment_id = sentinel.add_segment([{"name": "N"}] * 2, "again")
    second = sentinel.create_of(template_id, segment_id)
    sentinel.run_starts()

    tell(sentinel, complaint)
    sentinel.run_workers()

    assert sentinel.database.suppressions[SECOND].reason is reason
    assert sentinel.mailed().count(SECOND) == 1
    assert sentinel.tally(second) == Tally(sent=1, suppressed=1, finished_chunks=1)


def test_a_soft_bounce_suppresses_nobody(sentinel: Sentinel) -> None:
    """A full mailbox is empty again some day."""
    sent_but_one_unknown(sentinel)
    tell(sentinel, event(sentinel, SECOND, ProviderEventKind.SOFT_BOUNCE))
    assert sentinel.database.suppressions == {}
    assert flags_of(sentinel, SECOND) == {RecipientFlag.SOFT_BOUNCED}


def test_before_the_outcome_is_recorded(sentinel: Sentinel) -> None:
    """The provider is faster than the worker that sent: the worker's outcomes fit all the same."""
    campaign_id = sentinel.create_started(3)
    sentinel.mailer = InterruptedMailer(
        sentinel.clock,
        lambda: tell(sentinel, event(sentinel, FIRST, ProviderEventKind.SEND)),
    )
    sentinel.run()

    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    reported = [report.values["accepted"] for report in sentinel.metrics.of("sends")]
    assert reported == [1, 2], "each acceptance is counted once, by whoever wrote it"


def test_a_neighbour_is_proved_while_a_chunk_is_put_back(sentinel: Sentinel) -> None:
    """The throttled one is tried again after its pause, not when somebody finds the chunk."""
    sentinel.create_started(3)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [NotSent("throttled")]})
    # Written are the claim, the outcomes, and when the chunk is looked at: the last is overtaken.
    sentinel.chunks = OvertakenChunks(sentinel.database, overtaken=[2])
    sentinel.clock.sleep(sentinel.policy.chunk_check_interval - timedelta(seconds=1))
    sentinel.run_workers()
    sentinel.clock.sleep(sentinel.policy.retry_delay)
    sentinel.run_workers()
    assert sorted(sentinel.mailed()) == addresses(3)


def test_proof_that_ends_a_campaign(sentinel: Sentinel) -> None:
    """Everybody of a dead worker's batch is proved: the campaign ends without another mail."""
    campaign_id = sentinel.create_started(2)
    (chunk,) = sentinel.stored_chunks()
    tell(
        sentinel,
        *(event(sentinel, address, ProviderEventKind.SEND) for address in addresses(2)),
    )
    assert sentinel.state(campaign_id) is CampaignState.SENT
    sentinel.run_workers()
    assert sentinel.mailed() == []
    assert len(chunk.pending) == 2


def test_a_lost_race_with_a_worker(sentinel: Sentinel) -> None:
    """Somebody else wrote the chunk first: read again, and nothing of either is lost."""
    campaign_id = sent_but_one_unknown(sentinel)
    sentinel.chunks = OvertakenChunks(sentinel.database, overtaken=[0, 1])
    tell(sentinel, event(sentinel, FIRST, ProviderEventKind.SEND))
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)


class OneUnreadable(MemoryChunkRepository):
    """One chunk cannot be read."""

    unreadable: ChunkRef | None = None

    def load(self, ref: ChunkRef) -> tuple[Campaign, Chunk] | None:
        """Fails for that one."""
        if ref == self.unreadable:
            raise DependencyUnavailable("The store did not answer.")
        return super().load(ref)


def test_what_fails_comes_again_and_keeps_nobody_waiting(sentinel: Sentinel) -> None:
    """The events of a chunk that cannot be read stay on the queue; the others are recorded."""
    sentinel.create_started(60)
    first, second = sentinel.stored_chunks()
    chunks = OneUnreadable(sentinel.database)
    chunks.unreadable = first.ref
    sentinel.chunks = chunks
    told = [
        ProviderEvent(
            kind=ProviderEventKind.SEND,
            chunk=ref,
            position=0,
            message_id="m",
            at=sentinel.clock.now(),
        )
        for ref in (first.ref, second.ref)
    ]
    sentinel.provider_events.tell(told[0])
    sentinel.provider_events.tell(told[1])

    deliveries = sentinel.provider_events.receive(10, timedelta())
    done = sentinel.record_provider_events(deliveries)

    assert [delivery.events for delivery in done] == [(told[1],)]
    chunks.unreadable = None
    sentinel.run_events()
    assert [chunk.progress[0].state for chunk in sentinel.stored_chunks()] == [
        RecipientState.SENT,
        RecipientState.SENT,
    ]


def test_a_chunk_that_is_kept_no_longer(sentinel: Sentinel) -> None:
    """A complaint of long ago still reaches the suppression list, by the address it names."""
    tell(
        sentinel,
        ProviderEvent(
            kind=ProviderEventKind.COMPLAINT,
            chunk=ChunkRef(CampaignId("cmp_gone"), 0, 0),
            position=3,
            message_id="m",
            at=sentinel.clock.now(),
            addresses=("Old.Friend@EXAMPLE.com", "no address"),
        ),
    )
    assert list(sentinel.database.suppressions) == ["old.friend@example.com"]


def test_proof_of_nobody(sentinel: Sentinel) -> None:
    """A position that the chunk does not have is nobody's, and does no harm."""
    sent_but_one_unknown(sentinel)
    (chunk,) = sentinel.stored_chunks()
    tell(
        sentinel,
        ProviderEvent(
            kind=ProviderEventKind.SEND,
            chunk=chunk.ref,
            position=50,
            message_id="m",
            at=sentinel.clock.now(),
        ),
    )
    assert sentinel.stored_chunks() == [chunk]


def test_proof_is_reported(sentinel: Sentinel) -> None:
    """Operators see the acceptance that the worker did not."""
    sent_but_one_unknown(sentinel)
    tell(sentinel, event(sentinel, FIRST, ProviderEventKind.SEND))
    assert sentinel.metrics.of("sends")[-1].values == {"accepted": 1}
