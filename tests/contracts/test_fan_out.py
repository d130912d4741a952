"""The contract of `domain.ports.fan_out`."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from adapters.aws.delivery_records import manifest_to_item
from domain.campaign import Campaign, CampaignState, PauseReason
from domain.chunk import Chunk, ChunkRef
from domain.errors import VersionConflict
from domain.fan_out import (
    CHUNKS_A_STEP,
    MAX_CHUNKS_A_STEP,
    MAX_RANGES,
    WAVE_MEMBERS,
    DeliveryProgress,
    FanOutRange,
    Wave,
)
from domain.identifiers import CampaignId, ContactId, LeaseToken
from domain.merge_fields import MAX_FIELDS_BYTES
from domain.recipient import Recipient
from domain.tally import Tally
from tests.contracts.examples import (
    CAMPAIGN_ID,
    LATER,
    a_campaign,
    a_chunk,
    named,
    recipients,
    stored_campaign,
    stored_chunks,
)
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race, winner_of
from tests.contracts.settable_clock import START


def claim(fan_out_range: FanOutRange, holder: str = "lease-1") -> FanOutRange:
    """Held."""
    return fan_out_range.claim(LeaseToken(holder), LATER)


def started(campaign: Campaign) -> Campaign:
    """Its first start came."""
    return campaign.start(START, LATER)


def advanced(fan_out_range: FanOutRange, chunks: int = 1) -> FanOutRange:
    """More chunks of two."""
    return fan_out_range.advance(
        cursor="80.con_1", chunks=chunks, recipients=2 * chunks, lease_until=LATER
    )


def ranges_of(family: Family) -> tuple[FanOutRange, ...]:
    """The ranges as they are stored."""
    return family.fan_out.progress(CAMPAIGN_ID).ranges


def test_an_unknown_campaign_has_no_progress(family: Family) -> None:
    """No ranges, and nobody counted."""
    assert family.fan_out.progress(CAMPAIGN_ID) == DeliveryProgress((), Tally())


def test_ranges_come_in_order(family: Family) -> None:
    """By number, also where the numbers have two digits."""
    _, ranges = stored_campaign(family, ranges=12)

    assert ranges_of(family) == ranges
    assert [each.number for each in ranges] == list(range(12))


def test_claiming_writes_range_and_campaign(family: Family) -> None:
    """Both one version on, and returned as stored."""
    campaign, (fan_out_range,) = stored_campaign(family, a_campaign(state=CampaignState.SCHEDULED))

    held, running = family.fan_out.claim(claim(fan_out_range), started(campaign))

    assert held == replace(claim(fan_out_range), version=1)
    assert running == replace(started(campaign), version=1)
    assert ranges_of(family) == (held,)
    assert family.campaigns.get(CAMPAIGN_ID) == running


def test_a_claim_of_a_range_that_was_written_since_writes_neither(family: Family) -> None:
    """The campaign's version alone does not do."""
    campaign, (fan_out_range,) = stored_campaign(family)
    newer = family.fan_out.save(claim(fan_out_range, "winner"))

    with pytest.raises(VersionConflict):
        family.fan_out.claim(claim(fan_out_range), started(campaign))

    assert ranges_of(family) == (newer,)
    assert family.campaigns.get(CAMPAIGN_ID) == campaign


def test_a_claim_for_a_campaign_that_was_written_since_writes_neither(family: Family) -> None:
    """The range's version alone does not do: a cancel in between stands."""
    campaign, (fan_out_range,) = stored_campaign(family)
    cancelled = family.campaigns.save(campaign.cancel(LATER))

    with pytest.raises(VersionConflict):
        family.fan_out.claim(claim(fan_out_range), started(campaign))

    assert ranges_of(family) == (fan_out_range,)
    assert family.campaigns.get(CAMPAIGN_ID) == cancelled


def test_a_claim_does_not_create(family: Family) -> None:
    """Neither the range nor the campaign of a claim may be unknown."""
    campaign, (fan_out_range,) = stored_campaign(family)
    unknown = CampaignId("cmp_unknown")

    with pytest.raises(VersionConflict):
        family.fan_out.claim(claim(replace(fan_out_range, number=1)), started(campaign))
    with pytest.raises(VersionConflict):
        family.fan_out.claim(
            claim(replace(fan_out_range, campaign_id=unknown)), started(a_campaign(unknown))
        )

    assert ranges_of(family) == (fan_out_range,)
    assert family.campaigns.get(CAMPAIGN_ID) == campaign
    assert family.fan_out.progress(unknown).ranges == ()


