"""`sentinel suppressions`: who is not mailed, and why."""

from enum import StrEnum
from typing import Annotated

import typer

from entrypoints.cli.command import Session, command, group
from entrypoints.cli.listing import Cursor, Everything, Limit, Pages, limit_of, show_list
from entrypoints.cli.options import Yes, confirm, given
from entrypoints.cli.output import Cell, Item, joined

suppressions = group("See who is not mailed and why, and change it.")


def _unsubscribed(entry: Item) -> str | None:
    asked = entry["unsubscribed"]
    return None if asked is None else joined([asked["scope"], asked["since"]])


_ENTRY: dict[str, Cell] = {
    "Suppression": "suppression_id",
    "Address": "email",
    "Reason": "reason",
    "Scope": "scope",
    "Since": "since",
    "Unsubscribed": _unsubscribed,
    "Note": "note",
}


class Scope(StrEnum):
    """What is held back."""

    MARKETING = "marketing"
    ALL = "all"


class Reason(StrEnum):
    """What it is for."""

    BOUNCE = "bounce"
    SOFT_BOUNCES = "soft_bounces"
    COMPLAINT = "complaint"
    OPERATOR = "operator"
    UNSUBSCRIBE = "unsubscribe"


Email = Annotated[str, typer.Argument(metavar="ADDRESS", help="The address, as ann@example.com.")]


@command(suppressions, "list")
def list_suppressions(
    session: Session, limit: Limit = 50, everything: Everything = False, cursor: Cursor = None
) -> None:
    """List who is not mailed, by id."""
    pages = Pages(
        session, "/v1/suppressions", limit=limit_of(limit, everything=everything), cursor=cursor
    )
    show_list(session, pages, _ENTRY, "Everybody is mailed.")


@command(suppressions, "add")
def add(
    session: Session,
    email: Email,
    scope: Annotated[
        Scope | None,
        typer.Option("--scope", help="What is held back: all mail, unless it is said."),
    ] = None,
    note: Annotated[
        str | None,
        typer.Option("--note", metavar="TEXT", help="Why, for those who come after."),
    ] = None,
    reason: Annotated[
        Reason | None,
        typer.Option("--reason", help="What it was for elsewhere; an operator's word without."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="When it was elsewhere, as 2025-05-04T09:00:00Z."
        ),
    ] = None,
) -> None:
    """Hold mail back from an address from now on.

    What holds back as much already stays as it is: what is shown is what is on the list then.
    """
    body = given(email=email, scope=scope, note=note, reason=reason, since=since)
    session.output.document(session.connection.post("/v1/suppressions", body=body).body, _ENTRY)


@command(suppressions, "find")
def find(session: Session, email: Email) -> None:
    """Find the entry of an address."""
    entry = session.connection.post("/v1/suppressions/lookup", body={"email": email}).body
    session.output.document(entry, _ENTRY)


@command(suppressions, "remove")
def remove(
    session: Session,
    suppression: Annotated[
        str, typer.Argument(metavar="SUPPRESSION", help="The entry's id, as it was shown.")
    ],
    yes: Yes = False,
) -> None:
    """Take an address off the list: it may be mailed again.

    One whose reader unsubscribed, too, leaves an entry for that.
    """
    confirm("Mail this address again?", yes=yes)
    session.connection.delete("/v1/suppressions/{}", suppression)
    session.output.document(
        {"suppression_id": suppression, "state": "removed"},
        {"Suppression": "suppression_id", "State": "state"},
    )
