"""`sentinel doctor`: whether everything is there that a command needs."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import typer

from entrypoints.cli import clock
from entrypoints.cli.command import Session, command
from entrypoints.cli.connection import KEY_VARIABLE, Answer, Connection
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.failures import CommandFailed, Refused
from entrypoints.cli.options import wrong

ROOT = Path(__file__).parents[2]

_CLOCK_SECONDS = 30
"""More than that, and a time that somebody writes is not the one that is meant."""
_SHOWN = 5
_PROBES: Mapping[str, tuple[str, str]] = {
    "campaigns:read": ("GET", "/v1/campaigns"),
    "campaigns:write": ("POST", "/v1/campaigns"),
    "campaigns:approve": ("POST", "/v1/campaigns/none/approve"),
    "templates:read": ("GET", "/v1/templates"),
    "templates:write": ("POST", "/v1/templates"),
    "audience:read": ("GET", "/v1/segments"),
    "audience:write": ("GET", "/v1/imports"),
    "audience:export": ("GET", "/v1/exports"),
    "webhooks:read": ("GET", "/v1/webhooks"),
    "webhooks:write": ("POST", "/v1/webhooks"),
    "operations:read": ("GET", "/v1/dead-letters"),
    "operations:write": ("POST", "/v1/dead-letters"),
}
"""What each scope lets somebody ask. An empty POST makes nothing: let in, it is refused."""
_QUERIES: Mapping[str, Mapping[str, int]] = {
    "/v1/webhooks": {},
    # Let in, it is refused: a look would hide them from who looks at the same time.
    "/v1/dead-letters": {"limit": 0},
}
"""Where it is not a limit of 1."""


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and what to do where that is not well."""

    check: str
    level: Level
    found: str
    remedy: str = ""
    code: ExitCode = ExitCode.DONE


def add_doctor(program: typer.Typer) -> None:
    """The command is one of the program's own."""
    command(program, "doctor")(doctor)


def doctor(
    session: Session,
    aws: Annotated[
        bool,
        typer.Option(
            "--aws", help="Check the AWS account of a deployment, too, with your credentials."
        ),
    ] = False,
    sender: Annotated[
        list[str] | None,
        typer.Option("--sender", metavar="ADDRESS", help="Who mails are from, with --aws."),
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option("--stack", metavar="NAME", help="The deployment's stack, with --aws."),
    ] = None,
) -> ExitCode:
    """Check that the server is there, that the key is good, and for what.

    It looks at the clocks and at the interface, too, and changes nothing. The exit status is 0
    where nothing fails.
    """
    if aws and not sender:
        raise wrong("--sender", "Say whom mails are from, as --sender news@example.com.")
    findings = list(_findings(session.connection))
    account = _preflight(session, sender or [], stack) if aws else None
    if session.output.as_json:
        session.output.json(
            {"findings": [_json(each) for each in findings], "account": account and account[1]}
        )
    else:
        rows = [{**asdict(each), "level": each.level.upper()} for each in findings]
        session.output.table(rows, {"": "level", "Check": "check", "Found": "found"})
        for each in findings:
            if each.remedy:
                session.output.say(f"{each.check}: {each.remedy}")
        if account is not None:
            session.output.text(str(account[1]))
    worst = next((each.code for each in findings if each.level is Level.FAIL), ExitCode.DONE)
    return worst or (ExitCode.REFUSED if account and account[0] else ExitCode.DONE)


def _json(finding: Finding) -> dict[str, Any]:
    return {name: value for name, value in asdict(finding).items() if name != "code"}


def _findings(connection: Connection) -> Iterator[Finding]:
    asked = clock.now()
    try:
        alive = connection.get("/healthz")
    except CommandFailed as failure:
        yield _failed("server", failure)
        return
    answered = clock.now()
    yield Finding("server", Level.OK, f"{connection.url} is alive")
    try:
        connection.get("/readyz")
        yield Finding("store", Level.OK, "ready")
    except CommandFailed as failure:
        yield _failed("store", failure)
    yield from _key_findings(connection)
    yield _clock_finding(alive, asked, answered)
    yield from _interface_findings(connection)
    if not connection.is_local:
        yield Finding(
            "account",
            Level.OK,
            "not looked at: `sentinel doctor --aws --sender news@example.com` does",
        )


def _failed(check: str, failure: CommandFailed) -> Finding:
    first, *rest = failure.lines
    return Finding(check, Level.FAIL, first, " ".join(rest), failure.code)