def test_of_those_who_claim_one_range_one_wins(family: Family) -> None:
    """Two fires of a schedule and a retry of the invoke: one fans out."""
    campaign, (fan_out_range,) = stored_campaign(family)
    tokens = [f"lease-{number}" for number in range(THREADS)]

    results = race(
        lambda token: family.fan_out.claim(claim(fan_out_range, token), started(campaign)), tokens
    )

    held, running = winner_of(results, VersionConflict)
    assert ranges_of(family) == (held,)
    assert family.campaigns.get(CAMPAIGN_ID) == running


def test_the_same_claim_again_is_a_conflict(family: Family) -> None:
    """That it would write what is stored does not make two starters both the winner."""
    campaign, (fan_out_range,) = stored_campaign(family)
    family.fan_out.claim(claim(fan_out_range), started(campaign))

    with pytest.raises(VersionConflict):
        family.fan_out.claim(claim(fan_out_range), started(campaign))


def test_appending_writes_chunks_and_range(family: Family) -> None:
    """The range one version on; every chunk can be loaded."""
    campaign, (fan_out_range,) = stored_campaign(family)
    chunks = [a_chunk(number) for number in range(10)]

    after = family.fan_out.append(advanced(fan_out_range, 10), chunks)

    assert after == replace(advanced(fan_out_range, 10), version=1)
    assert ranges_of(family) == (after,)
    for chunk in chunks:
        assert family.chunks.load(chunk.ref) == (campaign, chunk)


def test_appending_nothing_advances_the_range(family: Family) -> None:
    """An empty segment has its one step too."""
    _, (fan_out_range,) = stored_campaign(family)
    end = fan_out_range.advance(cursor=None, chunks=0, recipients=0, lease_until=LATER)

    after = family.fan_out.append(end, [])

    assert after.is_complete
    assert ranges_of(family) == (after,)


def test_steps_follow_each_other(family: Family) -> None:
    """Each from what the last one returned; all their chunks are there."""
    campaign, (fan_out_range,) = stored_campaign(family)

    for number in range(3):
        fan_out_range = family.fan_out.append(advanced(fan_out_range), [a_chunk(number)])
        fan_out_range = fan_out_range.enqueued(1)

    after = family.fan_out.save(fan_out_range.release())
    assert (after.version, after.chunk_count, after.enqueued_through) == (4, 3, 3)
    assert ranges_of(family) == (after,)
    for number in range(3):
        assert family.chunks.load(a_chunk(number).ref) == (campaign, a_chunk(number))


@pytest.mark.parametrize(
    "change",
    [
        lambda campaign: campaign.pause(LATER, PauseReason.OPERATOR),
        lambda campaign: campaign.cancel(LATER),
        lambda campaign: campaign.finish(LATER),
        lambda campaign: campaign.fail(LATER, "reason"),
        lambda campaign: replace(campaign, state=CampaignState.SCHEDULED),
    ],
    ids=["paused", "cancelled", "sent", "failed", "scheduled"],
)
def test_only_a_sending_campaign_gets_chunks(
    family: Family, change: Callable[[Campaign], Campaign]
) -> None:
    """A starter that missed a pause or a cancel writes nothing."""
    campaign, (fan_out_range,) = stored_campaign(family)
    family.campaigns.save(change(campaign))

    with pytest.raises(VersionConflict):
        family.fan_out.append(advanced(fan_out_range), [a_chunk()])

    assert ranges_of(family) == (fan_out_range,)
    assert family.chunks.load(a_chunk().ref) is None


def test_a_campaign_written_since_is_no_obstacle_while_it_is_sending(family: Family) -> None:
    """The fence is its state, not its version: a rename does not stop a fan-out."""
    campaign, (fan_out_range,) = stored_campaign(family)
    renamed = family.campaigns.save(named(campaign, "Renamed"))

    family.fan_out.append(advanced(fan_out_range), [a_chunk()])

    assert family.chunks.load(a_chunk().ref) == (renamed, a_chunk())


