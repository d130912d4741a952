"""Cron by the clocks of a zone: what is read, what is refused, and what changes of clocks do."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from domain.cron import MAX_CRON_CHARACTERS, Cron, occurrences
from domain.errors import InvalidInput

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "America/Sao_Paulo",  # until 2019, at midnight
    "America/Havana",  # at midnight, both ways
    "Australia/Lord_Howe",  # half an hour
    "Africa/Casablanca",  # back during Ramadan
    "Asia/Kolkata",  # none
    "Antarctica/Troll",  # two hours
)
ON_SOME_DAYS = (
    "0 9 * * MON",
    "0 3 1-7 * SUN",
    "0 12 */2 * MON-FRI",
    "0 12 13 * 5",
    "1 2 29 2 *",
    "0 6 31 */2 *",
)
BY_CRONSIMS_RULES = (
    "30 2 * * *",
    "59 23 * * *",
    "0 0 * * *",
    "15,45 1,2,3 * * *",
    "10 0,23 * * *",
    "*/15 * * * *",
    "5,30 * * 3,4,10,11 *",
)
BY_OTHER_RULES = (
    "0 */2 * * *",
    "*/20 2 * * *",
    "30 0-23 * * *",
)
YEARS = (2006, 2026)
AROUND = timedelta(days=2)


def times(cron: str, zone: str, after: str, count: int) -> list[str]:
    """The next ones, as clocks show them, with their offset."""
    there = ZoneInfo(zone)
    found = islice(
        occurrences(Cron.of(cron), there, datetime.fromisoformat(after).astimezone(UTC)), count
    )
    return [moment.astimezone(there).isoformat(timespec="minutes") for moment in found]


def test_every_monday_at_nine() -> None:
    """By the clocks of the zone, in summer and in winter."""
    assert times("0 9 * * MON", "Europe/Berlin", "2026-10-18T00:00+00:00", 3) == [
        "2026-10-19T09:00+02:00",
        "2026-10-26T09:00+01:00",
        "2026-11-02T09:00+01:00",
    ]


def test_the_moment_itself_is_over() -> None:
    """Only what comes after it is told, and a second before it, it is still to come."""
    assert times("0 9 * * *", "UTC", "2026-01-01T09:00:00+00:00", 1) == ["2026-01-02T09:00+00:00"]
    assert times("0 9 * * *", "UTC", "2026-01-01T08:59:59+00:00", 1) == ["2026-01-01T09:00+00:00"]


def test_a_time_in_a_gap_comes_at_the_first_moment_after_it() -> None:
    """Once, and once together with a time that is there; the day after as ever."""
    assert times("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00+00:00", 2) == [
        "2026-03-29T03:00+02:00",
        "2026-03-30T02:30+02:00",
    ]
    assert times("0,15,30 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00+00:00", 3) == [
        "2026-03-29T03:00+02:00",
        "2026-03-29T03:15+02:00",
        "2026-03-29T03:30+02:00",
    ]


def test_midnight_in_a_gap() -> None:
    """The day begins an hour late, and what comes at midnight with it; half an hour is a gap, too.

    So is a whole day: what was to come on it comes as the next one begins.
    """
    assert times("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00+00:00", 2) == [
        "2018-11-04T01:00-02:00",
        "2018-11-05T00:00-02:00",
    ]
    assert times("10 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00+00:00", 1) == [
        "2026-10-04T02:30+11:00"
    ]
    assert times("0 9 * * *", "Pacific/Apia", "2011-12-30T00:00+00:00", 2) == [
        "2011-12-31T00:00+14:00",
        "2011-12-31T09:00+14:00",
    ]


def test_a_time_that_clocks_show_twice_comes_at_the_first() -> None:
    """And not at the second."""
    assert times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00+00:00", 2) == [
        "2026-10-25T02:30+02:00",
        "2026-10-26T02:30+01:00",
    ]
    assert times("0 */2 * * *", "Europe/Berlin", "2026-10-24T22:30+00:00", 2) == [
        "2026-10-25T02:00+02:00",
        "2026-10-25T04:00+01:00",
    ]


def test_clocks_that_go_back_over_midnight() -> None:
    """Until 2011 in Newfoundland, at a minute past: the day before comes back, in its order."""
    assert times("0 0,23 * * *", "America/St_Johns", "2010-11-06T12:00+00:00", 3) == [
        "2010-11-06T23:00-02:30",
        "2010-11-07T00:00-02:30",
        "2010-11-07T23:00-03:30",
    ]
    assert times("30 * * * *", "America/St_Johns", "2010-11-07T01:30+00:00", 3) == [
        "2010-11-06T23:30-02:30",
        "2010-11-06T23:30-03:30",
        "2010-11-07T00:30-03:30",
    ]
    assert times("0,30 * * * *", "America/St_Johns", "2010-11-07T01:30+00:00", 4) == [
        "2010-11-06T23:30-02:30",
        "2010-11-07T00:00-02:30",
        "2010-11-06T23:30-03:30",
        "2010-11-07T00:00-03:30",
    ]


def test_every_hour_is_every_hour_that_there_is() -> None:
    """None is left out where clocks go forward, none where they go back."""
    spring = times("0 * * * *", "Europe/Berlin", "2026-03-29T00:30+00:00", 2)
    autumn = times("0 * * * *", "Europe/Berlin", "2026-10-24T23:30+00:00", 3)

    assert spring == ["2026-03-29T03:00+02:00", "2026-03-29T04:00+02:00"]
    assert autumn == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"]


def test_one_of_two_restricted_days_is_enough() -> None:
    """As crontab(5) has it: the 13th, and every Friday; with a star in front it takes both."""
    assert [each[:10] for each in times("0 0 13 * FRI", "UTC", "2026-02-01T00:00+00:00", 4)] == [
        "2026-02-06",
        "2026-02-13",
        "2026-02-20",
        "2026-02-27",
    ]
    assert [each[:10] for each in times("0 0 */2 * FRI", "UTC", "2026-02-01T00:00+00:00", 2)] == [
        "2026-02-13",
        "2026-02-27",
    ]


def test_names_and_both_sundays() -> None:
    """In any case; 0 and 7 are the same day."""
    of = Cron.of("0 9 1 jan,DEC fri-7")
    assert (of.months, of.days_of_week) == (frozenset({1, 12}), frozenset({5, 6, 0}))
    assert Cron.of("0 9 * * 0").days_of_week == Cron.of("0 9 * * SUN").days_of_week
    assert Cron.of("  0  9 * * 7 ").text == "0 9 * * 7"


def test_a_leap_day_comes() -> None:
    """However long that takes, over a century that has none."""
    assert [each[:10] for each in times("0 0 29 2 *", "UTC", "2095-01-01T00:00+00:00", 2)] == [
        "2096-02-29",
        "2104-02-29",
    ]


def test_the_calendar_ends() -> None:
    """And no error comes of it."""
    assert times("0 0 1 1 *", "Europe/Berlin", "9998-06-01T00:00+00:00", 5) == [
        "9999-01-01T00:00+01:00"
    ]


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("", "Five fields"),
        ("@daily", "Five fields"),
        ("0 9 * *", "Five fields"),
        ("0 0 9 * * *", "Five fields"),
        ("60 9 * * *", "minute, '60': it takes 0 to 59"),
        ("0 24 * * *", "hour, '24': it takes 0 to 23"),
        ("0 9 0 * *", "day of month, '0': it takes 1 to 31"),
        ("0 9 * 13 *", "month, '13': it takes 1 to 12"),
        ("0 9 * * 8", "day of week, '8': it takes 0 to 7"),
        ("0 9 * MON *", "month, 'MON'"),
        ("0 9 L * *", "day of month, 'L'"),
        ("0 9 * * MON#2", "day of week, 'MON#2'"),
        ("0 17-9 * * *", "ends before it begins"),
        ("0 9/2 * * *", "a step needs a range: 9-23/2"),
        ("*/0 9 * * *", "the step is at least 1"),
        ("0 ٩ * * *", "hour"),
        ("0, 9 * * *", "minute, ''"),
        ("-1 9 * * *", "minute, '-1'"),
        ("0 9 31 2 *", "never comes"),
        ("0 9 31 4,6,9,11 *", "never comes"),
        ("0 9 30-31 2 *", "never comes"),
        ("0 9 " + "1," * MAX_CRON_CHARACTERS + "1 * *", "At most"),
    ],
)
def test_what_is_refused(cron: str, told: str) -> None:
    """With the field that is wrong, and what it takes."""
    with pytest.raises(InvalidInput, match="cron: ") as error:
        Cron.of(cron)
    assert told in error.value.detail


@pytest.mark.parametrize(
    ("cron", "minutes"),
    [
        ("*/15 * * * *", 15),
        ("0,50 * * * *", 10),
        ("0 9 * * *", 24 * 60),
        ("0 9,17 * * *", 8 * 60),
        ("0,55 0,23 * * *", 5),
        ("0,55 0,23 1 1 *", 55),
        ("0,55 0,23 31,1 * *", 5),
        ("0 0 29 2 *", 24 * 60),
    ],
)
def test_the_shortest_interval(cron: str, minutes: int) -> None:
    """Over midnight, too, where it comes on two days in a row."""
    assert Cron.of(cron).shortest_interval() == timedelta(minutes=minutes)


def ours(cron: str, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """All of a year."""
    found: list[datetime] = []
    for moment in occurrences(Cron.of(cron), zone, start):
        if moment >= end:
            break
        found.append(moment)
    return found


def cronsims(cron: str, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """The same, as a library has them that follows Debian's cron."""
    found: list[datetime] = []
    for moment in CronSim(cron, start.astimezone(zone)):
        if moment.astimezone(UTC) >= end:
            break
        if moment.astimezone(UTC) > start:
            found.append(moment.astimezone(UTC))
    return found


