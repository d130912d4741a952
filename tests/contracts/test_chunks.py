"""The contract of `domain.ports.chunks`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.campaign import CampaignCategory, PauseReason
from domain.chunk import Chunk, ChunkRef, Lease
from domain.errors import VersionConflict
from domain.identifiers import AttemptToken, CampaignId, ContactId
from domain.merge_fields import FieldValue
from domain.outcome import Accepted, NotSent, Outcome, Refused, Unknown
from domain.ports.chunks import ChunkChange
from domain.recipient import Recipient, RecipientState
from domain.suppression import Suppression, SuppressionReason, SuppressionScope
from domain.tally import TALLY_SHARDS, Tally
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

ATTEMPT = AttemptToken("attempt-1")


def stored_chunk(family: Family, chunk: Chunk | None = None) -> Chunk:
    """A chunk of a campaign that is sending."""
    chunk = chunk or a_chunk()
    stored_campaign(family)
    stored_chunks(family, [chunk])
    return chunk


def loaded(family: Family, chunk: Chunk) -> Chunk:
    """The chunk as it is stored."""
    found = family.chunks.load(chunk.ref)
    assert found is not None
    return found[1]


def tally_of(family: Family) -> Tally:
    """The campaign's tally."""
    return family.fan_out.progress(CAMPAIGN_ID).tally


def finished(chunk: Chunk, outcome: Outcome = Accepted("message-1")) -> Chunk:  # noqa: B008  immutable
    """Everybody has this outcome."""
    taken = claimed(chunk)
    return taken.record(ATTEMPT, dict.fromkeys(taken.claimed_by(ATTEMPT), outcome))


def finished_from(taken: Chunk) -> Chunk:
    """Everybody of a claimed one is sent."""
    return taken.record(ATTEMPT, dict.fromkeys(taken.claimed_by(ATTEMPT), Accepted("message-1")))


def test_many_are_loaded_together(family: Family) -> None:
    """Of several campaigns, each with its own; those that do not exist are left out."""
    other = CampaignId("cmp_other")
    chunks = [a_chunk(number) for number in range(60)]
    others = [a_chunk(number, campaign_id=other) for number in range(2)]
    for campaign_id, some in ((CAMPAIGN_ID, chunks), (other, others)):
        stored_campaign(family, a_campaign(campaign_id))
        for start in range(0, len(some), 10):
            stored_chunks(family, some[start : start + 10])
    unknown = [ChunkRef(CAMPAIGN_ID, 0, 60), ChunkRef(CampaignId("cmp_none"), 0, 0)]

    found = family.chunks.load_all([each.ref for each in (*chunks, *others)] + unknown)

    assert found == {
        chunk.ref: (a_campaign(chunk.ref.campaign_id), chunk) for chunk in (*chunks, *others)
    }
    assert family.chunks.load_all([]) == {}


def test_a_chunk_keeps_its_wave(family: Family) -> None:
    """Whatever is written of it; it is looked at then."""
    wave = LATER + timedelta(hours=5)
    chunk = stored_chunk(
        family, Chunk.new(ChunkRef(CAMPAIGN_ID, 0, 0), recipients(2), START, not_before=wave)
    )
    assert loaded(family, chunk).not_before == wave
    assert family.open_work.due(wave - timedelta(microseconds=1), 10) == [CAMPAIGN_ID]
    assert chunk.ref in family.open_work.due(wave, 10)

    stored = family.chunks.save(claimed(chunk), chunk)

    assert stored.not_before == loaded(family, chunk).not_before == wave


@pytest.mark.parametrize("count", [1, 50])
def test_a_chunk_is_loaded_as_it_was_appended(family: Family, count: int) -> None:
    """With its campaign; recipients and progress in order."""
    chunk = stored_chunk(family, a_chunk(count=count))

    assert family.chunks.load(chunk.ref) == (a_campaign(), chunk)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Zoë ☃ 'and' \"quotes\"\n\u2028",
        0,
        1,
        -(2**63),
        2**70,
        1.0,
        0.1,
        1e300,
        True,
        False,
        "1",
        "true",
    ],
)
def test_a_field_keeps_its_value_and_type(family: Family, value: FieldValue) -> None:
    """A number, a truth and a text that look alike stay apart."""
    chunk = replace(a_chunk(), recipients=recipients(2, {"field": value}))
    stored_chunk(family, chunk)

    fields = loaded(family, chunk).recipients[0].fields
    assert fields == {"field": value}
    assert type(fields["field"]) is type(value)


