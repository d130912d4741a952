"""Who may have been mailed: held, settled by the provider, or mailed once more by choice."""

from datetime import timedelta

import pytest

from domain.campaign import CampaignState, UnknownPolicy
from domain.identifiers import CampaignId
from domain.outcome import Accepted, Outcome, Refused, Unknown
from domain.provider_event import ProviderEvent, ProviderEventKind
from domain.recipient import RecipientState, Resend
from domain.tally import Tally
from tests.unit.faults import AnsweringMailer, Died, DyingMailer
from tests.unit.sentinel import MINUTE, Sentinel, addresses

FIRST = "person-0@example.com"
CUT = Unknown("the answer was cut")


def started(sentinel: Sentinel, size: int, answers: list[Outcome]) -> CampaignId:
    """A campaign under `resend`, whose first recipient's mails are answered like that."""
    campaign_id = sentinel.create_started(size, UnknownPolicy.RESEND)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: answers})
    sentinel.run_workers()
    return campaign_id


def state_of(sentinel: Sentinel, address: str) -> RecipientState:
    """As stored."""
    return sentinel.recipient_states()[address]


def proof(sentinel: Sentinel, address: str) -> ProviderEvent:
    """The provider tells that it took the mail."""
    (chunk,) = sentinel.stored_chunks()
    position = [each.address for each in chunk.recipients].index(address)
    return ProviderEvent(
        kind=ProviderEventKind.SEND,
        chunk=chunk.ref,
        position=position,
        message_id="m-proved",
        at=sentinel.clock.now(),
    )


def test_held_by_default(sentinel: Sentinel) -> None:
    """Nobody of unknown outcome is mailed again; the campaign ends and says how many they are."""
    campaign_id = sentinel.create_started(3)
    sentinel.mailer = AnsweringMailer(sentinel.clock, {FIRST: [CUT]})
    sentinel.run_workers()
    sentinel.pass_time(3 * 60 * MINUTE)

    assert sorted(sentinel.mailed()) == addresses(3)[1:]
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.tally(campaign_id) == Tally(sent=2, unknown=1, finished_chunks=1)


def test_mailed_once_more_by_choice(sentinel: Sentinel) -> None:
    """After the settling window, not before, and the campaign stays open until then."""
    campaign_id = started(sentinel, 3, [CUT])
    sentinel.pass_time(sentinel.policy.settling_window - MINUTE)
    assert sentinel.state(campaign_id) is CampaignState.SENDING
    assert FIRST not in sentinel.mailed()

    sentinel.pass_time(3 * MINUTE)

    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)


@pytest.mark.parametrize("second", [CUT, Refused("no such mailbox")])
def test_no_third_mail(sentinel: Sentinel, second: Outcome) -> None:
    """A re-send that is refused, or unknown too, leaves it unknown: the first may have arrived."""
    campaign_id = started(sentinel, 3, [CUT, second])
    sentinel.pass_time(4 * sentinel.policy.settling_window)

    assert state_of(sentinel, FIRST) is RecipientState.UNKNOWN
    assert FIRST not in sentinel.mailed()
    assert sentinel.state(campaign_id) is CampaignState.SENT
    assert sentinel.tally(campaign_id) == Tally(sent=2, unknown=1, finished_chunks=1)


def test_proof_spares_the_second_mail(sentinel: Sentinel) -> None:
    """The provider tells within the window: sent, and the campaign ends at once."""
    campaign_id = started(sentinel, 3, [CUT])
    sentinel.provider_events.tell(proof(sentinel, FIRST))
    sentinel.run_events()

    assert sentinel.state(campaign_id) is CampaignState.SENT
    sentinel.pass_time(2 * sentinel.policy.settling_window)
    assert FIRST not in sentinel.mailed()
    assert sentinel.tally(campaign_id) == Tally(sent=3, finished_chunks=1)


def test_suppressed_before_the_second_mail(sentinel: Sentinel) -> None:
    """Not mailed, and not counted as suppressed: the first mail may have arrived."""
    campaign_id = started(sentinel, 3, [CUT])
    sentinel.suppress(FIRST)
    sentinel.pass_time(2 * sentinel.policy.settling_window)

    assert FIRST not in sentinel.mailed()
    assert state_of(sentinel, FIRST) is RecipientState.UNKNOWN
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_cancelled_before_the_second_mail(sentinel: Sentinel) -> None:
    """A cancelled campaign mails nobody a second time, and its chunk is counted."""
    campaign_id = started(sentinel, 3, [CUT])
    sentinel.cancel(campaign_id)
    sentinel.pass_time(3 * sentinel.policy.settling_window)

    assert FIRST not in sentinel.mailed()
    assert sentinel.tally(campaign_id) == Tally(sent=2, unknown=1, finished_chunks=1)


def test_cancelled_while_the_second_mail_waits(sentinel: Sentinel) -> None:
    """Skipping who was put back would say that nothing reached them."""
    campaign_id = started(sentinel, 3, [CUT])
    sentinel.clock.sleep(sentinel.policy.settling_window + 2 * MINUTE)
    sentinel.reconcile()
    assert state_of(sentinel, FIRST) is RecipientState.PENDING
    sentinel.cancel(campaign_id)
    sentinel.run_workers()

    assert state_of(sentinel, FIRST) is RecipientState.UNKNOWN
    assert sentinel.tally(campaign_id) == Tally(sent=2, unknown=1, finished_chunks=1)


def test_paused_over_the_settling_window(sentinel: Sentinel) -> None:
    """Nobody gets a second mail in a pause; they do once it is over."""
    campaign_id = started(sentinel, 3, [CUT])
    sentinel.pause(campaign_id)
    sentinel.pass_time(3 * sentinel.policy.settling_window)
    assert FIRST not in sentinel.mailed()

    sentinel.resume_campaign(campaign_id)
    sentinel.pass_time(sentinel.policy.paused_check_interval + 2 * MINUTE)
    assert sorted(sentinel.mailed()) == addresses(3)
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_a_worker_that_dies_over_a_batch(sentinel: Sentinel) -> None:
    """Under `resend` those it may have mailed get one more mail, and never another."""
    campaign_id = sentinel.create_started(4, UnknownPolicy.RESEND)
    sentinel.mailer = DyingMailer(sentinel.clock, accepted_before=2)
    with pytest.raises(Died):
        sentinel.run_workers()
    sentinel.pass_time(sentinel.policy.settling_window + 30 * MINUTE)

    mailed = sentinel.mailed()
    assert sorted(set(mailed)) == addresses(4)
    assert len(mailed) == 6
    assert sentinel.state(campaign_id) is CampaignState.SENT


def test_late_acceptance_of_the_first_mail(sentinel: Sentinel) -> None:
    """It arrives when the re-send already waits: the re-send is not made."""
    campaign_id = started(sentinel, 3, [CUT])
    sentinel.clock.sleep(sentinel.policy.settling_window + 2 * MINUTE)
    sentinel.reconcile()
    (chunk,) = sentinel.stored_chunks()
    position = [each.address for each in chunk.recipients].index(FIRST)
    attempt = chunk.progress[position].attempt
    assert attempt is not None
    assert chunk.progress[position].resend is Resend.DONE
    sentinel.chunks.save(chunk.record(attempt, {position: Accepted("late")}), chunk)
    sentinel.clock.sleep(timedelta(seconds=1))
    sentinel.run_workers()

    assert FIRST not in sentinel.mailed()
    assert sentinel.state(campaign_id) is CampaignState.SENT
