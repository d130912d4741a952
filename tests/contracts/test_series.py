"""The contract of `domain.ports.series`, and of what of it is due."""

from dataclasses import MISSING, fields, replace
from datetime import timedelta

import pytest

from domain.campaign import CampaignCategory, CampaignState, UnknownPolicy
from domain.cron import Cron
from domain.errors import AlreadyExists, InvalidInput, VersionConflict
from domain.fan_out import new_ranges
from domain.identifiers import CampaignId, SegmentId, SeriesId, TemplateId
from domain.priority import Priority
from domain.series import CatchUp, Occurrence, Series, SeriesPlan, SeriesState
from tests.contracts.examples import (
    CAMPAIGN_ID,
    LATER,
    MADE_UP_CURSORS,
    a_campaign,
    stored_campaign,
)
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race, winner_of
from tests.contracts.settable_clock import START

SERIES_ID = SeriesId("ser_01K9ZZZZZZZZZZZZZZZZZZZZZZ")
TICK = timedelta(microseconds=1)


def a_series(series_id: str = SERIES_ID) -> Series:
    """Just begun."""
    plan = SeriesPlan(
        name="Weekly ☃",
        cron=Cron.of("0 9 * * MON"),
        timezone="Europe/Berlin",
        template_id=TemplateId("promo-template"),
        segment_id=SegmentId("vip-customers"),
    )
    return Series.begin(SeriesId(series_id), plan, START)


WHOLE = Series(
    series_id=SERIES_ID,
    plan=SeriesPlan(
        name="Weekly ☃ {date}",
        cron=Cron.of("*/30 8-18/2 1,15 jan-MAR 7"),
        timezone="Australia/Lord_Howe",
        template_id=TemplateId("promo-template"),
        segment_id=SegmentId("vip-customers"),
        exclude_segment_ids=(SegmentId("one"), SegmentId("two")),
        unknown_policy=UnknownPolicy.RESEND,
        category=CampaignCategory.TRANSACTIONAL,
        priority=Priority.URGENT,
        catch_up=CatchUp.NONE,
        ends_at=START + 2 * TICK,
        max_occurrences=100_000,
    ),
    created_at=START,
    revised_at=START + TICK,
    state=SeriesState.PAUSED,
    next_at=START + 3 * TICK,
    last_at=START + 4 * TICK,
    next_check_at=LATER,
    problem="template_id: No template ☃; create it first.",
    made_count=12,
    missed_count=34,
    history=(
        Occurrence(at=START, campaign_id=CAMPAIGN_ID),
        Occurrence(at=START + TICK, missed="Nobody made it in time."),
    ),
    revision=7,
)


def test_the_whole_example_leaves_nothing_at_its_default() -> None:
    """So that a field which a family forgets is missed in the next test."""
    for part in (WHOLE, WHOLE.plan):
        assert not [
            each.name
            for each in fields(part)
            if each.name != "version"
            and each.default is not MISSING
            and getattr(part, each.name) == each.default
        ]


@pytest.mark.parametrize(
    "series",
    [
        pytest.param(a_series(), id="new"),
        pytest.param(WHOLE, id="whole"),
        *(pytest.param(replace(a_series(), state=state), id=str(state)) for state in SeriesState),
    ],
)
def test_a_series_is_read_as_it_was_written(family: Family, series: Series) -> None:
    """All of it."""
    family.series.add(series)
    assert family.series.get(series.series_id) == series


def test_what_is_not_there(family: Family) -> None:
    """None, and nothing can be saved in its place."""
    assert family.series.get(SERIES_ID) is None
    with pytest.raises(VersionConflict):
        family.series.save(a_series())


def test_an_id_is_taken_once(family: Family) -> None:
    """The first stays as it is."""
    family.series.add(a_series())
    with pytest.raises(AlreadyExists):
        family.series.add(WHOLE)
    assert family.series.get(SERIES_ID) == a_series()


def test_of_many_writers_one_wins(family: Family) -> None:
    """By version."""
    family.series.add(a_series())
    writes = [replace(a_series(), problem=str(number)) for number in range(THREADS)]

    winner = winner_of(race(family.series.save, writes), VersionConflict)

    assert winner.version == 1
    assert family.series.get(SERIES_ID) == winner


