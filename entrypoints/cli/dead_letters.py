"""`sentinel dead-letters`: what was given up, and what to do with it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from entrypoints.cli.command import Session, command, group
from entrypoints.cli.options import Yes, confirm
from entrypoints.cli.output import Cell

dead_letters = group("See what was given up, have it done after all, or throw it away.")

_MOST = 100
_LETTER: Mapping[str, Cell] = {
    "Dead letter": "dead_letter_id",
    "Source": "source",
    "About": "subject",
    "Given up for": "reason",
    "First sent": "first_sent_at",
}
_EXPLAINED: Mapping[str, Cell] = {
    **_LETTER,
    "To do": "advice",
    "Why that": "explanation",
}


class Source(StrEnum):
    """What gave it up."""

    SEND = "send"
    START = "start"
    SCHEDULE = "schedule"
    JOB = "job"
    PROVIDER_EVENTS = "provider-events"


DeadLetterId = Annotated[
    str, typer.Argument(metavar="DEAD_LETTER", help="Its id, as `dead-letters list` shows it.")
]


@command(dead_letters, "list")
def list_dead_letters(
    session: Session,
    source: Annotated[
        Source | None, typer.Option("--source", help="Show only what that gave up.")
    ] = None,
    limit: Annotated[
        int,
        typer.Option(
            "--limit", min=1, max=_MOST, metavar="NUMBER", help="How many at most to show."
        ),
    ] = 50,
) -> None:
    """List what was given up, the oldest of each source first, with what to do.

    None is consumed. There is no page after: more are shown once these are dealt with.
    """
    body = session.connection.get("/v1/dead-letters", source=source, limit=limit).body
    if session.output.as_json:
        session.output.json(body)
        return
    if body["items"]:
        session.output.table(body["items"], _EXPLAINED)
    else:
        session.output.say("Nothing was given up.")
    left = body["waiting"] - len(body["items"])
    if left:
        session.output.say(f"There are {left} more: --limit shows up to {_MOST}.")


@command(dead_letters, "replay")
def replay(session: Session, dead_letter: DeadLetterId) -> None:
    """Have the work of one done after all; replaying too much mails nobody twice."""
    body = session.connection.post("/v1/dead-letters/{}/replay", dead_letter).body
    session.output.document(body, _LETTER)


@command(dead_letters, "discard")
def discard(session: Session, dead_letter: DeadLetterId, yes: Yes = False) -> None:
    """Throw one away: nothing is done of what it asked for."""
    confirm(f"Throw the dead letter {dead_letter} away for good?", yes=yes)
    session.connection.delete("/v1/dead-letters/{}", dead_letter)
    session.output.document(
        {"dead_letter_id": dead_letter, "state": "discarded"},
        {"Dead letter": "dead_letter_id", "State": "state"},
    )