def test_a_stored_chunk_shares_nothing_with_what_was_given(family: Family) -> None:
    """Changing the fields given, or those got, changes nothing that is stored."""
    fields: dict[str, FieldValue] = {"name": "Ada"}
    stored_chunk(family, replace(a_chunk(), recipients=recipients(2, fields)))

    fields["name"] = "Eve"
    got = loaded(family, a_chunk()).recipients[0].fields
    if isinstance(got, dict):
        got["name"] = "Mallory"

    assert loaded(family, a_chunk()).recipients[0].fields == {"name": "Ada"}


def test_what_does_not_exist_is_none(family: Family) -> None:
    """Neither an unknown campaign nor an unknown chunk of a known one raises anything."""
    chunk = stored_chunk(family)

    assert family.chunks.load(replace(chunk.ref, number=1)) is None
    assert family.chunks.load(replace(chunk.ref, range_number=1)) is None
    assert family.chunks.load(ChunkRef(CampaignId("cmp_unknown"), 0, 0)) is None


def test_the_campaign_comes_as_it_is_now(family: Family) -> None:
    """A pause that was just written is seen with the chunk."""
    chunk = stored_chunk(family)
    campaign = family.campaigns.get(CAMPAIGN_ID)
    assert campaign is not None

    paused = family.campaigns.save(campaign.pause(LATER, PauseReason.OPERATOR))

    assert family.chunks.load(chunk.ref) == (paused, chunk)


def test_saving_counts_the_version_up(family: Family) -> None:
    """The chunk returned is the one stored."""
    chunk = stored_chunk(family)

    saved = family.chunks.save(claimed(chunk), chunk)

    assert saved == replace(claimed(chunk), version=chunk.version + 1)
    assert loaded(family, chunk) == saved


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(claimed, id="claimed"),
        pytest.param(
            lambda chunk: claimed(chunk).record(
                ATTEMPT,
                {
                    0: Accepted("message-1"),
                    1: Refused("no such mailbox ☃"),
                    2: Unknown("timeout"),
                    3: NotSent("throttled"),
                },
            ),
            id="recorded",
        ),
        pytest.param(
            lambda chunk: chunk.claim(
                [0, 1], suppressed=[1], lease=Lease(AttemptToken("other"), LATER)
            ),
            id="suppressed",
        ),
        pytest.param(lambda chunk: claimed(chunk).without_dead_attempts(), id="lost from sight"),
        pytest.param(lambda chunk: chunk.skip_pending(), id="skipped"),
        pytest.param(
            lambda chunk: chunk.check_later(START, timedelta(minutes=5)), id="checked later"
        ),
        pytest.param(
            lambda chunk: chunk.check_not_before(LATER + timedelta(microseconds=1)),
            id="put back",
        ),
    ],
)
def test_every_change_is_read_as_it_was_saved(
    family: Family, change: Callable[[Chunk], Chunk]
) -> None:
    """States, attempts, message ids, reasons, lease, checks and times survive."""
    chunk = stored_chunk(family, a_chunk(count=4))

    saved = family.chunks.save(change(chunk), chunk)

    assert saved != chunk
    assert loaded(family, chunk) == saved


def test_a_chunk_moves_on_from_save_to_save(family: Family) -> None:
    """Claimed, put back, claimed again, finished: each from what the last one returned."""
    chunk = stored_chunk(family)

    first = family.chunks.save(claimed(chunk), chunk)
    back = first.record(ATTEMPT, {0: NotSent("throttled"), 1: Accepted("message-1")})
    second = family.chunks.save(back, first)
    third = family.chunks.save(claimed(second, "attempt-2"), second)
    end = third.record(AttemptToken("attempt-2"), {0: Accepted("message-2")})
    fourth = family.chunks.save(end, third)

    assert fourth.version == 4
    assert loaded(family, chunk) == fourth
    assert tally_of(family) == Tally(sent=2, finished_chunks=1)


