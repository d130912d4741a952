"""Series: one campaign for each occurrence, there beforehand, and none missed unseen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.memory.series import MemorySeriesRepository
from domain.campaign import (
    Campaign,
    CampaignCategory,
    CampaignState,
    PauseReason,
    UnknownPolicy,
)
from domain.cron import Cron
from domain.errors import DependencyUnavailable, IllegalTransition, InvalidInput, StaleRevision
from domain.fan_out import FanOutRange
from domain.identifiers import SegmentId, SeriesId, TemplateId
from domain.priority import Priority
from domain.series import MAX_HISTORY, NOT_IN_TIME, CatchUp, Series, SeriesPlan, SeriesState
from domain.use_cases.create_series import CreateSeries
from domain.use_cases.edit_series import EditSeries
from domain.use_cases.list_occurrences import ListOccurrences
from domain.use_cases.series_change import SeriesChange
from domain.use_cases.steer_series import Steering, SteerSeries
from tests.unit.faults import RefusingScheduler
from tests.unit.sentinel import MINUTE, NOW, Sentinel

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NINE = NOW.replace(hour=8)
"""09:00 in Berlin, an hour before it is `NOW`."""
MIN_INTERVAL = timedelta(minutes=15)


class Unanswering(MemorySeriesRepository):
    """Makes campaigns, and does not say so."""

    def make(self, series: Series, campaign: Campaign, ranges: tuple[FanOutRange, ...]) -> Series:
        """Done, and no answer."""
        super().make(series, campaign, ranges)
        raise DependencyUnavailable("No answer.")


class Raced(MemorySeriesRepository):
    """Somebody else writes the series just before the first write of it."""

    first = True

    def save(self, series: Series, *campaigns: Campaign) -> Series:
        """By version, which is another by then."""
        if self.first:
            self.first = False
            stored = self.get(series.series_id)
            assert stored is not None
            super().save(stored)
        return super().save(series, *campaigns)


def plan(sentinel: Sentinel, cron: str = "0 9 * * *") -> SeriesPlan:
    """A greeting to two people, at nine in Berlin."""
    return SeriesPlan(
        name="Good morning",
        cron=Cron.of(cron),
        timezone="Europe/Berlin",
        template_id=sentinel.add_template(),
        segment_id=sentinel.add_segment([{"name": "Ada"}, {"name": "Eve"}]),
    )


def create(sentinel: Sentinel, wanted: SeriesPlan) -> Series:
    """As people do."""
    return CreateSeries(
        series=sentinel.series,
        make=sentinel.make_occurrences,
        clock=sentinel.clock,
        ids=sentinel.ids,
        min_interval=MIN_INTERVAL,
    )(wanted)


def change_of(sentinel: Sentinel) -> SeriesChange:
    """What people's changes go through."""
    return SeriesChange(
        series=sentinel.series,
        campaigns=sentinel.campaigns,
        scheduler=sentinel.scheduler,
        clock=sentinel.clock,
        metrics=sentinel.metrics,
        make=sentinel.make_occurrences,
    )


def edit(sentinel: Sentinel, series: Series, change: Callable[[SeriesPlan], SeriesPlan]) -> Series:
    """As people do."""
    return EditSeries(
        change=change_of(sentinel), create=sentinel.create_campaign, min_interval=MIN_INTERVAL
    )(series.series_id, change)


def steer(sentinel: Sentinel, series: Series, steering: Steering) -> Series:
    """As people do."""
    return SteerSeries(series=sentinel.series, change=change_of(sentinel))(
        series.series_id, steering
    )


def stored(sentinel: Sentinel, series: Series) -> Series:
    """As it is now."""
    found = sentinel.series.get(series.series_id)
    assert found is not None
    return found


def campaigns(sentinel: Sentinel) -> list[Campaign]:
    """All of them, in the order of their occurrences."""
    found = sentinel.campaigns.page(None, 100, None).campaigns
    return sorted(found, key=lambda each: (each.occurrence_at or NOW, each.created_at))


def at(*campaigns_of: Campaign) -> list[str]:
    """When they go out, and how they are."""
    return [f"{each.schedule_at:%d %H:%M} {each.state}" for each in campaigns_of]


