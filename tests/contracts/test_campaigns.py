"""The contract of `domain.ports.campaigns`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.campaign import (
    Approval,
    Campaign,
    CampaignCategory,
    CampaignState,
    PauseReason,
    UnknownPolicy,
)
from domain.errors import AlreadyExists, InvalidInput, VersionConflict
from domain.fan_out import new_ranges
from domain.identifiers import CampaignId, SegmentId
from domain.path_policy import ExecutionPath
from domain.priority import Priority
from tests.contracts.examples import (
    CAMPAIGN_ID,
    LATER,
    MADE_UP_CURSORS,
    a_campaign,
    named,
    stored_campaign,
)
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race, winner_of
from tests.contracts.settable_clock import START

IDS = [CampaignId(f"cmp_{number:026d}") for number in range(7)]


def read_all(
    family: Family, state: CampaignState | None, limit: int
) -> tuple[Sequence[CampaignId], Sequence[int]]:
    """Every campaign that pages of `limit` bring, and how long each page was."""
    found: list[CampaignId] = []
    lengths: list[int] = []
    cursor = None
    while True:
        page = family.campaigns.page(state, limit, cursor)
        found += [each.campaign_id for each in page.campaigns]
        lengths.append(len(page.campaigns))
        if page.cursor is None:
            return found, lengths
        assert len(lengths) < 100, "it never ends"
        cursor = page.cursor


@pytest.mark.parametrize(
    "campaign",
    [
        pytest.param(a_campaign(), id="new"),
        pytest.param(replace(a_campaign(), unknown_policy=UnknownPolicy.RESEND), id="resending"),
        pytest.param(
            replace(a_campaign(), needs_approval=True, pause_reason=PauseReason.APPROVAL),
            id="awaiting approval",
        ),
        pytest.param(
            replace(a_campaign(), needs_approval=True, approved=Approval(LATER, None, 3)),
            id="approved",
        ),
        pytest.param(
            replace(a_campaign(), needs_approval=True, approved=Approval(LATER, "abcd1234", 1)),
            id="approved by a key",
        ),
        pytest.param(
            replace(a_campaign(), category=CampaignCategory.TRANSACTIONAL), id="transactional"
        ),
        pytest.param(replace(a_campaign(), priority=Priority.URGENT), id="urgent"),
        pytest.param(
            replace(a_campaign(), schedule_at=datetime(1, 1, 1, tzinfo=UTC)), id="of long ago"
        ),
        pytest.param(
            replace(
                a_campaign(state=CampaignState.PAUSED),
                name="Ünïcode ☃ 'and' \"quotes\"",
                execution_path=ExecutionPath.SCHEDULED,
                schedule_at=START + timedelta(days=1, microseconds=1),
                revision=7,
                schedule_version=3,
                next_check_at=None,
                started_at=START + timedelta(seconds=1),
                pause_reason=PauseReason.QUOTA,
                pause_detail="the quota of a day is used up",
                resume_at=LATER,
                moved_at=LATER,
                could_start_at=START - timedelta(microseconds=1),
                exclude_segment_ids=(SegmentId("staff"), SegmentId("beta-testers")),
            ),
            id="paused",
        ),
        pytest.param(
            replace(
                a_campaign(state=CampaignState.FAILED),
                next_check_at=None,
                ended_at=LATER,
                failure_reason="The template is broken: html, line 3",
            ),
            id="failed",
        ),
    ],
)
def test_a_campaign_is_read_as_it_was_added(family: Family, campaign: Campaign) -> None:
    """Every field survives, with its type and to the microsecond."""
    stored_campaign(family, campaign)

    assert family.campaigns.get(CAMPAIGN_ID) == campaign


def test_an_unknown_campaign_is_none(family: Family) -> None:
    """Nothing is raised for an id that nobody has."""
    assert family.campaigns.get(CAMPAIGN_ID) is None


@pytest.mark.parametrize("ranges", [1, 16, 64])
def test_adding_a_campaign_adds_its_ranges(family: Family, ranges: int) -> None:
    """They are there, in order, as soon as the campaign is."""
    _, added = stored_campaign(family, ranges=ranges)

    assert family.fan_out.progress(CAMPAIGN_ID).ranges == added


def test_a_taken_id_is_refused_and_nothing_changes(family: Family) -> None:
    """Neither the campaign nor any of its ranges is written over or added to."""
    campaign, ranges = stored_campaign(family, ranges=2)

    with pytest.raises(AlreadyExists) as refusal:
        family.campaigns.add(named(campaign, "Another"), new_ranges(CAMPAIGN_ID, 4))

    assert (refusal.value.kind, refusal.value.identifier) == ("campaign", CAMPAIGN_ID)
    assert family.campaigns.get(CAMPAIGN_ID) == campaign
    assert family.fan_out.progress(CAMPAIGN_ID).ranges == ranges


def test_adding_the_same_again_is_refused(family: Family) -> None:
    """That it would write what is stored does not make two creators of it."""
    campaign, ranges = stored_campaign(family)

    with pytest.raises(AlreadyExists):
        family.campaigns.add(campaign, ranges)


def test_of_those_who_add_one_id_one_wins(family: Family) -> None:
    """Threads that add different campaigns under one id: the others hear that it is taken."""
    rivals = [named(a_campaign(), f"Rival {number}") for number in range(THREADS)]

    def add(campaign: Campaign) -> Campaign:
        family.campaigns.add(campaign, new_ranges(CAMPAIGN_ID, 1))
        return campaign

    winner = winner_of(race(add, rivals), AlreadyExists)

    assert family.campaigns.get(CAMPAIGN_ID) == winner


def test_saving_counts_the_version_up(family: Family) -> None:
    """The campaign returned is the one stored, and can be saved in its turn."""
    campaign, _ = stored_campaign(family)

    first = family.campaigns.save(named(campaign, "First"))
    second = family.campaigns.save(named(first, "Second"))

    assert (first.version, second.version) == (campaign.version + 1, campaign.version + 2)
    assert second == replace(campaign, name="Second", version=2)
    assert family.campaigns.get(CAMPAIGN_ID) == second


def test_a_save_takes_away_what_is_no_longer_set(family: Family) -> None:
    """A field that is None again is None when read."""
    campaign, _ = stored_campaign(
        family, replace(a_campaign(), pause_reason=PauseReason.OPERATOR, resume_at=LATER)
    )

    family.campaigns.save(replace(campaign, pause_reason=None, resume_at=None, next_check_at=None))

    stored = family.campaigns.get(CAMPAIGN_ID)
    assert stored is not None
    assert (stored.pause_reason, stored.resume_at, stored.next_check_at) == (None, None, None)


def test_a_stale_version_is_refused_and_nothing_is_written(family: Family) -> None:
    """Who read before somebody else wrote does not write over it."""
    campaign, _ = stored_campaign(family)
    newer = family.campaigns.save(named(campaign, "Newer"))

    with pytest.raises(VersionConflict):
        family.campaigns.save(named(campaign, "Stale"))

    assert family.campaigns.get(CAMPAIGN_ID) == newer


def test_the_same_write_again_is_a_conflict(family: Family) -> None:
    """That it would write what is stored does not make two writers both the winner."""
    campaign, _ = stored_campaign(family)
    family.campaigns.save(named(campaign, "Same"))

    with pytest.raises(VersionConflict):
        family.campaigns.save(named(campaign, "Same"))


def test_a_version_of_the_future_is_refused(family: Family) -> None:
    """The versions must be equal: higher is no better than lower."""
    campaign, _ = stored_campaign(family)

    with pytest.raises(VersionConflict):
        family.campaigns.save(replace(campaign, version=campaign.version + 1))

    assert family.campaigns.get(CAMPAIGN_ID) == campaign


def test_saving_does_not_create(family: Family) -> None:
    """A campaign that was never added has no version to match."""
    with pytest.raises(VersionConflict):
        family.campaigns.save(a_campaign())

    assert family.campaigns.get(CAMPAIGN_ID) is None


def test_of_those_who_save_one_version_one_wins(family: Family) -> None:
    """What is stored is the winner's; everybody else hears of the conflict."""
    campaign, _ = stored_campaign(family)
    rivals = [named(campaign, f"Rival {number}") for number in range(THREADS)]

    winner = winner_of(race(family.campaigns.save, rivals), VersionConflict)

    assert family.campaigns.get(CAMPAIGN_ID) == winner