def changes(zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """When clocks change, to the hour."""
    hours = (start + timedelta(hours=number) for number in range((end - start) // HOUR))
    return [each for each in hours if offset(each, zone) != offset(each + HOUR, zone)]


def offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    """Of its clocks."""
    return moment.astimezone(zone).utcoffset()


HOUR = timedelta(hours=1)
NEAR = timedelta(hours=4)


def away_from(moments: Sequence[datetime], changed: Sequence[datetime]) -> list[datetime]:
    """Those that no change of the clocks is near."""
    return [each for each in moments if all(abs(each - change) > NEAR for change in changed)]


@pytest.mark.parametrize("zone", ZONES)
def test_as_a_library_has_it(zone: str) -> None:
    """Cronsim follows Debian's cron. Apart from changes of the clocks it has what we have.

    Near them, too, but for patterns of which it goes by the first letter of a field: `*/2` and
    `*/20 2` are taken for all hours there, `0-23` is not.
    """
    there = ZoneInfo(zone)
    for year in YEARS:
        start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
        for cron in ON_SOME_DAYS:
            assert ours(cron, there, start, end) == cronsims(cron, there, start, end), cron
        changed = changes(there, start, end)
        for day in changed or [start + AROUND]:
            window = there, day - AROUND, day + AROUND
            for cron in BY_CRONSIMS_RULES:
                assert ours(cron, *window) == cronsims(cron, *window), cron
            for cron in BY_OTHER_RULES:
                assert away_from(ours(cron, *window), changed) == away_from(
                    cronsims(cron, *window), changed
                ), cron