@pytest.mark.parametrize("change", [claimed, finished])
def test_a_stale_version_is_refused_and_nothing_is_written(
    family: Family, change: Callable[[Chunk], Chunk]
) -> None:
    """Neither the chunk nor the tally: a finish that lost its race counts nobody."""
    chunk = stored_chunk(family)
    newer = family.chunks.save(claimed(chunk, "winner"), chunk)

    with pytest.raises(VersionConflict):
        family.chunks.save(change(chunk), chunk)

    assert loaded(family, chunk) == newer
    assert tally_of(family) == Tally()


@pytest.mark.parametrize("change", [claimed, finished])
def test_saving_does_not_create(family: Family, change: Callable[[Chunk], Chunk]) -> None:
    """A chunk that was never appended has no version to match, and nobody is counted."""
    stored_campaign(family)
    chunk = a_chunk()

    with pytest.raises(VersionConflict):
        family.chunks.save(change(chunk), chunk)

    assert family.chunks.load(chunk.ref) is None
    assert tally_of(family) == Tally()


@pytest.mark.parametrize("change", [claimed, finished])
def test_the_same_write_again_is_a_conflict(
    family: Family, change: Callable[[Chunk], Chunk]
) -> None:
    """That it would write what is stored does not make two writers both the winner."""
    chunk = stored_chunk(family)
    saved = family.chunks.save(change(chunk), chunk)

    with pytest.raises(VersionConflict):
        family.chunks.save(change(chunk), chunk)

    assert loaded(family, chunk) == saved


def test_of_those_who_claim_one_version_one_wins(family: Family) -> None:
    """The lease stored is the winner's."""
    chunk = stored_chunk(family)
    rivals = [claimed(chunk, f"attempt-{number}") for number in range(THREADS)]

    winner = winner_of(
        race(lambda rival: family.chunks.save(rival, chunk), rivals), VersionConflict
    )

    assert loaded(family, chunk) == winner


def test_of_those_who_finish_one_version_one_is_counted(family: Family) -> None:
    """However many race to finish a chunk, the tally moves once."""
    chunk = stored_chunk(family)
    taken = family.chunks.save(claimed(chunk), chunk)
    rivals = [
        taken.record(ATTEMPT, {0: Accepted(f"message-{number}"), 1: Refused("no")})
        for number in range(THREADS)
    ]

    winner = winner_of(
        race(lambda rival: family.chunks.save(rival, taken), rivals), VersionConflict
    )

    assert loaded(family, chunk) == winner
    assert tally_of(family) == Tally(sent=1, failed=1, finished_chunks=1)


def test_many_are_saved_together(family: Family) -> None:
    """Each by its own version; what they finish is counted once each."""
    chunks = [a_chunk(number) for number in range(10)]
    stored_campaign(family)
    stored_chunks(family, chunks)

    taken = family.chunks.save_all([ChunkChange(claimed(chunk), chunk) for chunk in chunks])
    assert taken == {
        chunk.ref: replace(claimed(chunk), version=chunk.version + 1) for chunk in chunks
    }
    ended = family.chunks.save_all(
        [ChunkChange(finished_from(chunk), chunk) for chunk in taken.values()]
    )

    assert {ref: found for ref, (_, found) in family.chunks.load_all(list(taken)).items()} == ended
    assert tally_of(family) == Tally(sent=20, finished_chunks=10)
    assert family.chunks.save_all([]) == {}


@pytest.mark.parametrize("lost", [[0], [1, 3], [0, 1, 2, 3]])
def test_of_many_only_those_that_lost_are_not_saved(family: Family, lost: list[int]) -> None:
    """Somebody else wrote them first: they are left as they are, and nobody counts them."""
    chunks = [a_chunk(number) for number in range(4)]
    stored_campaign(family)
    stored_chunks(family, chunks)
    taken = list(
        family.chunks.save_all([ChunkChange(claimed(each), each) for each in chunks]).values()
    )
    newer = [family.chunks.save(taken[number].check_at(LATER), taken[number]) for number in lost]

    ended = family.chunks.save_all([ChunkChange(finished_from(each), each) for each in taken])

    won = [each for number, each in enumerate(taken) if number not in lost]
    assert list(ended) == [each.ref for each in won]
    assert [loaded(family, each) for each in newer] == newer
    assert [loaded(family, each) for each in won] == list(ended.values())
    assert tally_of(family) == Tally(sent=2 * len(won), finished_chunks=len(won))