def drop_template(sentinel: Sentinel, template_id: TemplateId) -> None:
    """As people do, whatever is to be mailed of it."""
    del sentinel.database.templates[template_id]


def test_the_next_campaign_is_there_beforehand(sentinel: Sentinel) -> None:
    """At once, scheduled, named for its date; it says of which occurrence it is."""
    series = create(sentinel, plan(sentinel))

    (campaign,) = campaigns(sentinel)
    assert (campaign.state, campaign.schedule_at) == (CampaignState.SCHEDULED, NINE + DAY)
    assert (campaign.series_id, campaign.occurrence_at) == (series.series_id, NINE + DAY)
    assert campaign.name == "Good morning 2026-03-03"
    assert series.made_count == 1


def test_one_that_is_not_due_is_let_be(sentinel: Sentinel) -> None:
    """Nothing is written: whoever changes it meanwhile loses no race for nothing."""
    series = create(sentinel, plan(sentinel))

    sentinel.make_occurrences(series.series_id)

    assert stored(sentinel, series) == series


def test_its_campaigns_are_of_what_it_says(sentinel: Sentinel) -> None:
    """Whom they leave out, what they are for, how urgent, and what becomes of the unknown."""
    wanted = replace(
        plan(sentinel),
        exclude_segment_ids=(sentinel.add_segment([{"name": "Ada"}], "left-out"),),
        unknown_policy=UnknownPolicy.RESEND,
        category=CampaignCategory.TRANSACTIONAL,
        priority=Priority.URGENT,
    )

    create(sentinel, wanted)

    (campaign,) = campaigns(sentinel)
    assert campaign.exclude_segment_ids == wanted.exclude_segment_ids
    assert campaign.unknown_policy is wanted.unknown_policy
    assert campaign.category is wanted.category
    assert campaign.priority is wanted.priority


def test_each_occurrence_is_mailed_once(sentinel: Sentinel) -> None:
    """For three days everybody has a mail a day, and the next campaign waits."""
    create(sentinel, plan(sentinel))

    sentinel.pass_time(3 * DAY)

    assert len(sentinel.mailed()) == 6
    assert at(*campaigns(sentinel)) == [
        "03 08:00 sent",
        "04 08:00 sent",
        "05 08:00 sent",
        "06 08:00 scheduled",
    ]


def test_names_have_the_time_where_one_day_has_more(sentinel: Sentinel) -> None:
    """Or where people say so."""
    wanted = plan(sentinel, "0 9,17 * * *")

    assert wanted.campaign_name(NINE) == "Good morning 2026-03-02 09:00"
    assert replace(wanted, name="{date}: News").campaign_name(NINE) == "2026-03-02: News"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cron": Cron.of("*/5 * * * *")}, "cron"),
        ({"cron": Cron.of("0,14 9 * * *")}, "cron"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"name": " "}, "name"),
        ({"name": "n" * 195}, "name"),
        ({"template_id": TemplateId("gone")}, "template_id"),
        ({"segment_id": SegmentId("gone")}, "segment_id"),
        ({"ends_at": NOW + MINUTE}, "ends_at"),
        ({"max_occurrences": 0}, "max_occurrences"),
    ],
)
def test_what_is_refused(sentinel: Sentinel, change: dict[str, object], field: str) -> None:
    """With the field that is wrong; nothing is there."""
    wanted = replace(plan(sentinel), **change)  # type: ignore[arg-type]  # fields by name

    with pytest.raises(InvalidInput) as error:
        create(sentinel, wanted)

    assert error.value.field == field
    assert sentinel.series.page(10, None).series == ()


def test_it_ends_with_its_last_occurrence(sentinel: Sentinel) -> None:
    """Whether that is the last before a time, or the last of a number; not before it has come."""
    for limit in ({"ends_at": NINE + 2 * DAY}, {"max_occurrences": 2}):
        series = create(sentinel, replace(plan(sentinel), **limit))
        sentinel.pass_time(DAY)
        assert stored(sentinel, series).state is SeriesState.ACTIVE
        sentinel.pass_time(3 * DAY)
        assert stored(sentinel, series).state is SeriesState.ENDED
        assert stored(sentinel, series).made_count == 2
        del sentinel.database.templates[series.plan.template_id]
        sentinel.database.segments.clear()