def test_no_write_is_lost_when_losers_read_again(family: Family) -> None:
    """Threads that count up by read and save, again after a conflict, miss no count."""
    stored_campaign(family)
    rounds, threads = 5, 4

    def count_up(_: int) -> None:
        done = 0
        while done < rounds:
            campaign = family.campaigns.get(CAMPAIGN_ID)
            assert campaign is not None
            try:
                family.campaigns.save(replace(campaign, revision=campaign.revision + 1))
            except VersionConflict:
                continue
            done += 1

    assert race(count_up, range(threads)) == [None] * threads

    stored = family.campaigns.get(CAMPAIGN_ID)
    assert stored is not None
    assert stored.revision == 1 + rounds * threads


def test_there_is_an_empty_page_of_no_campaigns(family: Family) -> None:
    """No campaigns and no cursor."""
    page = family.campaigns.page(None, 10, None)

    assert (page.campaigns, page.cursor) == ((), None)


@pytest.mark.parametrize(("limit", "lengths"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (100, [7])])
def test_pages_bring_every_campaign_once_newest_first(
    family: Family, limit: int, lengths: Sequence[int]
) -> None:
    """The last page has no cursor, also when it is full."""
    for campaign_id in IDS:
        stored_campaign(family, a_campaign(campaign_id))

    assert read_all(family, None, limit) == (IDS[::-1], lengths)


