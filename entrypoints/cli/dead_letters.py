"""`sentinel dead-letters`: what was given up, and what to do with it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from entrypoints.cli.command import Session, command, group
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.options import Yes, confirm, given, wrong
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
_REPLAYED: Mapping[str, Cell] = {**_LETTER, "Left, since": "fault"}
_EXPLAINED: Mapping[str, Cell] = {
    **_LETTER,
    "To do": "advice",
    "Why that": "explanation",
}


class Source(StrEnum):
    """What gave it up."""

    SEND = "send"
    START = "start"
    START_QUEUE = "start-queue"
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
        session.output.say(f"More than these: {left}. --limit shows up to {_MOST}.")


@command(dead_letters, "replay")
def replay(
    session: Session,
    dead_letter: Annotated[
        str | None,
        typer.Argument(metavar="[DEAD_LETTER]", help="Its id, as `dead-letters list` shows it."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Replay all of them.")] = False,
    source: Annotated[
        Source | None, typer.Option("--source", help="With --all: only what that gave up.")
    ] = None,
) -> ExitCode | None:
    """Have the work of one done after all, or of all; replaying too much mails nobody twice.

    With --all the exit status is 7 where some could not be replayed: they stay.
    """
    if everything == (dead_letter is not None):
        raise wrong("DEAD_LETTER, --all", "Say one of the two.")
    if dead_letter is None:
        return _replay_all(session, source)
    if source is not None:
        raise wrong("--source", "It goes with --all.")
    body = session.connection.post("/v1/dead-letters/{}/replay", dead_letter).body
    session.output.document(body, _LETTER)
    return None


def _replay_all(session: Session, source: Source | None) -> ExitCode | None:
    """Goes on as long as some are gone and some are left. The last word on each is shown."""
    told: dict[str, dict[str, Any]] = {}
    while True:
        body = session.connection.post("/v1/dead-letters/replay", body=given(source=source)).body
        told |= {each["dead_letter_id"]: each for each in body["items"]}
        if not body["left"] or all(each["fault"] for each in body["items"]):
            break
    if session.output.as_json:
        session.output.json({"items": list(told.values()), "left": body["left"]})
    elif told:
        session.output.table(list(told.values()), _REPLAYED)
    else:
        session.output.say("Nothing to replay was given up.")
    if not body["left"]:
        return None
    session.output.say(f"Left: {body['left']}. Mend what keeps them, and replay again.")
    return ExitCode.FAILED


@command(dead_letters, "discard")
def discard(session: Session, dead_letter: DeadLetterId, yes: Yes = False) -> None:
    """Throw one away: nothing is done of what it asked for."""
    confirm(f"Throw the dead letter {dead_letter} away for good?", yes=yes)
    session.connection.delete("/v1/dead-letters/{}", dead_letter)
    session.output.document(
        {"dead_letter_id": dead_letter, "state": "discarded"},
        {"Dead letter": "dead_letter_id", "State": "state"},
    )