def test_an_overtaken_starter_writes_nothing(family: Family) -> None:
    """Its lease ran out and another holds the range: no chunk of its own appears."""
    campaign, (fan_out_range,) = stored_campaign(family)
    zombie, running = family.fan_out.claim(claim(fan_out_range), started(campaign))
    rival, _ = family.fan_out.claim(claim(zombie, "rival"), running)

    with pytest.raises(VersionConflict):
        family.fan_out.append(advanced(zombie, 2), [a_chunk(0), a_chunk(1)])

    assert ranges_of(family) == (rival,)
    assert family.chunks.load(a_chunk(0).ref) is None
    assert family.chunks.load(a_chunk(1).ref) is None


def test_a_step_taken_twice_does_not_undo_what_workers_wrote(family: Family) -> None:
    """A zombie that repeats a step leaves the chunks as they have become."""
    campaign, (fan_out_range,) = stored_campaign(family)
    family.fan_out.append(advanced(fan_out_range), [a_chunk()])
    skipped = family.chunks.save(a_chunk().skip_pending(), a_chunk())
    later = replace(advanced(fan_out_range), lease_until=LATER + timedelta(seconds=1))

    with pytest.raises(VersionConflict):
        family.fan_out.append(later, [a_chunk()])

    assert family.chunks.load(a_chunk().ref) == (campaign, skipped)


def test_appending_does_not_create_a_campaign(family: Family) -> None:
    """Neither an unknown campaign nor an unknown range can be appended to."""
    _, (fan_out_range,) = stored_campaign(family)
    unknown = CampaignId("cmp_unknown")

    with pytest.raises(VersionConflict):
        family.fan_out.append(advanced(replace(fan_out_range, number=1)), [a_chunk()])
    with pytest.raises(VersionConflict):
        family.fan_out.append(
            advanced(replace(fan_out_range, campaign_id=unknown)), [a_chunk(campaign_id=unknown)]
        )

    assert family.chunks.load(a_chunk().ref) is None
    assert family.fan_out.progress(unknown) == DeliveryProgress((), Tally())


def test_the_same_step_again_is_a_conflict(family: Family) -> None:
    """Who takes a step twice is told so: its chunks are there, and are not its own to enqueue."""
    _, (fan_out_range,) = stored_campaign(family)
    family.fan_out.append(advanced(fan_out_range), [a_chunk()])

    with pytest.raises(VersionConflict):
        family.fan_out.append(advanced(fan_out_range), [a_chunk()])


def test_of_those_who_take_one_step_one_wins(family: Family) -> None:
    """Only the winner's chunks are there."""
    campaign, (fan_out_range,) = stored_campaign(family)

    def append(number: int) -> tuple[FanOutRange, Chunk]:
        chunk = a_chunk(number, 1)
        return family.fan_out.append(advanced(fan_out_range, number + 1), [chunk]), chunk

    after, chunk = winner_of(race(append, range(THREADS)), VersionConflict)

    assert ranges_of(family) == (after,)
    found = [family.chunks.load(a_chunk(number).ref) for number in range(THREADS)]
    assert [each for each in found if each is not None] == [(campaign, chunk)]


def test_ranges_advance_side_by_side(family: Family) -> None:
    """Threads at different ranges of one campaign do not get in each other's way."""
    _, ranges = stored_campaign(family, ranges=THREADS)

    def fan_out(fan_out_range: FanOutRange) -> FanOutRange:
        for number in range(3):
            chunk = a_chunk(number, 1, range_number=fan_out_range.number)
            fan_out_range = stored_chunks(family, [chunk], fan_out_range)
        return fan_out_range

    results = race(fan_out, ranges)

    assert tuple(results) == ranges_of(family)
    assert family.fan_out.progress(CAMPAIGN_ID).recipients == 3 * THREADS