def test_of_one_that_is_gone_the_others_are_saved(family: Family) -> None:
    """A chunk that was never appended has no version to match."""
    chunk, unknown = a_chunk(0), a_chunk(1)
    stored_chunk(family, chunk)

    saved = family.chunks.save_all(
        [ChunkChange(claimed(unknown), unknown), ChunkChange(claimed(chunk), chunk)]
    )

    assert list(saved) == [chunk.ref]
    assert family.chunks.load(unknown.ref) is None


def test_an_unfinished_chunk_is_not_counted(family: Family) -> None:
    """Somebody sent to is in the tally only once nobody of the chunk is left."""
    chunk = stored_chunk(family)
    taken = family.chunks.save(claimed(chunk), chunk)

    family.chunks.save(taken.record(ATTEMPT, {0: Accepted("m"), 1: NotSent("later")}), taken)

    assert tally_of(family) == Tally()


@pytest.mark.parametrize(
    ("outcome", "tally"),
    [
        (Accepted("message-1"), Tally(sent=2, finished_chunks=1)),
        (Refused("no"), Tally(failed=2, finished_chunks=1)),
        (Unknown("timeout"), Tally(unknown=2, finished_chunks=1)),
    ],
)
def test_finishing_a_chunk_moves_the_tally(family: Family, outcome: Outcome, tally: Tally) -> None:
    """Its recipients are counted by their state, and it among the finished."""
    chunk = stored_chunk(family)

    family.chunks.save(finished(chunk, outcome), chunk)

    assert tally_of(family) == tally


def last_finished_at(family: Family) -> datetime | None:
    """When a chunk of the campaign was last finished."""
    return family.fan_out.progress(CAMPAIGN_ID).last_finished_at


def test_a_chunk_keeps_when_it_was_made_and_finished(family: Family) -> None:
    """Both come back as they were written."""
    chunk = stored_chunk(family, replace(a_chunk(), made_at=START))

    ended = family.chunks.save(finished(chunk).since(chunk, LATER), chunk)

    assert loaded(family, chunk) == ended
    assert (ended.made_at, ended.finished_at) == (START, LATER)


def test_the_campaign_shows_when_a_chunk_was_last_finished(family: Family) -> None:
    """Of all shards the latest, and never before one is finished."""
    stored_campaign(family)
    chunks = [a_chunk(number) for number in range(3)]
    stored_chunks(family, chunks)
    assert last_finished_at(family) is None

    taken = family.chunks.save(claimed(chunks[2]), chunks[2])
    assert last_finished_at(family) is None

    for chunk, at in zip(chunks[:2], [LATER, START], strict=True):
        family.chunks.save(finished(chunk).since(chunk, at), chunk)
        assert last_finished_at(family) == LATER

    family.chunks.save(taken.skip_pending(), taken)
    assert last_finished_at(family) == LATER


def test_late_proof_does_not_change_when_it_was_finished(family: Family) -> None:
    """Neither for the chunk nor for those of its shard that were finished since."""
    stored_campaign(family)
    first, second = a_chunk(0), a_chunk(TALLY_SHARDS)
    stored_chunks(family, [first, second])
    ended = finished(first, Unknown("timeout")).since(first, START)
    ended = family.chunks.save(ended, first)
    family.chunks.save(finished(second).since(second, LATER), second)

    proved = ended.record(ATTEMPT, {0: Accepted("late")}).since(ended, LATER)
    assert family.chunks.save(proved, ended).finished_at == START

    assert last_finished_at(family) == LATER
    assert tally_of(family) == Tally(sent=3, unknown=1, finished_chunks=2)


def test_the_suppressed_and_the_skipped_are_counted(family: Family) -> None:
    """Who gets no mail is counted too."""
    chunk = stored_chunk(family, a_chunk(count=3))
    lease = Lease(ATTEMPT, LATER)
    taken = family.chunks.save(chunk.claim([0], suppressed=[0], lease=lease), chunk)

    family.chunks.save(taken.skip_pending(), taken)

    assert tally_of(family) == Tally(suppressed=1, skipped=2, finished_chunks=1)


