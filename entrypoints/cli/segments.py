"""`sentinel segments`: who is meant by a campaign."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from entrypoints.cli.command import Session, command, group
from entrypoints.cli.contact_views import CONTACT_IN_LIST
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.failures import CommandFailed
from entrypoints.cli.listing import Cursor, Everything, Limit, Pages, limit_of, show_list
from entrypoints.cli.options import SegmentId, given, text_of, wrong
from entrypoints.cli.output import Cell, Item, compact

segments = group("Say who is meant: by a list, or by a rule.")

_AT_ONCE = 500
"""Members that the server takes in one request."""


def _kind(segment: Item) -> str:
    return "static" if segment["rule"] is None else "rule"


_SEGMENT: dict[str, Cell] = {
    "Segment": "segment_id",
    "Name": "name",
    "Kind": _kind,
    "Created": "created_at",
    "Rule": lambda item: None if item["rule"] is None else compact(item["rule"]),
}

Rule = Annotated[
    str | None,
    typer.Option(
        "--rule",
        metavar="RULE",
        help="The rule, as JSON; @FILE is a file with it, @- is standard input.",
    ),
]


@command(segments, "create")
def create(
    session: Session,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What it is called.")],
    segment: Annotated[
        str | None,
        typer.Argument(metavar="SEGMENT", help="The id that it is to have; one is made without."),
    ] = None,
    rule: Rule = None,
) -> None:
    """Create a segment.

    With a rule whoever fits it is in it; without one contacts are put into it.
    """
    body = given(segment_id=segment, name=name, rule=None if rule is None else _rule_of(rule))
    session.output.document(session.connection.post("/v1/segments", body=body).body, _SEGMENT)


@command(segments, "list")
def list_segments(
    session: Session, limit: Limit = 50, everything: Everything = False, cursor: Cursor = None
) -> None:
    """List segments by id."""
    pages = Pages(
        session, "/v1/segments", limit=limit_of(limit, everything=everything), cursor=cursor
    )
    show_list(session, pages, _SEGMENT, "There are no segments.")


@command(segments, "show")
def show(session: Session, segment: SegmentId) -> None:
    """Show a segment with its rule."""
    session.output.document(session.connection.get("/v1/segments/{}", segment).body, _SEGMENT)


@command(segments, "preview")
def preview(
    session: Session,
    segment: Annotated[
        str | None, typer.Argument(metavar="SEGMENT", help="The segment's id.")
    ] = None,
    rule: Rule = None,
) -> None:
    """Show how many are in a segment, or fit a rule, and some of them."""
    if (segment is None) == (rule is None):
        raise wrong("SEGMENT, --rule", "Say one of the two.")
    if segment is not None:
        body = session.connection.get("/v1/segments/{}/preview", segment).body
    else:
        body = session.connection.post(
            "/v1/segments/preview", body={"rule": _rule_of(rule or "")}
        ).body
    if session.output.as_json:
        session.output.json(body)
        return
    session.output.line(body["detail"])
    if body["sample"]:
        session.output.table(body["sample"], CONTACT_IN_LIST)


@command(segments, "members")
def members(
    session: Session,
    segment: SegmentId,
    limit: Limit = 50,
    everything: Everything = False,
    cursor: Cursor = None,
) -> None:
    """List who is in a segment, as of now."""
    pages = Pages(
        session,
        "/v1/segments/{}/members",
        segment,
        limit=limit_of(limit, everything=everything),
        cursor=cursor,
    )
    show_list(session, pages, CONTACT_IN_LIST, "Nobody is in it.")


@command(segments, "add")
def add(
    session: Session,
    segment: SegmentId,
    contact: Annotated[
        list[str] | None, typer.Argument(metavar="[CONTACT]…", help="The contacts' ids.")
    ] = None,
    from_file: Annotated[
        Path | None,
        typer.Option(
            "--from-file", metavar="FILE", help="A file of ids, one a line; - is standard input."
        ),
    ] = None,
) -> None:
    """Put contacts into a static segment; who is in it already stays once."""
    ids = list(contact or ())
    if from_file is not None:
        ids += [line.strip() for line in text_of(from_file).splitlines() if line.strip()]
    if not ids:
        raise wrong("CONTACT, --from-file", "Say whom to put into it.")
    body: dict[str, Any] = {}
    done = 0
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        try:
            body = session.connection.post(
                "/v1/segments/{}/members", segment, body={"contact_ids": some}
            ).body
        except CommandFailed:
            if done:
                session.output.say(f"The first {done} of {len(ids)} are in it.")
            raise
        done += len(some)
    session.output.document(body, _SEGMENT)


def _rule_of(written: str) -> dict[str, Any]:
    text = text_of(Path(written[1:])) if written.startswith("@") else written
    try:
        rule = json.loads(text)
    except ValueError as error:
        raise wrong("--rule", f"It is no JSON: {error}.") from None
    if not isinstance(rule, dict):
        raise CommandFailed(ExitCode.USAGE, "--rule: It is no JSON object, as {…}.")
    return rule
