"""When a campaign goes out, and by which of the two paths.

Pure functions of what was asked and the present time. Due within `IMMEDIATE_WINDOW`, past, or
no time given: immediate. Later: scheduled. Unreadable or beyond the horizon: InvalidInput.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.errors import InvalidInput
from domain.local_time import LocalTime
from domain.time_zone import zone_named

IMMEDIATE_WINDOW = timedelta(seconds=60)
DEFAULT_HORIZON = timedelta(days=366)

_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-][0-2]\d:[0-5]\d)?",
    re.ASCII,
)
_LOCAL_EXAMPLE = "write it as 2026-12-01T09:00"
_EXAMPLE = "write it as 2026-11-19T09:00:00Z or 2026-11-19T10:00:00+01:00"


class ExecutionPath(StrEnum):
    """The two ways a campaign starts."""

    IMMEDIATE = "immediate"
    SCHEDULED = "scheduled"


@dataclass(frozen=True)
class Timing:
    """What the policy decided: the path, and the time in UTC.

    With a `local_time` everybody has a time of their own, none before `schedule_at`.
    """

    execution_path: ExecutionPath
    schedule_at: datetime
    local_time: LocalTime | None = None


def choose_path(schedule_at: datetime, now: datetime) -> ExecutionPath:
    """Immediate at most 60 s ahead or past, scheduled beyond. Both times are aware."""
    if schedule_at - now <= IMMEDIATE_WINDOW:
        return ExecutionPath.IMMEDIATE
    return ExecutionPath.SCHEDULED


def decide_timing(  # noqa: PLR0913  a time as written has that many parts
    schedule_at: str | None,
    now: datetime,
    *,
    timezone: str | None = None,
    fold: int | None = None,
    local_time: bool = False,
    horizon: timedelta = DEFAULT_HORIZON,
) -> Timing:
    """Read `schedule_at` and choose the path.

    `schedule_at` is an RFC 3339 date-time with offset, or a local one with `timezone`, an IANA
    name. `fold` (0 or 1) picks the earlier or the later of the two moments that a local time
    names when clocks go back (PEP 495). With `local_time` it is a local one that each recipient
    has where they live, and `timezone` that of those of whom nobody knows where.
    Raises InvalidInput naming the field.
    """
    if local_time:
        return _where_they_live(schedule_at, timezone, fold, now, horizon)
    if schedule_at is None:
        if timezone is not None or fold is not None:
            field = "timezone" if timezone is not None else "fold"
            raise InvalidInput(field, "It needs a schedule_at; add one, or leave it out.")
        return Timing(ExecutionPath.IMMEDIATE, now)
    moment = _read(schedule_at, timezone, fold)
    _check_horizon(moment, now, horizon)
    return Timing(choose_path(moment, now), moment)


def _where_they_live(
    schedule_at: str | None,
    timezone: str | None,
    fold: int | None,
    now: datetime,
    horizon: timedelta,
) -> Timing:
    """Where it is later already whoever lives there has it at once; `timezone` has it to come."""
    if schedule_at is None:
        raise InvalidInput("schedule_at", f"With local_time it is needed; {_LOCAL_EXAMPLE}.")
    at = _parsed(schedule_at, _LOCAL_EXAMPLE)
    if at.tzinfo is not None:
        raise InvalidInput(
            "schedule_at",
            "With a UTC offset it is one moment for everybody; leave out one of the two.",
        )
    if timezone is None:
        raise InvalidInput(
            "timezone",
            "With local_time it is needed, for those who have none; such as Europe/Berlin.",
        )
    if fold is not None:
        raise InvalidInput(
            "fold", "With local_time a time that comes twice is the first one; leave it out."
        )
    _checked_zone(timezone)
    local_time = LocalTime(at, timezone)
    try:
        there = local_time.instant()
    except OverflowError:
        raise InvalidInput("schedule_at", f"Outside the calendar; {_LOCAL_EXAMPLE}.") from None
    if there <= now:
        raise InvalidInput(
            "schedule_at",
            f"It has passed in {timezone}; choose a time to come, a day ahead or more.",
        )
    _check_horizon(there, now, horizon)
    earliest = max(local_time.earliest, now)
    return Timing(choose_path(earliest, now), earliest, local_time)


def _check_horizon(moment: datetime, now: datetime, horizon: timedelta) -> None:
    if moment - now > horizon:
        raise InvalidInput(
            "schedule_at",
            f"More than {horizon.days} days ahead; choose a time within {horizon.days} days.",
        )


def _parsed(text: str, example: str) -> datetime:
    """Aware where it has an offset."""
    if _DATE_TIME.fullmatch(text) is None:
        raise InvalidInput("schedule_at", f"Not an RFC 3339 date-time; {example}.")
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise InvalidInput("schedule_at", f"No such date or time ({error}); {example}.") from None


def _read(text: str, timezone: str | None, fold: int | None) -> datetime:
    moment = _parsed(text, _EXAMPLE)
    if moment.tzinfo is None:
        if timezone is None:
            raise InvalidInput(
                "schedule_at", f"No UTC offset; {_EXAMPLE}, or name a zone in timezone."
            )
        return _resolve_local(moment, timezone, fold)
    if timezone is not None:
        raise InvalidInput(
            "timezone", "schedule_at has a UTC offset already; leave out one of the two."
        )
    if fold is not None:
        raise InvalidInput(
            "fold", "It belongs to a local schedule_at with a timezone; leave it out."
        )
    return _to_utc(moment)


def _resolve_local(local: datetime, timezone: str, fold: int | None) -> datetime:
    zone = _checked_zone(timezone)
    if fold not in {None, 0, 1}:
        raise InvalidInput("fold", "It is 0 (the earlier moment) or 1 (the later one).")
    first, second = (_to_utc(local.replace(tzinfo=zone, fold=side)) for side in (0, 1))
    if first == second:
        return first
    # Ambiguous: both moments read back as the local time. A gap: neither does.
    reads_back = first.astimezone(zone).replace(tzinfo=None) == local
    if not reads_back:
        raise InvalidInput(
            "schedule_at",
            f"This local time does not exist in {timezone}: clocks go forward over it; "
            "choose another time.",
        )
    if fold is None:
        raise InvalidInput(
            "schedule_at",
            f"This local time comes twice in {timezone}: clocks go back over it; "
            "add fold 0 for the earlier or 1 for the later moment.",
        )
    return second if fold else first


def _checked_zone(name: str) -> ZoneInfo:
    zone = zone_named(name)
    if zone is None:
        raise InvalidInput("timezone", "No such time zone; use an IANA name such as Europe/Berlin.")
    return zone


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise InvalidInput("schedule_at", f"Outside the calendar in UTC; {_EXAMPLE}.") from None