def test_a_change_in_a_finished_chunk_moves_the_tally_by_its_difference(family: Family) -> None:
    """Late proof makes an unknown into a sent: one less, one more, no chunk more."""
    chunk = stored_chunk(family, a_chunk(count=3))
    ended = family.chunks.save(finished(chunk, Unknown("timeout")), chunk)

    proved = family.chunks.save(ended.record(ATTEMPT, {1: Accepted("late")}), ended)
    family.chunks.save(proved.record(ATTEMPT, {0: Refused("late")}), proved)

    assert tally_of(family) == Tally(sent=1, failed=1, unknown=1, finished_chunks=1)


def test_the_tally_adds_up_over_chunks_of_every_shard_and_range(family: Family) -> None:
    """Wherever a chunk is counted, the whole tally has it."""
    _, (first, second) = stored_campaign(family, ranges=2)
    numbers = range(TALLY_SHARDS + 2)
    for fan_out_range in (first, second):
        current = fan_out_range
        for start in range(0, len(numbers), 10):
            chunks = [
                a_chunk(number, 1, range_number=fan_out_range.number)
                for number in numbers[start : start + 10]
            ]
            current = stored_chunks(family, chunks, current)
            for chunk in chunks:
                family.chunks.save(finished(chunk), chunk)

    total = 2 * len(numbers)
    assert tally_of(family) == Tally(sent=total, finished_chunks=total)


def test_chunks_of_one_shard_finish_at_once(family: Family) -> None:
    """Threads that finish different chunks of one tally shard lose no count."""
    stored_campaign(family)
    chunks = [a_chunk(TALLY_SHARDS * number, 1) for number in range(THREADS)]
    stored_chunks(family, chunks)

    results = race(lambda chunk: family.chunks.save(finished(chunk), chunk), chunks)

    assert [each for each in results if isinstance(each, Exception)] == []
    assert tally_of(family) == Tally(sent=THREADS, finished_chunks=THREADS)


def test_campaigns_are_counted_apart(family: Family) -> None:
    """A chunk finished in one campaign is none of the other's business."""
    other = CampaignId("cmp_01K9ZZZZZZZZZZZZZZZZZZZZZA")
    stored_chunk(family)
    stored_campaign(family, a_campaign(other))
    chunk = a_chunk(campaign_id=other)
    stored_chunks(family, [chunk])

    family.chunks.save(finished(chunk), chunk)

    assert tally_of(family) == Tally()
    assert family.fan_out.progress(other).tally == Tally(sent=2, finished_chunks=1)


def test_permission_tells_the_campaign_and_whom_not_to_mail(family: Family) -> None:
    """Of the addresses asked about, those on the suppression list."""
    campaign, _ = stored_campaign(family)
    addresses = [each.address for each in recipients(50)]
    for address in (addresses[3], addresses[49], "somebody.else@example.com"):
        family.suppressions.add(Suppression(address, SuppressionReason.BOUNCE, START))

    permission = family.chunks.permission(CAMPAIGN_ID, addresses)

    assert permission.campaign == campaign
    assert permission.suppressed == {addresses[3], addresses[49]}


@pytest.mark.parametrize("category", CampaignCategory)
@pytest.mark.parametrize("scope", SuppressionScope)
def test_permission_asks_for_the_campaigns_category(
    family: Family, scope: SuppressionScope, category: CampaignCategory
) -> None:
    """A scope of marketing lets a transactional campaign through, and nothing else does."""
    stored_campaign(family, replace(a_campaign(), category=category))
    reason = SuppressionReason.UNSUBSCRIBE
    family.suppressions.add(Suppression("a@example.com", reason, START, scope))

    permission = family.chunks.permission(CAMPAIGN_ID, ["a@example.com", "b@example.com"])

    let_through = (scope, category) == (
        SuppressionScope.MARKETING,
        CampaignCategory.TRANSACTIONAL,
    )
    assert permission.suppressed == (frozenset() if let_through else {"a@example.com"})