def test_a_page_holds_whole_campaigns(family: Family) -> None:
    """A listed campaign is the same as the one read by its id."""
    campaign, _ = stored_campaign(family)
    saved = family.campaigns.save(named(campaign, "Saved"))

    assert family.campaigns.page(None, 10, None).campaigns == (saved,)


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_pages_of_one_state_hold_no_other(family: Family, limit: int) -> None:
    """A campaign is listed under the state it is in now."""
    for number, campaign_id in enumerate(IDS):
        state = CampaignState.SENDING if number % 2 else CampaignState.SCHEDULED
        stored_campaign(family, a_campaign(campaign_id, state))
    moved = family.campaigns.get(IDS[1])
    assert moved is not None
    family.campaigns.save(moved.cancel(LATER))

    assert read_all(family, CampaignState.SCHEDULED, limit)[0] == [
        IDS[6],
        IDS[4],
        IDS[2],
        IDS[0],
    ]
    assert read_all(family, CampaignState.SENDING, limit)[0] == [IDS[5], IDS[3]]
    assert read_all(family, CampaignState.CANCELLED, limit)[0] == [IDS[1]]
    assert read_all(family, CampaignState.PAUSED, limit)[0] == []


def test_a_cursor_outlives_the_state_of_the_campaign_it_stands_on(family: Family) -> None:
    """Reading on misses and repeats nothing when the last of a page has left the list."""
    for campaign_id in IDS:
        stored_campaign(family, a_campaign(campaign_id))
    first = family.campaigns.page(CampaignState.SENDING, 3, None)

    family.campaigns.save(first.campaigns[-1].cancel(LATER))
    second = family.campaigns.page(CampaignState.SENDING, 10, first.cursor)

    assert [each.campaign_id for each in second.campaigns] == IDS[3::-1]
    assert second.cursor is None


def test_newer_campaigns_do_not_disturb_reading_on(family: Family) -> None:
    """What is added between two pages comes before them, so it is in neither."""
    for campaign_id in IDS[:4]:
        stored_campaign(family, a_campaign(campaign_id))
    first = family.campaigns.page(None, 2, None)

    for campaign_id in IDS[4:]:
        stored_campaign(family, a_campaign(campaign_id))
    second = family.campaigns.page(None, 2, first.cursor)

    assert [each.campaign_id for each in second.campaigns] == IDS[1::-1]


@pytest.mark.parametrize("state", [None, CampaignState.SENDING])
@pytest.mark.parametrize("cursor", MADE_UP_CURSORS)
def test_a_made_up_cursor_is_refused(
    family: Family, state: CampaignState | None, cursor: str
) -> None:
    """InvalidInput names `cursor`, whatever the nonsense is."""
    stored_campaign(family)

    with pytest.raises(InvalidInput) as refusal:
        family.campaigns.page(state, 10, cursor)

    assert refusal.value.field == "cursor"