@pytest.mark.parametrize(
    ("count", "size"), [(CHUNKS_A_STEP, 50), (MAX_CHUNKS_A_STEP, 10 * 50 * WAVE_MEMBERS // 49)]
)
def test_the_largest_step_fits(family: Family, count: int, size: int) -> None:
    """Ten chunks of fifty, or those of a step of many waves, within what DynamoDB takes.

    With as many bytes of fields as a contact may have, not compressible.
    """
    random = Random(1)  # noqa: S311  no secret
    campaign, (fan_out_range,) = stored_campaign(family)
    chunks = [
        Chunk.new(
            ChunkRef(CAMPAIGN_ID, 0, number),
            tuple(
                Recipient(
                    ContactId(f"con_{number}_{position}"),
                    f"{random.randbytes(30).hex()}@{'x' * 60}.{'y' * 60}.{'z' * 60}.com",
                    {
                        "field": "".join(
                            chr(random.randrange(33, 127)) for _ in range(MAX_FIELDS_BYTES)
                        )
                    },
                )
                for position in range(size)
            ),
            LATER,
        )
        for number in range(count)
    ]
    items = [each for chunk in chunks for each in (manifest_to_item(chunk, 0), {})]
    assert len(items) + 2 <= 100
    assert sum(len(item["recipients"]) for item in items if item) < 3_700_000

    family.fan_out.append(advanced(fan_out_range, count), chunks)

    for chunk in chunks:
        assert family.chunks.load(chunk.ref) == (campaign, chunk)


def test_waves_are_counted_over_steps_and_ranges(family: Family) -> None:
    """By moment, the first first; and each chunk keeps its own."""
    _, ranges = stored_campaign(family, ranges=2)
    soon, late = LATER, LATER + timedelta(hours=9, microseconds=1)
    for each in ranges:
        chunk = Chunk.new(ChunkRef(CAMPAIGN_ID, each.number, 0), recipients(3), START)
        waiting = Chunk.new(
            ChunkRef(CAMPAIGN_ID, each.number, 1), recipients(2), START, not_before=late
        )
        after = each.advance(
            cursor="80", chunks=2, recipients=5, lease_until=LATER, waves=[Wave(late, 2)]
        )
        after = family.fan_out.append(after, [chunk, waiting])
        more = after.advance(
            cursor=None,
            chunks=0,
            recipients=0,
            lease_until=LATER,
            waves=[Wave(late, 1), Wave(soon, 4)],
        )
        assert family.fan_out.append(more, []).waves == (Wave(soon, 4), Wave(late, 3))
        found = family.chunks.load_all([chunk.ref, waiting.ref])
        assert [found[ref][1] for ref in found] == [chunk, waiting]
        assert waiting.next_check_at == late

    assert family.fan_out.progress(CAMPAIGN_ID).waves == (Wave(soon, 8), Wave(late, 6))


def halfway(fan_out_range: FanOutRange) -> tuple[FanOutRange, Sequence[FanOutRange]]:
    """A range whose first step stands is split."""
    return replace(claim(fan_out_range), cursor="10.con_1").split()


def test_splitting_writes_less_and_the_rest(family: Family) -> None:
    """All ranges there are, in order, and together what the one was."""
    campaign, (fan_out_range,) = stored_campaign(family)
    less, others = halfway(fan_out_range)
    assert len(others) == MAX_RANGES - 1

    stored = family.fan_out.split(less, others)

    assert stored == replace(less, version=1)
    assert ranges_of(family) == (stored, *others)
    assert family.fan_out.progress(CAMPAIGN_ID).is_seen_whole
    assert family.campaigns.get(CAMPAIGN_ID) == campaign


def test_new_ranges_are_like_all_others(family: Family) -> None:
    """They can be claimed, advanced and saved, each by version."""
    _, (fan_out_range,) = stored_campaign(family)
    _, others = halfway(fan_out_range)
    family.fan_out.split(*halfway(fan_out_range))

    held = family.fan_out.append(claim(others[0]), ())
    chunk = a_chunk(range_number=1)
    after = family.fan_out.append(
        held.advance(cursor=None, chunks=1, recipients=2, lease_until=LATER), [chunk]
    )

    assert ranges_of(family)[1] == after
    assert family.fan_out.progress(CAMPAIGN_ID).recipients == 2
    with pytest.raises(VersionConflict):
        family.fan_out.save(claim(others[0], "late"))


def test_a_stale_range_is_not_split(family: Family) -> None:
    """Who was overtaken, or whose range a resumption took, makes no others."""
    _, (fan_out_range,) = stored_campaign(family)
    newer = family.fan_out.save(claim(fan_out_range, "winner"))

    with pytest.raises(VersionConflict):
        family.fan_out.split(*halfway(fan_out_range))

    assert ranges_of(family) == (newer,)


def test_no_range_is_split_into_others_that_are_there(family: Family) -> None:
    """Nothing of it is written."""
    _, ranges = stored_campaign(family, ranges=2)

    with pytest.raises(VersionConflict):
        family.fan_out.split(*halfway(ranges[0]))

    assert ranges_of(family) == ranges


def test_the_same_split_again_is_a_conflict(family: Family) -> None:
    """And leaves the new ranges as they have become."""
    _, (fan_out_range,) = stored_campaign(family)
    less, others = halfway(fan_out_range)
    family.fan_out.split(less, others)
    held = family.fan_out.save(claim(others[-1]))

    with pytest.raises(VersionConflict):
        family.fan_out.split(less, others)

    assert ranges_of(family)[-1] == held


def test_a_range_of_an_unknown_campaign_is_not_split(family: Family) -> None:
    """None appear."""
    unknown = CampaignId("cmp_unknown")
    _, (fan_out_range,) = stored_campaign(family)

    with pytest.raises(VersionConflict):
        family.fan_out.split(*halfway(replace(fan_out_range, campaign_id=unknown)))

    assert family.fan_out.progress(unknown).ranges == ()


def test_of_those_who_split_one_range_one_wins(family: Family) -> None:
    """The ranges are its own."""
    _, (fan_out_range,) = stored_campaign(family)
    cursors = [f"{16 * number:02x}.con_1" for number in range(THREADS)]

    def split(cursor: str) -> tuple[FanOutRange, ...]:
        less, others = replace(fan_out_range, cursor=cursor).split()
        return family.fan_out.split(less, others), *others

    won = winner_of(race(split, cursors), VersionConflict)

    assert ranges_of(family) == won


def test_saving_counts_the_version_up(family: Family) -> None:
    """The range returned is the one stored; what is no longer set is gone."""
    _, (fan_out_range,) = stored_campaign(family)

    first = family.fan_out.save(claim(fan_out_range))
    second = family.fan_out.save(first.release())

    assert (first.version, second.version) == (1, 2)
    assert (second.lease_token, second.lease_until) == (None, None)
    assert ranges_of(family) == (second,)


def test_the_same_save_again_is_a_conflict(family: Family) -> None:
    """That it would write what is stored does not make two starters both the winner."""
    _, (fan_out_range,) = stored_campaign(family)
    family.fan_out.save(claim(fan_out_range))

    with pytest.raises(VersionConflict):
        family.fan_out.save(claim(fan_out_range))


def test_a_stale_range_is_refused_and_nothing_is_written(family: Family) -> None:
    """Who read before somebody else wrote does not write over it."""
    _, (fan_out_range,) = stored_campaign(family)
    newer = family.fan_out.save(claim(fan_out_range, "winner"))

    with pytest.raises(VersionConflict):
        family.fan_out.save(claim(fan_out_range, "stale"))

    assert ranges_of(family) == (newer,)


def test_saving_does_not_create(family: Family) -> None:
    """Neither an unknown range nor a range of an unknown campaign."""
    _, (fan_out_range,) = stored_campaign(family)
    unknown = CampaignId("cmp_unknown")

    with pytest.raises(VersionConflict):
        family.fan_out.save(replace(fan_out_range, number=1))
    with pytest.raises(VersionConflict):
        family.fan_out.save(replace(fan_out_range, campaign_id=unknown))

    assert ranges_of(family) == (fan_out_range,)
    assert family.fan_out.progress(unknown).ranges == ()


def test_of_those_who_save_one_version_one_wins(family: Family) -> None:
    """The lease stored is the winner's."""
    _, (fan_out_range,) = stored_campaign(family)
    rivals = [claim(fan_out_range, f"lease-{number}") for number in range(THREADS)]

    winner = winner_of(race(family.fan_out.save, rivals), VersionConflict)

    assert ranges_of(family) == (winner,)