def _key_findings(connection: Connection) -> Iterator[Finding]:
    try:
        with connection.without_key() as stranger:
            stranger.get("/v1/campaigns", limit=1)
        yield Finding("key", Level.OK, "none is asked for")
    except Refused as refusal:
        if refusal.code is not ExitCode.NOT_ALLOWED:
            yield _failed("key", refusal)
        elif not connection.has_key:
            yield Finding(
                "key",
                Level.FAIL,
                "none is given, and the server lets nobody in without",
                f"Put one into {KEY_VARIABLE}; `make api-key` issues one.",
                ExitCode.NOT_ALLOWED,
            )
        else:
            yield _scopes_finding(connection)
    except CommandFailed as failure:
        yield _failed("key", failure)


def _scopes_finding(connection: Connection) -> Finding:
    good: list[str] = []
    lacking: list[str] = []
    for scope, (method, path) in _PROBES.items():
        try:
            if method == "GET":
                connection.get(path, **_QUERIES.get(path, {"limit": 1}))
            else:
                connection.post(path, body={})
        except Refused as refusal:
            if refusal.status == HTTPStatus.UNAUTHORIZED:
                return _failed("key", refusal)
            (lacking if refusal.status == HTTPStatus.FORBIDDEN else good).append(scope)
        except CommandFailed as failure:
            return _failed("key", failure)
        else:
            good.append(scope)
    text = f"good for {' '.join(good) or 'nothing'}"
    if not lacking:
        return Finding("key", Level.OK, text)
    return Finding(
        "key",
        Level.WARN if good else Level.FAIL,
        f"{text}; not for {' '.join(lacking)}",
        "`make api-key SCOPES=…` issues one for more.",
        ExitCode.DONE if good else ExitCode.NOT_ALLOWED,
    )


def _clock_finding(alive: Answer, asked: datetime, answered: datetime) -> Finding:
    text = alive.headers.get("date")
    try:
        told = parsedate_to_datetime(text or "")
    except ValueError:
        return Finding("clock", Level.WARN, "the server does not tell its time")
    here = asked + (answered - asked) / 2
    apart = (here - told.replace(tzinfo=told.tzinfo or UTC)).total_seconds()
    # The header is in whole seconds.
    if abs(apart) <= _CLOCK_SECONDS:
        return Finding("clock", Level.OK, f"within {_CLOCK_SECONDS} s of the server's")
    ahead = "ahead of" if apart > 0 else "behind"
    return Finding(
        "clock",
        Level.WARN,
        f"{abs(apart):.0f} s {ahead} the server's",
        "Set the clock of this machine by a time server: the times that you write are yours.",
    )


def _interface_findings(connection: Connection) -> Iterator[Finding]:
    try:
        theirs = connection.get("/openapi.json").body
    except CommandFailed as failure:
        yield _failed("interface", failure)
        return
    ours = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    lacking, more = _routes(ours) - _routes(theirs), _routes(theirs) - _routes(ours)
    version = theirs["info"]["version"]
    if not lacking and not more:
        yield Finding("interface", Level.OK, f"version {version}, all that this one knows")
    if lacking:
        yield Finding(
            "interface",
            Level.WARN,
            f"version {version}, without {_some(lacking)}",
            "The server is older than this command line: deploy it anew, or use its own.",
        )
    if more:
        yield Finding(
            "interface",
            Level.WARN,
            f"version {version}, which has {_some(more)}",
            "This command line is older than the server: bring it up to date.",
        )


def _routes(document: Mapping[str, Any]) -> set[str]:
    return {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }


def _some(routes: set[str]) -> str:
    first = ", ".join(sorted(routes)[:_SHOWN])
    return first if len(routes) <= _SHOWN else f"{first} and {len(routes) - _SHOWN} more"


def _preflight(session: Session, senders: list[str], stack: str | None) -> tuple[int, object]:
    """Its exit status and what it found; it is a command of its own, with AWS's libraries."""
    arguments = [f"--sender={each}" for each in senders]
    arguments += [f"--stack={stack}"] if stack is not None else []
    arguments += ["--json"] if session.output.as_json else []
    session.output.say("Asking AWS…")
    done = subprocess.run(  # noqa: S603  our own arguments
        [sys.executable, "-m", "entrypoints.deployment.preflight", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if session.output.as_json and done.stdout:
        return done.returncode, json.loads(done.stdout)
    return done.returncode, done.stdout
