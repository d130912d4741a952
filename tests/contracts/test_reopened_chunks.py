"""The contract of `domain.ports.chunks` where an outcome is unknown, and what is kept of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.campaign import Campaign, CampaignState
from domain.chunk import Chunk
from domain.errors import VersionConflict
from domain.identifiers import AttemptToken
from domain.outcome import Accepted, NotSent, Unknown
from domain.provider_event import ProviderEvent, ProviderEventKind
from domain.recipient import RecipientFlag, RecipientState, Resend
from domain.tally import Tally
from tests.contracts.examples import (
    CAMPAIGN_ID,
    LATER,
    a_campaign,
    a_chunk,
    claimed,
    recipients,
    stored_campaign,
    stored_chunks,
)
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race, winner_of
from tests.contracts.settable_clock import START
from tests.contracts.test_chunks import ATTEMPT, loaded, tally_of

CUT = Unknown("the answer was cut")
BETWEEN = START + timedelta(minutes=30)


def half_known(family: Family) -> tuple[Campaign, Chunk]:
    """A finished chunk of a sent campaign: its first recipient is unknown, the second sent."""
    stored_campaign(family)
    stored_chunks(family, [a_chunk()])
    taken = claimed(a_chunk())
    recorded = taken.record(ATTEMPT, {0: CUT, 1: Accepted("message-1")}).since(taken, BETWEEN)
    chunk = family.chunks.save(recorded, a_chunk())
    campaign = family.campaigns.save(a_campaign().finish(BETWEEN))
    assert tally_of(family) == Tally(sent=1, unknown=1, finished_chunks=1)
    return campaign, chunk


def reopened(campaign: Campaign, chunk: Chunk) -> tuple[Chunk, Chunk, Campaign]:
    """What `reopen` is given to mail the first recipient once more."""
    return chunk.resend([0], LATER), chunk, campaign.reopen(BETWEEN, LATER)


def stored(family: Family) -> Campaign:
    """The campaign."""
    campaign = family.campaigns.get(CAMPAIGN_ID)
    assert campaign is not None
    return campaign


def test_chunk_tally_and_campaign_are_opened_together(family: Family) -> None:
    """The chunk's counts are taken back, and both are stored as they are returned."""
    campaign, chunk = half_known(family)

    resent, sending = family.chunks.reopen(*reopened(campaign, chunk))

    assert (resent.version, sending.version) == (chunk.version + 1, campaign.version + 1)
    assert family.chunks.load(chunk.ref) == (sending, resent)
    assert sending.state is CampaignState.SENDING
    assert resent.progress[0].state is RecipientState.PENDING
    assert tally_of(family) == Tally()


def test_a_reopened_chunk_is_counted_again_once_it_is_finished(family: Family) -> None:
    """Everybody once, with when it was finished last."""
    campaign, chunk = half_known(family)
    resent, _ = family.chunks.reopen(*reopened(campaign, chunk))

    taken = family.chunks.save(claimed(resent, "attempt-2"), resent)
    sent = taken.record(AttemptToken("attempt-2"), {0: Accepted("message-2")})
    family.chunks.save(sent.since(taken, LATER), taken)

    progress = family.fan_out.progress(CAMPAIGN_ID)
    assert progress.tally == Tally(sent=2, finished_chunks=1)
    assert progress.last_finished_at == LATER


def test_open_work_has_what_was_reopened(family: Family) -> None:
    """Chunk and campaign are found when they are due, if nobody else gets them done."""
    campaign, chunk = half_known(family)
    family.chunks.reopen(*reopened(campaign, chunk))

    assert set(family.open_work.due(LATER, 10)) == {CAMPAIGN_ID, chunk.ref}