def test_one_that_is_years_ahead_waits_for_the_horizon(sentinel: Sentinel) -> None:
    """Its campaign is made once it may be scheduled; the times to come are told all the same."""
    series = create(sentinel, plan(sentinel, "0 9 29 2 *"))
    listed = ListOccurrences(
        series=sentinel.series, campaigns=sentinel.campaigns, clock=sentinel.clock
    )(series.series_id, 2)

    assert [f"{each:%Y-%m-%d}" for each in listed.coming] == ["2028-02-29", "2032-02-29"]
    assert campaigns(sentinel) == []
    sentinel.clock.sleep(listed.coming[0] - 365 * DAY - NOW)
    sentinel.reconcile()
    assert at(*campaigns(sentinel)) == ["29 08:00 scheduled"]


def test_the_times_to_come_and_what_became_of_the_latest(sentinel: Sentinel) -> None:
    """With the campaigns as they are now; one that is made is not listed as to come."""
    series = create(sentinel, replace(plan(sentinel), max_occurrences=4))
    sentinel.pass_time(DAY)
    listed = ListOccurrences(
        series=sentinel.series, campaigns=sentinel.campaigns, clock=sentinel.clock
    )(series.series_id, 10)

    assert at(*(campaign for _, campaign in listed.settled if campaign is not None)) == [
        "04 08:00 scheduled",
        "03 08:00 sent",
    ]
    assert listed.coming == (NINE + 3 * DAY, NINE + 4 * DAY)


def test_what_cannot_be_made_is_told_and_tried_until_its_time(sentinel: Sentinel) -> None:
    """Mended beforehand, nothing is missed."""
    series = create(sentinel, plan(sentinel))
    template = sentinel.database.templates[series.plan.template_id]
    drop_template(sentinel, series.plan.template_id)
    sentinel.clock.sleep(DAY)
    sentinel.reconcile()

    assert "No template" in (stored(sentinel, series).problem or "")
    sentinel.database.templates[series.plan.template_id] = template
    sentinel.pass_time(HOUR)

    assert stored(sentinel, series).problem is None
    assert stored(sentinel, series).missed_count == 0
    assert at(*campaigns(sentinel))[1:] == ["04 08:00 scheduled"]


def test_what_cannot_be_made_in_time_is_missed_with_the_reason(sentinel: Sentinel) -> None:
    """It stays with the series, a metric counts it, and the next is tried."""
    series = create(sentinel, plan(sentinel))
    template = sentinel.database.templates[series.plan.template_id]
    sentinel.pass_time(DAY - 2 * HOUR)
    drop_template(sentinel, series.plan.template_id)
    sentinel.pass_time(DAY + 2 * HOUR)

    (missed,) = [each for each in stored(sentinel, series).history if each.missed]
    assert (missed.at, missed.campaign_id) == (NINE + 2 * DAY, None)
    assert "No template" in (missed.missed or "")
    assert [report.values for report in sentinel.metrics.of("occurrences_missed")] == [{"count": 1}]
    sentinel.database.templates[series.plan.template_id] = template
    sentinel.pass_time(HOUR)
    assert at(*campaigns(sentinel))[-1] == "05 08:00 scheduled"


def test_what_is_mended_at_the_last_moment_comes_in_time(sentinel: Sentinel) -> None:
    """Tried for the last time at its own, not a quarter of an hour after the try before."""
    series = create(sentinel, plan(sentinel))
    template = sentinel.database.templates[series.plan.template_id]
    sentinel.clock.sleep(2 * DAY - HOUR - 8 * MINUTE)
    drop_template(sentinel, series.plan.template_id)
    sentinel.reconcile()
    sentinel.database.templates[series.plan.template_id] = template

    sentinel.pass_time(9 * MINUTE)

    assert at(*campaigns(sentinel))[1:] == ["04 08:00 sent", "05 08:00 scheduled"]


def test_what_could_not_be_made_before_an_outage_is_missed_with_its_reason(
    sentinel: Sentinel,
) -> None:
    """Not for want of service: that came later."""
    series = create(sentinel, replace(plan(sentinel), catch_up=CatchUp.NONE))
    sentinel.clock.sleep(DAY)
    drop_template(sentinel, series.plan.template_id)
    sentinel.reconcile()
    sentinel.clock.sleep(2 * DAY)
    sentinel.reconcile()

    first, second = [each.missed for each in stored(sentinel, series).history if each.missed]
    assert "No template" in first
    assert second == NOT_IN_TIME


