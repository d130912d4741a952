"""`sentinel analytics`: how the campaigns of the two paths did."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from entrypoints.cli.command import Session, command
from entrypoints.cli.options import wrong
from entrypoints.cli.output import Cell, Item
from entrypoints.cli.pace import milliseconds_text

_PERCENTILES = ("p50", "p95", "p99")


class Period(StrEnum):
    """What campaigns are put together by."""

    DAY = "day"
    TOTAL = "total"


def _percentiles(name: str) -> Callable[[Item], object]:
    def cell(item: Item) -> str | None:
        values = [item[f"{name}_{each}_ms"] for each in _PERCENTILES]
        if None in values:
            return None
        return " / ".join(milliseconds_text(each) for each in values)

    return cell


def _money(item: Item) -> str:
    return f"{item['cost_usd']:.4f}"


def _rate(item: Item) -> str | None:
    rate = item["mails_per_second"]
    return None if rate is None else f"{rate:.1f}"


_COLUMNS: Mapping[str, Cell] = {
    "Day": lambda item: item["day"] or "all",
    "Path": "path",
    "Campaigns": "campaigns",
    "Start p50 / p95 / p99": _percentiles("start_latency"),
    "Late p50 / p95 / p99": _percentiles("lateness"),
    "Mails/s": _rate,
    "Recipients": "recipients",
    "Sent": "recipients_sent",
    "Failed": "recipients_failed",
    "Unknown": "recipients_unknown",
    "Bounced": "recipients_bounced",
    "USD": _money,
}


def add_analytics(program: typer.Typer) -> None:
    """The command is one of the program's own."""
    command(program, "analytics")(analytics)


def analytics(
    session: Session,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="DAY", help="The first UTC day, as 2026-11-01; 30 days without."
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="DAY", help="The last UTC day; today without."),
    ] = None,
    period: Annotated[
        Period | None,
        typer.Option("--period", help="Each day by itself, or all days as one."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw it day by day, as SVG, into this file."),
    ] = None,
) -> None:
    """Compare the two paths by their campaigns.

    It tells how soon they started, how late that was, how fast they went out, what became of
    their mails and about what they cost.
    """
    if plot is not None and period is Period.TOTAL:
        raise wrong("--plot", "It is drawn day by day: leave out --period total.")
    asked = period or (Period.DAY if plot is not None else Period.TOTAL)
    body = session.connection.get(
        "/v1/analytics/paths", since=since, until=until, period=asked
    ).body
    if plot is not None:
        _draw(body, plot)
        session.output.say(f"Drawn: {plot}")
    if session.output.as_json:
        session.output.json(body)
        return
    session.output.line(f"{body['since']} to {body['until']} (UTC)")
    items = body["items"] if asked is Period.TOTAL else [*filter(_has_any, body["items"])]
    if items:
        session.output.table(items, _COLUMNS)
    if body["as_of"] is None:
        session.output.say("No campaign has started in that time.")


def _has_any(item: Item) -> bool:
    return bool(item["campaigns"])


def _draw(body: Item, path: Path) -> None:
    try:
        from entrypoints.cli.path_plot import draw_paths  # noqa: PLC0415  it takes a second to load
    except ImportError:
        raise wrong("--plot", "What draws is not installed: run `make cli`.") from None
    try:
        draw_paths(body, path)
    except OSError as error:
        raise wrong("--plot", f"{path}: {error.strerror}.") from None
