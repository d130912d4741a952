"""`sentinel series`: campaigns that come again, by a cron and a zone."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from entrypoints.cli.command import Session, command, group
from entrypoints.cli.connection import Answer
from entrypoints.cli.listing import Cursor, Everything, Limit, Pages, limit_of, show_list
from entrypoints.cli.options import (
    Category,
    CategoryOption,
    Exclude,
    Priority,
    PriorityOption,
    Revision,
    UnknownOption,
    UnknownPolicy,
    Yes,
    confirm,
    given,
    take_away,
    wrong,
)
from entrypoints.cli.output import Cell

series = group("Have campaigns come again, by a cron and a zone.")

_SERIES = "/v1/series/{}"
_IN_LIST: Mapping[str, Cell] = {
    "Series": "series_id",
    "Name": "name",
    "State": "state",
    "Cron": "cron",
    "Zone": "timezone",
    "Next": "next_at",
    "Made": "made_count",
    "Missed": "missed_count",
}
_WHOLE: Mapping[str, Cell] = {
    **_IN_LIST,
    "Problem": "problem",
    "Latest": "latest_campaign_id",
    "Template": "template_id",
    "Segment": "segment_id",
    "Excluded": "exclude_segment_ids",
    "Category": "category",
    "Priority": "priority",
    "If unknown": "unknown_policy",
    "If late": "catch_up",
    "Ends": "ends_at",
    "At most": "max_occurrences",
    "Created": "created_at",
    "Revision": "revision",
}


class CatchUp(StrEnum):
    """What becomes of occurrences that nobody could make in time."""

    LATEST = "latest"
    NONE = "none"


SeriesId = Annotated[str, typer.Argument(metavar="SERIES", help="The id of the series.")]
Late = Annotated[
    CatchUp | None,
    typer.Option("--catch-up", help="What is sent of those that nobody could make in time."),
]
EndsAt = Annotated[
    str | None, typer.Option("--ends-at", metavar="TIME", help="Nothing comes after it.")
]
Most = Annotated[
    int | None,
    typer.Option("--max", min=1, metavar="NUMBER", help="It ends once so many were made."),
]


@command(series, "create")
def create(
    session: Session,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What it is called.")],
    cron: Annotated[
        str, typer.Option("--cron", metavar="CRON", help="When, by five fields, as '0 9 * * 1'.")
    ],
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="ZONE", help="By whose clocks, as Europe/Berlin.")
    ],
    template: Annotated[
        str, typer.Option("--template", metavar="TEMPLATE", help="The id of what is sent.")
    ],
    segment: Annotated[
        str, typer.Option("--segment", metavar="SEGMENT", help="The id of those who get it.")
    ],
    exclude: Exclude = None,
    category: CategoryOption = None,
    priority: PriorityOption = None,
    unknown: UnknownOption = None,
    catch_up: Late = None,
    ends_at: EndsAt = None,
    most: Most = None,
) -> None:
    """Create a series: the next of its campaigns is always there beforehand."""
    body = _body(
        name=name,
        cron=cron,
        timezone=timezone,
        template=template,
        segment=segment,
        exclude=exclude,
        category=category,
        priority=priority,
        unknown=unknown,
        catch_up=catch_up,
        ends_at=ends_at,
        most=most,
    )
    _show(session, session.connection.post("/v1/series", body=body))


@command(series, "list")
def list_series(
    session: Session, limit: Limit = 50, everything: Everything = False, cursor: Cursor = None
) -> None:
    """List series, the newest first."""
    pages = Pages(
        session, "/v1/series", limit=limit_of(limit, everything=everything), cursor=cursor
    )
    show_list(session, pages, _IN_LIST, "There are no series.")


@command(series, "show")
def show(session: Session, series_id: SeriesId) -> None:
    """Show a series."""
    _show(session, session.connection.get(_SERIES, series_id))


@command(series, "edit")
def edit(
    session: Session,
    series_id: SeriesId,
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="What it is called.")
    ] = None,
    cron: Annotated[
        str | None, typer.Option("--cron", metavar="CRON", help="When, by five fields.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="By whose clocks.")
    ] = None,
    template: Annotated[
        str | None, typer.Option("--template", metavar="TEMPLATE", help="What is sent.")
    ] = None,
    segment: Annotated[
        str | None, typer.Option("--segment", metavar="SEGMENT", help="Who gets it.")
    ] = None,
    exclude: Exclude = None,
    category: CategoryOption = None,
    priority: PriorityOption = None,
    unknown: UnknownOption = None,
    catch_up: Late = None,
    ends_at: EndsAt = None,
    most: Most = None,
    no_exclude: Annotated[bool, typer.Option("--no-exclude", help="Leave nobody out.")] = False,
    no_ends_at: Annotated[bool, typer.Option("--no-ends-at", help="Let it go on.")] = False,
    no_max: Annotated[bool, typer.Option("--no-max", help="Let it come however often.")] = False,
    revision: Revision = None,
) -> None:
    """Edit a series, for what comes; what is not given stays."""
    body = _body(
        name=name,
        cron=cron,
        timezone=timezone,
        template=template,
        segment=segment,
        exclude=exclude,
        category=category,
        priority=priority,
        unknown=unknown,
        catch_up=catch_up,
        ends_at=ends_at,
        most=most,
    )
    if no_exclude:
        take_away(body, "--no-exclude", "exclude_segment_ids", [])
    if no_ends_at:
        take_away(body, "--no-ends-at", "ends_at")
    if no_max:
        take_away(body, "--no-max", "max_occurrences")
    if not body:
        raise wrong("--name, --cron, …", "Say what to change.")
    _show(session, session.connection.patch(_SERIES, series_id, body=body, if_match=revision))


@command(series, "occurrences")
def occurrences(
    session: Session,
    series_id: SeriesId,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="NUMBER", help="How many of each.")
    ] = None,
) -> None:
    """List the occurrences to come, and what became of the latest."""
    body = session.connection.get("/v1/series/{}/occurrences", series_id, limit=limit).body
    if session.output.as_json:
        session.output.json(body)
        return
    for name in ("settled", "coming"):
        session.output.line(f"{name}:")
        if body[name]:
            session.output.table(body[name], {each: each for each in body[name][0]})


@command(series, "pause")
def pause(session: Session, series_id: SeriesId, revision: Revision = None) -> None:
    """Pause a series: nothing comes until it is resumed."""
    _show(session, session.connection.post("/v1/series/{}/pause", series_id, if_match=revision))


@command(series, "resume")
def resume(session: Session, series_id: SeriesId, revision: Revision = None) -> None:
    """Resume a paused series, with the next occurrence from now on."""
    _show(session, session.connection.post("/v1/series/{}/resume", series_id, if_match=revision))


@command(series, "end")
def end(session: Session, series_id: SeriesId, yes: Yes = False, revision: Revision = None) -> None:
    """End a series for good."""
    confirm(f"End the series {series_id} for good?", yes=yes)
    _show(session, session.connection.post("/v1/series/{}/end", series_id, if_match=revision))


def _body(
    *,
    name: str | None,
    cron: str | None,
    timezone: str | None,
    template: str | None,
    segment: str | None,
    exclude: list[str] | None,
    category: Category | None,
    priority: Priority | None,
    unknown: UnknownPolicy | None,
    catch_up: CatchUp | None,
    ends_at: str | None,
    most: int | None,
) -> dict[str, Any]:
    """What is said of one to be created or edited."""
    return given(
        name=name,
        cron=cron,
        timezone=timezone,
        template_id=template,
        segment_id=segment,
        exclude_segment_ids=exclude or None,
        category=category,
        priority=priority,
        unknown_policy=unknown,
        catch_up=catch_up,
        ends_at=ends_at,
        max_occurrences=most,
    )


def _show(session: Session, answer: Answer) -> None:
    session.output.document({**answer.body, "revision": answer.revision}, _WHOLE)