@pytest.mark.parametrize("catch_up", CatchUp)
def test_after_days_without_service_the_latest_may_be_sent(
    sentinel: Sentinel, catch_up: CatchUp
) -> None:
    """Never more of them: all others are missed, and told. Beforehand one was there already."""
    series = create(sentinel, replace(plan(sentinel), catch_up=catch_up))
    sentinel.clock.sleep(3 * DAY)
    sentinel.pass_time(MINUTE)

    missed = [each.at for each in stored(sentinel, series).history if each.missed == NOT_IN_TIME]
    if catch_up is CatchUp.LATEST:
        assert missed == [NINE + 2 * DAY]
        assert at(*campaigns(sentinel))[1:] == ["05 08:00 sent", "06 08:00 scheduled"]
    else:
        assert missed == [NINE + 2 * DAY, NINE + 3 * DAY]
        assert at(*campaigns(sentinel))[1:] == ["06 08:00 scheduled"]
    assert stored(sentinel, series).missed_count == len(missed)


def test_what_is_about_to_come_is_not_mailed_before_its_time(sentinel: Sentinel) -> None:
    """Made within its last minute, by whoever edits the series then: nobody has it early."""
    series = create(sentinel, plan(sentinel))
    sentinel.clock.sleep(DAY - HOUR - MINUTE / 2)
    edit(sentinel, series, lambda found: replace(found, name="New"))
    sentinel.run()

    assert sentinel.mailed() == []
    assert at(*campaigns(sentinel)) == ["03 08:00 cancelled", "03 08:00 scheduled"]
    sentinel.pass_time(MINUTE)
    assert len(sentinel.mailed()) == 2


def test_what_is_too_late_is_not_caught_up(sentinel: Sentinel) -> None:
    """As a campaign of its own would not be sent any more."""
    series = create(sentinel, plan(sentinel))
    sentinel.clock.sleep(2 * DAY + sentinel.policy.max_lateness)
    sentinel.reconcile()

    assert [each.at for each in stored(sentinel, series).history if each.missed] == [NINE + 2 * DAY]


def test_the_history_is_bounded_and_the_counts_are_not(sentinel: Sentinel) -> None:
    """A long time without service leaves the latest."""
    series = create(sentinel, plan(sentinel, "0 * * * *"))
    sentinel.clock.sleep(10 * DAY)
    sentinel.reconcile()

    assert len(stored(sentinel, series).history) == MAX_HISTORY
    assert stored(sentinel, series).history[-1].at == NOW + 10 * DAY + HOUR
    assert stored(sentinel, series).missed_count == 238


def test_a_store_that_fails_leaves_it_due(sentinel: Sentinel) -> None:
    """The next pass makes it; so does one that does not answer whether it did."""
    series = create(sentinel, plan(sentinel))
    sentinel.clock.sleep(DAY)
    answering, sentinel.series = sentinel.series, Unanswering(sentinel.database)
    sentinel.reconcile()
    sentinel.series = answering
    sentinel.pass_time(2 * MINUTE)

    assert at(*campaigns(sentinel))[1:] == ["04 08:00 scheduled"]
    assert stored(sentinel, series).made_count == 2


def test_a_schedule_that_is_refused_is_made_by_the_reconciler(sentinel: Sentinel) -> None:
    """As for every campaign."""
    able, sentinel.scheduler = (
        sentinel.scheduler,
        RefusingScheduler(sentinel.clock, sentinel.invoker),
    )
    create(sentinel, plan(sentinel))
    sentinel.scheduler = able
    sentinel.pass_time(DAY)

    assert at(*campaigns(sentinel)) == ["03 08:00 sent", "04 08:00 scheduled"]


