"""When a campaign goes out, and by which path."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.local_time import LocalTime
from domain.path_policy import ExecutionPath, Timing, choose_path, decide_timing
from tests.unit.sentinel import NOW

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC")


def refused_field(
    schedule_at: str | None, zone: str | None = None, fold: int | None = None, now: datetime = NOW
) -> str:
    """The field that the refusal names."""
    with pytest.raises(InvalidInput) as refusal:
        decide_timing(schedule_at, now, timezone=zone, fold=fold)
    assert refusal.value.detail
    return refusal.value.field


def test_no_time_means_now() -> None:
    """A campaign without a time goes out at once."""
    assert decide_timing(None, NOW) == Timing(ExecutionPath.IMMEDIATE, NOW)


@pytest.mark.parametrize(
    ("ahead", "path"),
    [
        (timedelta(), ExecutionPath.IMMEDIATE),
        (timedelta(seconds=59, microseconds=999_999), ExecutionPath.IMMEDIATE),
        (timedelta(seconds=60), ExecutionPath.IMMEDIATE),
        (timedelta(seconds=60, microseconds=1), ExecutionPath.SCHEDULED),
        (timedelta(days=365), ExecutionPath.SCHEDULED),
        (-timedelta(microseconds=1), ExecutionPath.IMMEDIATE),
        (-timedelta(days=4_000), ExecutionPath.IMMEDIATE),
    ],
)
def test_sixty_seconds_divide_the_paths(ahead: timedelta, path: ExecutionPath) -> None:
    """At most sixty seconds ahead is immediate, a microsecond more is scheduled."""
    moment = NOW + ahead
    assert choose_path(moment, NOW) is path
    assert decide_timing(moment.isoformat(), NOW) == Timing(path, moment)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T10:00:00Z",
        "2026-03-02t10:00:00z",
        "2026-03-02 10:00:00Z",
        "2026-03-02T10:00Z",
        "2026-03-02T10:00:00.000000000Z",
        "2026-03-02T10:00:00-00:00",
        "2026-03-02T11:00:00+01:00",
        "2026-03-01T10:01:00-23:59",
    ],
)
def test_spellings_of_one_moment(text: str) -> None:
    """One moment may be written in every way that RFC 3339 has."""
    expected = Timing(ExecutionPath.SCHEDULED, datetime(2026, 3, 2, 10, tzinfo=UTC))
    assert decide_timing(text, NOW) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "tomorrow",
        "1772442000",
        "2026-03-02",
        "10:00:00Z",
        "20260302T100000Z",
        "2026-W10-1T10:00:00Z",
        "2026-061T10:00:00Z",
        "26-03-02T10:00:00Z",
        "12026-03-02T10:00:00Z",
        "-2026-03-02T10:00:00Z",
        "2026-13-02T10:00:00Z",
        "2026-02-29T10:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T10:60:00Z",
        "2026-03-02T10:00:60Z",
        "2026-03-02T10:00:00,5Z",
        "2026-03-02T10:00:00.Z",
        "2026-03-02T10:00:00.1234567890Z",
        "2026-03-02T10:00:00ZZ",
        "2026-03-02T10:00:00 Z",
        "2026-03-02T10:00:00Z\n",
        " 2026-03-02T10:00:00Z",
        "2026-03-02T10:00:00+1",
        "2026-03-02T10:00:00+0100",
        "2026-03-02T10:00:00+24:00",
        "2026-03-02T10:00:00+01:00:00",
        "2026-03-02T10:00:00+01:60",
        "2026-03-02T10:00:00-05:99",
        "2026-03-02T10:00:00 Europe/Berlin",
        "\uff12\uff10\uff12\uff16-03-02T10:00:00Z",
        "2026-03-02T10:00:00Z\x00",
    ],
)
def test_unreadable_times(text: str) -> None:
    """What is no RFC 3339 date-time is refused, naming schedule_at."""
    assert refused_field(text) == "schedule_at"


def test_a_time_without_offset_is_refused() -> None:
    """A local time without a zone could mean any of forty moments: refused."""
    assert refused_field("2026-03-02T10:00:00") == "schedule_at"


def test_an_offset_and_a_zone_contradict() -> None:
    """A time with an offset takes no timezone beside it, even a fitting one."""
    assert refused_field("2026-03-02T10:00:00+01:00", "Europe/Berlin") == "timezone"
    assert refused_field("2026-03-02T10:00:00Z", "UTC") == "timezone"


@pytest.mark.parametrize(
    "zone",
    [
        "",
        "Mars/Olympus",
        "Europe",
        "Europe/",
        "Europe/Berlin\n",
        "../../etc/passwd",
        "/etc/passwd",
        "zone.tab",
        "\x00",
        "\ud800",
        "x" * 5_000,
    ],
)
def test_unknown_zones(zone: str) -> None:
    """What is no IANA name is refused, naming timezone; no file is opened by it."""
    assert refused_field("2026-03-02T10:00:00", zone) == "timezone"


def test_zone_and_fold_need_a_time() -> None:
    """A timezone or a fold without a time is refused rather than ignored."""
    assert refused_field(None, "Europe/Berlin") == "timezone"
    assert refused_field(None, fold=1) == "fold"


def test_fold_needs_a_local_time() -> None:
    """A fold beside an offset is refused rather than ignored."""
    assert refused_field("2026-03-02T10:00:00Z", fold=0) == "fold"


def test_fold_is_zero_or_one() -> None:
    """There are only two moments to choose from."""
    assert refused_field("2026-10-25T02:30:00", "Europe/Berlin", fold=2) == "fold"


def test_a_local_time_is_read_in_its_zone() -> None:
    """Nine in the morning in Berlin is eight in UTC in winter, seven in summer."""
    winter = decide_timing("2026-03-03T09:00:00", NOW, timezone="Europe/Berlin")
    summer = decide_timing("2026-07-03T09:00:00", NOW, timezone="Europe/Berlin")
    assert winter.schedule_at == datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert summer.schedule_at == datetime(2026, 7, 3, 7, tzinfo=UTC)
    assert summer.schedule_at.tzinfo is UTC


@pytest.mark.parametrize("fold", [None, 0, 1])
@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-03-29T02:00:00", "Europe/Berlin"),
        ("2026-03-29T02:59:59", "Europe/Berlin"),
        ("2026-03-08T02:30:00", "America/New_York"),
    ],
)
def test_a_time_that_clocks_skip(text: str, zone: str, fold: int | None) -> None:
    """A local time in the gap of spring is refused and the refusal says so, whatever the fold."""
    with pytest.raises(InvalidInput, match="does not exist") as refusal:
        decide_timing(text, NOW, timezone=zone, fold=fold)
    assert refusal.value.field == "schedule_at"


@pytest.mark.parametrize(
    ("text", "zone", "earlier"),
    [
        ("2026-10-25T02:30:00", "Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-11-01T01:30:00", "America/New_York", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
    ],
)
def test_a_time_that_comes_twice(text: str, zone: str, earlier: datetime) -> None:
    """A local time in the repeated hour of autumn needs a fold: 0 the earlier, 1 the later."""
    with pytest.raises(InvalidInput, match="comes twice") as refusal:
        decide_timing(text, NOW, timezone=zone)
    assert refusal.value.field == "schedule_at"
    assert decide_timing(text, NOW, timezone=zone, fold=0).schedule_at == earlier
    later = earlier + timedelta(hours=1)
    assert decide_timing(text, NOW, timezone=zone, fold=1).schedule_at == later


@pytest.mark.parametrize("text", ["2026-03-29T01:59:59", "2026-03-29T03:00:00"])
@pytest.mark.parametrize("fold", [None, 0, 1])
def test_the_edges_of_the_gap_exist(text: str, fold: int | None) -> None:
    """The last second before the gap and the first one after it are ordinary times."""
    timing = decide_timing(text, NOW, timezone="Europe/Berlin", fold=fold)
    assert timing.schedule_at in {
        datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 0, 0, tzinfo=UTC),
    }


def test_the_horizon() -> None:
    """366 days ahead is the farthest; a microsecond more is refused, naming schedule_at."""
    farthest = NOW + timedelta(days=366)
    assert decide_timing(farthest.isoformat(), NOW).schedule_at == farthest
    beyond = farthest + timedelta(microseconds=1)
    assert refused_field(beyond.isoformat()) == "schedule_at"


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("9999-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("9999-12-31T23:59:59", "America/New_York"),
        ("0001-01-01T00:00:00+01:00", None),
        ("0001-01-01T00:00:00", "Europe/Berlin"),
        ("0000-01-01T00:00:00Z", None),
    ],
)
def test_the_ends_of_the_calendar(text: str, zone: str | None) -> None:
    """Times that leave the calendar in UTC are refused like any other, not a crash."""
    assert refused_field(text, zone) == "schedule_at"


def test_the_first_moment_of_the_calendar_is_past() -> None:
    """However long ago: past is immediate."""
    assert decide_timing("0001-01-01T00:00:00Z", NOW).execution_path is ExecutionPath.IMMEDIATE


moments = st.datetimes(
    min_value=datetime(2025, 1, 1),  # noqa: DTZ001  hypothesis adds the zone
    max_value=datetime(2027, 3, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
offsets = st.integers(min_value=-23 * 60 - 59, max_value=23 * 60 + 59)


@given(moment=moments, minutes=offsets, zone=st.sampled_from(ZONES))
def test_only_the_moment_counts(moment: datetime, minutes: int, zone: str) -> None:
    """However a moment is written, by UTC, an offset or a zone, the answer is the same."""
    in_utc = decide_timing(moment.isoformat(), NOW)
    elsewhere = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert decide_timing(elsewhere.isoformat(), NOW) == in_utc
    local = moment.astimezone(ZoneInfo(zone))
    by_zone = decide_timing(
        local.replace(tzinfo=None).isoformat(), NOW, timezone=zone, fold=local.fold
    )
    assert by_zone == in_utc
    assert in_utc.schedule_at == moment


@given(text=st.text(), zone=st.none() | st.text())
def test_any_text_is_read_or_refused(text: str, zone: str | None) -> None:
    """No text makes it crash: a timing comes back, or a refusal."""
    try:
        timing = decide_timing(text, NOW, timezone=zone)
    except InvalidInput as refusal:
        assert refusal.field in {"schedule_at", "timezone"}  # noqa: PT017  both ends are right
    else:
        assert timing.schedule_at.tzinfo is UTC


@pytest.mark.parametrize("zone", ["localtime", "Factory", "posix/Europe/Berlin", "right/UTC"])
def test_zones_of_the_machine_are_no_zones_of_people(zone: str) -> None:
    """What a machine calls its own zone is another moment on the next machine."""
    assert refused_field("2026-03-02T10:00:00", zone) == "timezone"


LOCAL = "2026-03-03T09:00"


def local_time(
    schedule_at: str | None = LOCAL,
    timezone: str | None = "Europe/Berlin",
    fold: int | None = None,
    now: datetime = NOW,
) -> Timing:
    """Where the recipients live."""
    return decide_timing(schedule_at, now, timezone=timezone, fold=fold, local_time=True)


def test_in_local_time_it_starts_with_the_first_zone() -> None:
    """UTC+14, in March; the path is by that."""
    timing = local_time()
    assert timing.schedule_at == datetime(2026, 3, 2, 19, tzinfo=UTC)
    assert timing.execution_path is ExecutionPath.SCHEDULED
    assert timing.local_time == LocalTime(datetime.fromisoformat(LOCAL), "Europe/Berlin")


def test_in_local_time_it_starts_at_once_where_the_first_zone_is_past_it() -> None:
    """Others have it to come."""
    now = datetime(2026, 3, 3, 7, 59, tzinfo=UTC)
    timing = local_time(now=now)
    assert (timing.execution_path, timing.schedule_at) == (ExecutionPath.IMMEDIATE, now)


@pytest.mark.parametrize(
    ("schedule_at", "zone", "fold", "field"),
    [
        (None, "Europe/Berlin", None, "schedule_at"),
        ("2026-03-03T09:00+01:00", "Europe/Berlin", None, "schedule_at"),
        ("2026-03-03T09:00Z", None, None, "schedule_at"),
        ("tomorrow", "Europe/Berlin", None, "schedule_at"),
        ("2026-02-30T09:00", "Europe/Berlin", None, "schedule_at"),
        ("0001-01-01T00:00", "Europe/Berlin", None, "schedule_at"),
        ("9999-12-31T23:59", "America/New_York", None, "schedule_at"),
        # Passed in the zone itself, and too far ahead.
        ("2026-03-02T10:00", "Europe/Berlin", None, "schedule_at"),
        ("2027-03-04T09:00", "Europe/Berlin", None, "schedule_at"),
        (LOCAL, None, None, "timezone"),
        (LOCAL, "Europe/Atlantis", None, "timezone"),
        (LOCAL, "Europe/Berlin", 0, "fold"),
    ],
)
def test_what_is_no_local_time(
    schedule_at: str | None, zone: str | None, fold: int | None, field: str
) -> None:
    """Refused, by the field that is to be mended."""
    with pytest.raises(InvalidInput) as refusal:
        local_time(schedule_at, zone, fold)
    assert refusal.value.field == field
    assert refusal.value.detail


@pytest.mark.parametrize("schedule_at", ["2026-03-29T02:30", "2026-10-25T02:30"])
def test_in_local_time_a_gap_or_a_time_that_comes_twice_is_none_too(schedule_at: str) -> None:
    """Some zone or other has one on that day: no reason to refuse it."""
    assert local_time(schedule_at).local_time is not None