@pytest.mark.parametrize("stale", ["chunk", "campaign"])
def test_both_versions_or_neither_write(family: Family, stale: str) -> None:
    """Whoever wrote one of them in between wins; nothing of the other is written either."""
    campaign, chunk = half_known(family)
    if stale == "chunk":
        family.chunks.save(chunk.give_up([0], "given up"), chunk)
    else:
        family.campaigns.save(campaign)
    before = (family.chunks.load(chunk.ref), tally_of(family))

    with pytest.raises(VersionConflict):
        family.chunks.reopen(*reopened(campaign, chunk))

    assert (family.chunks.load(chunk.ref), tally_of(family)) == before


def test_a_check_that_counted_the_chunk_loses(family: Family) -> None:
    """Where the campaign is sending already its version moves all the same."""
    campaign, chunk = half_known(family)
    sending = family.campaigns.save(campaign.reopen(BETWEEN, LATER))
    assert tally_of(family).finished_chunks == 1

    _, moved = family.chunks.reopen(chunk.resend([0], LATER), chunk, sending)

    assert moved == replace(sending, version=sending.version + 1)
    with pytest.raises(VersionConflict):
        family.campaigns.save(sending.finish(LATER))
    assert stored(family).state is CampaignState.SENDING


def test_opened_by_one_of_many(family: Family) -> None:
    """The others lose, and the counts are taken back once."""
    campaign, chunk = half_known(family)
    given = reopened(campaign, chunk)

    results = race(lambda _: family.chunks.reopen(*given), range(THREADS))

    resent, sending = winner_of(results, VersionConflict)
    assert family.chunks.load(chunk.ref) == (sending, resent)
    assert tally_of(family) == Tally()


@pytest.mark.parametrize("resend", Resend)
def test_whether_there_is_a_second_mail_is_kept(family: Family, resend: Resend) -> None:
    """For each recipient."""
    stored_campaign(family)
    chunk = Chunk.new(a_chunk().ref, recipients(3), LATER, START, resend)
    chunk = replace(chunk, progress=(*chunk.progress[:2], a_chunk().progress[0]))
    stored_chunks(family, [chunk])

    assert loaded(family, chunk) == chunk
    assert [each.resend for each in loaded(family, chunk).progress] == [resend, resend, Resend.NONE]


def test_what_the_provider_told_is_kept(family: Family) -> None:
    """Every flag, alone and with others, of one recipient and not of the next."""
    stored_campaign(family)
    chunk = a_chunk(count=len(RecipientFlag) + 2)
    stored_chunks(family, [chunk])
    sent = claimed(chunk).record(
        ATTEMPT, {position: Accepted(f"m-{position}") for position in chunk.pending}
    )
    flags = [frozenset({flag}) for flag in RecipientFlag]
    flags += [frozenset(RecipientFlag), frozenset()]
    flagged = replace(
        sent,
        progress=tuple(
            replace(each, flags=told) for each, told in zip(sent.progress, flags, strict=True)
        ),
    )

    saved = family.chunks.save(flagged, chunk)

    assert loaded(family, chunk) == saved
    assert [each.flags for each in loaded(family, chunk).progress] == flags


def test_flags_are_counted(family: Family) -> None:
    """Told after the chunk was finished, they move the tally; told twice, once."""
    _, chunk = half_known(family)
    delivered = ProviderEvent(
        kind=ProviderEventKind.DELIVERY, chunk=chunk.ref, position=1, message_id="m-1", at=LATER
    )

    noted = family.chunks.save(chunk.note([delivered]), chunk)
    family.chunks.save(noted.note([delivered]), noted)

    assert tally_of(family) == Tally(sent=1, unknown=1, delivered=1, finished_chunks=1)


def test_times_and_counts_of_a_chunk_are_kept(family: Family) -> None:
    """Since when somebody is unknown, and how often it was put back."""
    stored_campaign(family)
    stored_chunks(family, [a_chunk()])
    taken = claimed(a_chunk())
    left = taken.record(ATTEMPT, {0: CUT, 1: NotSent("throttled")}).since(taken, BETWEEN)
    assert (left.unknown_since, left.put_backs) == (BETWEEN, 1)

    saved = family.chunks.save(left, a_chunk())

    assert loaded(family, a_chunk()) == saved