def test_an_edit_changes_the_campaign_that_waits(sentinel: Sentinel) -> None:
    """The one as it was made is cancelled, and one as it is wanted now waits in its place."""
    series = create(sentinel, plan(sentinel))
    edited = edit(
        sentinel, series, lambda found: replace(found, name="Later", cron=Cron.of("0 10 * * *"))
    )

    assert edited.revision == 2
    assert at(*campaigns(sentinel)) == ["03 08:00 cancelled", "03 09:00 scheduled"]
    assert campaigns(sentinel)[1].name == "Later 2026-03-03"
    assert edited.made_count == 1
    edit(sentinel, series, lambda found: replace(found, name="Same time"))
    sentinel.pass_time(DAY)
    assert [each.name for each in campaigns(sentinel) if each.state is CampaignState.SENT] == [
        "Same time 2026-03-03"
    ]


def test_an_edit_leaves_what_people_have_changed(sentinel: Sentinel) -> None:
    """Their campaign is that occurrence's, and there is no second for it."""
    series = create(sentinel, plan(sentinel))
    (campaign,) = campaigns(sentinel)
    sentinel.campaigns.save(campaign.rename("Mine").edited())

    edit(sentinel, series, lambda found: replace(found, name="Theirs"))
    sentinel.pass_time(2 * DAY)

    assert [each.name for each in campaigns(sentinel)] == [
        "Mine",
        "Theirs 2026-03-04",
        "Theirs 2026-03-05",
    ]


def test_an_edit_makes_no_more_than_there_may_be(sentinel: Sentinel) -> None:
    """The only one is theirs, and so there is none that follows the edit."""
    series = create(sentinel, replace(plan(sentinel), max_occurrences=1))
    (campaign,) = campaigns(sentinel)
    sentinel.campaigns.save(campaign.rename("Mine").edited())

    edit(sentinel, series, lambda found: replace(found, name="Theirs"))
    sentinel.pass_time(2 * DAY)

    assert [each.name for each in campaigns(sentinel)] == ["Mine"]
    assert stored(sentinel, series).state is SeriesState.ENDED


def test_a_campaign_that_people_cancel_is_not_made_again(sentinel: Sentinel) -> None:
    """The occurrence had its campaign; the next comes."""
    create(sentinel, plan(sentinel))
    (campaign,) = campaigns(sentinel)
    sentinel.campaigns.save(campaign.cancel(NOW).edited())

    sentinel.pass_time(2 * DAY)

    assert at(*campaigns(sentinel)) == ["03 08:00 cancelled", "04 08:00 sent", "05 08:00 scheduled"]


def test_paused_it_mails_nobody(sentinel: Sentinel) -> None:
    """What waits is cancelled; resumed, it goes on with what is to come, and nothing is missed."""
    series = create(sentinel, plan(sentinel))
    steer(sentinel, series, Steering.PAUSE)
    sentinel.pass_time(3 * DAY)
    assert sentinel.mailed() == []

    resumed = steer(sentinel, series, Steering.RESUME)

    assert at(*campaigns(sentinel)) == ["03 08:00 cancelled", "06 08:00 scheduled"]
    assert (resumed.made_count, resumed.missed_count) == (1, 0)


def test_resumed_at_once_the_same_occurrence_comes(sentinel: Sentinel) -> None:
    """In another campaign than the one that was cancelled."""
    series = create(sentinel, plan(sentinel))
    steer(sentinel, series, Steering.PAUSE)
    steer(sentinel, series, Steering.RESUME)
    sentinel.pass_time(DAY)

    assert sorted(at(*campaigns(sentinel))) == [
        "03 08:00 cancelled",
        "03 08:00 sent",
        "04 08:00 scheduled",
    ]


def test_what_is_cancelled_leaves_no_schedule(sentinel: Sentinel) -> None:
    """The one that waited, and the one that was made in its place."""
    series = create(sentinel, plan(sentinel))
    edit(sentinel, series, lambda found: replace(found, name="New"))
    have_one = {
        each.state: sentinel.scheduler.get(each.campaign_id) is not None
        for each in campaigns(sentinel)
    }
    assert have_one == {CampaignState.CANCELLED: False, CampaignState.SCHEDULED: True}

    steer(sentinel, series, Steering.PAUSE)

    assert [sentinel.scheduler.get(each.campaign_id) for each in campaigns(sentinel)] == [None] * 2


