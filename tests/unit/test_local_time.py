"""When it is a time of day somewhere: every quarter of an hour of a year, in six zones."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.local_time import LocalTime, first_instant
from domain.time_zone import all_zones

QUARTER = timedelta(minutes=15)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
)


def shown_first(zone: ZoneInfo, begins: datetime, ends: datetime) -> Iterator[tuple[datetime, str]]:
    """Each quarter that clocks there come to, or go over, and when: by watching them."""
    shown = begins.astimezone(zone).replace(tzinfo=None)
    moment = begins
    while moment < ends:
        moment += QUARTER
        while shown < moment.astimezone(zone).replace(tzinfo=None):
            shown += QUARTER
            yield shown, moment.isoformat()


@pytest.mark.parametrize("name", ZONES)
def test_every_quarter_of_an_hour_of_a_year(name: str) -> None:
    """The moment is the one at which somebody who watches a clock there would see it first."""
    zone = ZoneInfo(name)
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    watched = list(shown_first(zone, begins, begins + timedelta(days=365)))
    assert len(watched) >= 365 * 96 - 4
    for at, moment in watched:
        assert first_instant(at, zone).isoformat() == moment


@pytest.mark.parametrize(
    ("name", "at", "moment"),
    [
        # A gap of an hour: when it begins.
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59"),
        ("America/New_York", "2026-03-08T02:59:59.5", "2026-03-08T07:00"),
        # At midnight, and of half an hour.
        ("America/Santiago", "2026-09-06T00:30", "2026-09-06T04:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),
        # A day that never was.
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00"),
        # Twice: the first.
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),
        # Once: after the second.
        ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00"),
        ("Pacific/Kiritimati", "2026-12-01T09:00", "2026-11-30T19:00"),
        ("Asia/Kathmandu", "2026-12-01T09:00", "2026-12-01T03:15"),
    ],
)
def test_days_to_look_at(name: str, at: str, moment: str) -> None:
    """Reckoned by hand."""
    expected = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert first_instant(datetime.fromisoformat(at), ZoneInfo(name)) == expected


def test_whoever_has_no_zone_or_an_unknown_one_has_the_other() -> None:
    """A zone may be gone from the tables since the contact was stored."""
    local_time = LocalTime(datetime.fromisoformat("2026-12-01T09:00"), "Europe/Berlin")
    there = datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert local_time.instant(None) == there
    assert local_time.instant("Europe/Atlantis") == there
    assert local_time.instant("Asia/Tokyo") == datetime(2026, 12, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("at", ["2026-12-01T09:00", "2026-07-01T09:00", "2026-03-29T02:30"])
def test_nobody_is_before_the_earliest(at: str) -> None:
    """It is somebody's."""
    local_time = LocalTime(datetime.fromisoformat(at), "Europe/Berlin")
    moments = {local_time.instant(zone.key) for zone in all_zones()}
    assert min(moments) == local_time.earliest
    assert max(moments) - min(moments) == timedelta(hours=26)