def test_a_campaign_is_made_with_the_note_of_it(family: Family) -> None:
    """Of many at once by one alone, and for the others nothing is written."""
    family.series.add(a_series())
    ids = [CampaignId(f"cmp_{number:026d}") for number in range(THREADS)]

    def make(campaign_id: CampaignId) -> Series:
        campaign = replace(
            a_campaign(campaign_id).as_created(), series_id=SERIES_ID, occurrence_at=START
        )
        made = a_series().made(campaign_id)
        return family.series.make(made, campaign, new_ranges(campaign_id, 2))

    winner = winner_of(race(make, ids), VersionConflict)

    (made,) = winner.history
    assert family.series.get(SERIES_ID) == winner
    assert made.campaign_id is not None
    stored = family.campaigns.get(made.campaign_id)
    assert stored is not None
    assert (stored.series_id, stored.occurrence_at) == (SERIES_ID, START)
    assert len(family.fan_out.progress(made.campaign_id).ranges) == 2
    assert [family.campaigns.get(each) for each in ids if each != made.campaign_id] == [None] * 7


def test_a_campaign_that_is_there_is_not_made_again(family: Family) -> None:
    """Nothing is written."""
    campaign, ranges = stored_campaign(family)
    family.series.add(a_series())

    with pytest.raises(VersionConflict):
        family.series.make(a_series().made(CAMPAIGN_ID), campaign, ranges)

    assert family.series.get(SERIES_ID) == a_series()


def test_a_series_and_campaigns_are_written_together(family: Family) -> None:
    """All of them, or none where one has changed."""
    campaign, _ = stored_campaign(family, a_campaign(state=CampaignState.SCHEDULED))
    other, _ = stored_campaign(
        family, a_campaign(CampaignId("cmp_2"), state=CampaignState.SCHEDULED)
    )
    family.series.add(a_series())

    stored = family.series.save(a_series().pause(START), campaign.cancel(START))

    assert family.series.get(SERIES_ID) == stored
    cancelled = family.campaigns.get(CAMPAIGN_ID)
    assert cancelled is not None
    assert (cancelled.state, cancelled.version) == (CampaignState.CANCELLED, 1)
    for series, behind in ((stored, (campaign,)), (a_series(), ())):
        with pytest.raises(VersionConflict):
            family.series.save(
                series.end(START), other.cancel(START), *(each.cancel(START) for each in behind)
            )
    assert family.series.get(SERIES_ID) == stored
    assert family.campaigns.get(other.campaign_id) == other


def test_pages_newest_first(family: Family) -> None:
    """Each once, and a made-up cursor is refused."""
    ids = [f"ser_{number:026d}" for number in range(5)]
    for each in ids:
        family.series.add(a_series(each))

    first = family.series.page(3, None)
    second = family.series.page(3, first.cursor)

    listed = [each.series_id for each in (*first.series, *second.series)]
    assert listed == [SeriesId(each) for each in reversed(ids)]
    assert second.cursor is None
    for cursor in MADE_UP_CURSORS:
        with pytest.raises(InvalidInput) as error:
            family.series.page(3, cursor)
        assert error.value.field == "cursor"


def test_series_are_due_by_themselves(family: Family) -> None:
    """Longest due first, at their time; none that is not looked at, nor among other work."""
    ids = [SeriesId(f"ser_{number}") for number in range(3)]
    for number, series_id in enumerate(ids):
        family.series.add(replace(a_series(series_id), next_check_at=START + number * TICK))
    family.series.add(replace(a_series(), next_check_at=None))

    assert list(family.open_work.due_series(START - TICK, 10)) == []
    assert list(family.open_work.due_series(START, 10)) == ids[:1]
    assert list(family.open_work.due_series(LATER, 2)) == ids[:2]
    assert list(family.open_work.due_series(LATER, 10)) == ids
    assert list(family.open_work.due(LATER, 10)) == []
    assert list(family.open_work.due_jobs(LATER, 10)) == []
    stored = family.series.get(ids[0])
    assert stored is not None
    family.series.save(stored.check_again(LATER))
    assert list(family.open_work.due_series(START + TICK, 10)) == ids[1:2]