def test_an_edit_is_checked_as_a_new_one(sentinel: Sentinel) -> None:
    """Too often, or of what is not there: nothing is changed."""
    series = create(sentinel, plan(sentinel))

    with pytest.raises(InvalidInput) as error:
        edit(sentinel, series, lambda found: replace(found, cron=Cron.of("*/5 * * * *")))
    assert error.value.field == "cron"
    with pytest.raises(InvalidInput) as error:
        edit(sentinel, series, lambda found: replace(found, template_id=TemplateId("gone")))
    assert error.value.field == "template_id"

    assert stored(sentinel, series) == series
    assert at(*campaigns(sentinel)) == ["03 08:00 scheduled"]


@pytest.mark.parametrize("steering", [Steering.PAUSE, Steering.END])
def test_what_people_have_changed_is_held_with_the_series(
    sentinel: Sentinel, steering: Steering
) -> None:
    """Paused, not cancelled: their changes are kept, and nobody is mailed."""
    series = create(sentinel, plan(sentinel))
    (campaign,) = campaigns(sentinel)
    sentinel.campaigns.save(campaign.rename("Mine").edited())

    steer(sentinel, series, steering)
    sentinel.pass_time(2 * DAY)

    (held,) = campaigns(sentinel)
    assert (held.name, held.state) == ("Mine", CampaignState.PAUSED)
    assert held.pause_reason is PauseReason.OPERATOR


def test_ended_nothing_comes_and_nothing_can_be_changed(sentinel: Sentinel) -> None:
    """For good."""
    series = create(sentinel, plan(sentinel))
    ended = steer(sentinel, series, Steering.END)
    sentinel.pass_time(2 * DAY)

    assert (ended.state, ended.next_at) == (SeriesState.ENDED, None)
    assert at(*campaigns(sentinel)) == ["03 08:00 cancelled"]
    with pytest.raises(IllegalTransition):
        steer(sentinel, series, Steering.RESUME)
    with pytest.raises(IllegalTransition):
        edit(sentinel, series, lambda found: found)


def test_a_change_records_what_was_missed_before_it(sentinel: Sentinel) -> None:
    """Somebody who edits after days without service hides nothing."""
    series = create(sentinel, plan(sentinel))
    sentinel.clock.sleep(3 * DAY)

    edited = edit(sentinel, series, lambda found: replace(found, name="New"))

    missed = [each.at for each in edited.history if each.missed]
    assert missed == [NINE + 2 * DAY, NINE + 3 * DAY]
    assert [report.values for report in sentinel.metrics.of("occurrences_missed")] == [{"count": 2}]


def test_a_change_that_loses_a_race_is_made_all_the_same(sentinel: Sentinel) -> None:
    """The reconciler wrote in between, which is nothing to people."""
    series = create(sentinel, plan(sentinel))
    sentinel.series = Raced(sentinel.database)

    steer(sentinel, series, Steering.PAUSE)

    assert stored(sentinel, series).state is SeriesState.PAUSED
    assert at(*campaigns(sentinel)) == ["03 08:00 cancelled"]


def test_nobody_changes_what_they_have_not_seen(sentinel: Sentinel) -> None:
    """A revision that is over is refused, and nothing is changed."""
    series = create(sentinel, plan(sentinel))
    edit(sentinel, series, lambda found: replace(found, name="New"))

    with pytest.raises(StaleRevision):
        change_of(sentinel)(
            series.series_id, lambda found, now: found.pause(now), revisions={1}, holds=True
        )

    assert stored(sentinel, series).state is SeriesState.ACTIVE


def test_campaigns_are_listed_in_the_order_in_which_they_were_made() -> None:
    """Their ids are those of the time at which they could be made, however often that is tried."""
    morning = SeriesPlan(
        name="Morning",
        cron=Cron.of("0 9 * * *"),
        timezone="UTC",
        template_id=TemplateId("t"),
        segment_id=SegmentId("s"),
    )
    series = Series.begin(SeriesId("ser_1"), morning, datetime(2026, 3, 2, tzinfo=UTC))
    first = series.campaign_id_of_next
    made, ids = series, [first]
    for _ in range(10):
        made = made.made(ids[-1])
        ids.append(made.campaign_id_of_next)

    assert series.campaign_id_of_next == first
    assert ids == sorted(ids)
    assert len(first) == len("cmp_01K9ZZZZZZZZZZZZZZZZZZZZZZ")
    assert replace(series, series_id=SeriesId("ser_2")).campaign_id_of_next != first
