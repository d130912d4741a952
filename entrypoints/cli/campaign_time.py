"""When a campaign is to start, as it is typed."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from entrypoints.cli import clock
from entrypoints.cli.options import wrong

_NEAR = timedelta(minutes=5)
"""What took that long to be typed, or was made by a clock that is behind, is meant as now."""

At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="TIME",
        help="When it is to start, as 2026-11-19T09:00:00Z, or a local time with --timezone.",
    ),
]
TimeZone = Annotated[
    str | None,
    typer.Option("--timezone", metavar="ZONE", help="The zone of a local time, as Europe/Berlin."),
]
Fold = Annotated[
    int | None,
    typer.Option(
        "--fold",
        min=0,
        max=1,
        help="Which of two moments is meant when clocks go back: 0 is the earlier, 1 the later.",
    ),
]
LocalTime = Annotated[
    bool | None,
    typer.Option(
        "--local-time/--no-local-time",
        help="Each has it when clocks where they live show --at; --timezone is for those of whom "
        "that is not known.",
    ),
]
Now = Annotated[bool, typer.Option("--now", help="Start it at once.")]


def check_to_come(
    at: str | None,
    timezone: str | None,
    fold: int | None,
    instead: str,
    *,
    local_time: bool | None,
) -> None:
    """A date that was mistyped is not to mail everybody now; `instead` says how that is asked for.

    What cannot be read here, or is no single moment, the server judges.
    Raises CommandFailed: usage.
    """
    moment = None if at is None or local_time else _moment(at, timezone, fold)
    if moment is not None and clock.now() - moment > _NEAR:
        raise wrong("--at", f"{at} has passed. To start it at once, {instead}.")


def _moment(at: str, timezone: str | None, fold: int | None) -> datetime | None:
    """None where it is not to be told which one is meant."""
    try:
        moment = datetime.fromisoformat(at.upper())
        if moment.tzinfo is None and timezone is not None:
            moment = moment.replace(tzinfo=ZoneInfo(timezone), fold=fold or 0)
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, KeyError, OSError):
        return None