def test_permission_is_what_was_just_written(family: Family) -> None:
    """A cancel and a complaint count from the moment that they are written."""
    campaign, _ = stored_campaign(family)
    before = family.chunks.permission(CAMPAIGN_ID, ["a@example.com"])

    cancelled = family.campaigns.save(campaign.cancel(LATER))
    family.suppressions.add(Suppression("a@example.com", SuppressionReason.COMPLAINT, START))
    after = family.chunks.permission(CAMPAIGN_ID, ["a@example.com"])

    assert (before.campaign, before.suppressed) == (campaign, frozenset())
    assert (after.campaign, after.suppressed) == (cancelled, frozenset({"a@example.com"}))


def test_permission_for_nobody_tells_the_campaign(family: Family) -> None:
    """No addresses: nobody suppressed."""
    campaign, _ = stored_campaign(family)

    permission = family.chunks.permission(CAMPAIGN_ID, [])

    assert (permission.campaign, permission.suppressed) == (campaign, frozenset())


def test_permission_takes_an_address_twice(family: Family) -> None:
    """Asking twice is asking once."""
    stored_campaign(family)
    family.suppressions.add(Suppression("a@example.com", SuppressionReason.OPERATOR, START))

    permission = family.chunks.permission(CAMPAIGN_ID, ["a@example.com", "a@example.com"])

    assert permission.suppressed == {"a@example.com"}


def test_permission_of_an_unknown_campaign_has_none(family: Family) -> None:
    """The suppressed are told all the same."""
    family.suppressions.add(Suppression("a@example.com", SuppressionReason.OPERATOR, START))

    permission = family.chunks.permission(CAMPAIGN_ID, ["a@example.com"])

    assert (permission.campaign, permission.suppressed) == (None, frozenset({"a@example.com"}))


def test_a_chunk_of_long_recipients_fits(family: Family) -> None:
    """Fifty recipients with the longest address and fields, each with a reason of some length."""
    longest = tuple(
        Recipient(
            ContactId(f"con_{number:026d}"),
            f"{number:064d}@{'x' * 60}.{'y' * 60}.{'z' * 60}.com",
            {f"field{index}": f"{number * index:040d}☃" for index in range(40)},
        )
        for number in range(50)
    )
    chunk = stored_chunk(family, Chunk.new(a_chunk().ref, longest, LATER))

    saved = family.chunks.save(finished(chunk, Refused("because " * 30)), chunk)

    assert loaded(family, chunk) == saved
    assert {each.state for each in saved.progress} == {RecipientState.FAILED}


def test_an_erased_recipient_is_read_without_the_person(family: Family) -> None:
    """Who and how far in one write; the others stay, in their order, and the counts are right."""
    stored_campaign(family)
    before = a_chunk(count=2)
    stored_chunks(family, [before])
    settled = before.claim([1], suppressed=[1], lease=Lease(AttemptToken("attempt-1"), LATER))

    kept = family.chunks.save(settled, before)
    erased = family.chunks.erase(kept.erase(0), kept)

    loaded = family.chunks.load(before.ref)
    assert loaded is not None
    assert loaded[1] == erased
    assert [each.is_erased for each in loaded[1].recipients] == [True, False]
    assert [each.contact_id for each in loaded[1].recipients] == [
        each.contact_id for each in before.recipients
    ]
    assert dict(loaded[1].recipients[0].fields) == {}
    assert [each.state for each in loaded[1].progress] == [
        RecipientState.SKIPPED,
        RecipientState.SUPPRESSED,
    ]
    tally = family.fan_out.progress(before.ref.campaign_id).tally
    assert (tally.skipped, tally.suppressed, tally.finished_chunks) == (1, 1, 1)


def test_an_overtaken_erasure_changes_nothing(family: Family) -> None:
    """Neither who nor how far."""
    stored_campaign(family)
    before = a_chunk(count=2)
    stored_chunks(family, [before])
    saved = family.chunks.save(claimed(before), before)

    with pytest.raises(VersionConflict):
        family.chunks.erase(before.erase(0), before)

    loaded = family.chunks.load(before.ref)
    assert loaded is not None
    assert loaded[1] == saved
