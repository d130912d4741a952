"""Options that more than one noun has, and what is made of them."""

import json
import math
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from entrypoints.cli.exits import ExitCode
from entrypoints.cli.failures import CommandFailed

CampaignId = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", help="The campaign's id, as cmp_….", show_default=False)
]
TemplateId = Annotated[str, typer.Argument(metavar="TEMPLATE", help="The template's id.")]
SegmentId = Annotated[str, typer.Argument(metavar="SEGMENT", help="The segment's id.")]
ContactId = Annotated[str, typer.Argument(metavar="CONTACT", help="The contact's id, as con_….")]
Revision = Annotated[
    int | None,
    typer.Option(
        "--revision",
        min=1,
        metavar="NUMBER",
        help="Change it only if this is still its revision, as it was shown.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether that is meant.")]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        "-f",
        metavar="NAME=VALUE",
        help="A field; may be repeated. What reads as a number, true or false is one; "
        "in double quotes it is text.",
    ),
]


class Category(StrEnum):
    """What a campaign is for."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"


class Priority(StrEnum):
    """Whether it waits behind others."""

    URGENT = "urgent"
    NORMAL = "normal"


class UnknownPolicy(StrEnum):
    """What becomes of a mail of which nobody knows whether it was sent."""

    HOLD = "hold"
    RESEND = "resend"


Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="SEGMENT", help="Whose members get none; may be repeated."),
]
CategoryOption = Annotated[
    Category | None,
    typer.Option("--category", help="What it is for; marketing, unless it is said."),
]
PriorityOption = Annotated[
    Priority | None,
    typer.Option("--priority", help="Whether it waits behind others; normal, unless it is said."),
]
UnknownOption = Annotated[
    UnknownPolicy | None,
    typer.Option(
        "--unknown",
        help="What becomes of a mail of which nobody knows whether it was sent: it is held, "
        "unless it is said.",
    ),
]


def wrong(option: str, text: str) -> CommandFailed:
    """What is given for an option cannot be meant."""
    return CommandFailed(ExitCode.USAGE, f"{option}: {text}")


def fields_of(written: Sequence[str], option: str = "--field") -> dict[str, Any]:
    """Raises CommandFailed: usage."""
    pairs = [each.partition("=") for each in written]
    for name, sign, _ in pairs:
        if not sign or not name:
            raise wrong(option, f"Write NAME=VALUE, not {name!r}.")
    return {name: _value_of(text) for name, _, text in pairs}


def given(**members: object) -> dict[str, Any]:
    """Those that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def take_away(body: dict[str, Any], option: str, member: str, nothing: object = None) -> None:
    """As an option `--no-…` asks. Raises CommandFailed: usage, where a value is given, too."""
    if member in body:
        raise wrong(option, "It is given another value, too.")
    body[member] = nothing


def consent_of(source: str | None, at: str | None) -> dict[str, str] | None:
    """Both or neither. Raises CommandFailed: usage."""
    if source is None and at is None:
        return None
    if source is None or at is None:
        raise wrong("--consent-source, --consent-at", "One is nothing without the other.")
    return {"source": source, "at": at}


def text_of(path: Path) -> str:
    """A file's text; of standard input for `-`. Raises CommandFailed: usage."""
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandFailed(ExitCode.USAGE, f"{path}: {error.strerror}.") from None
    except UnicodeError:
        raise CommandFailed(ExitCode.USAGE, f"{path}: It is not text in UTF-8.") from None


def confirm(question: str, *, yes: bool) -> None:
    """Ask a person, where there is one. Raises CommandFailed."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandFailed(ExitCode.USAGE, f"{question} Nobody can be asked: say --yes.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201  a command's own
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CommandFailed(ExitCode.CANCELLED, "Nothing was changed.")


def _value_of(text: str) -> str | int | float | bool:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    match value:
        case str() | bool():
            return value
        case int() if str(value) == text:
            return value
        case float() if repr(value) == text and math.isfinite(value):
            return value
    return text
