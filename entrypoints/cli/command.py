"""Commands: functions of a session, with the options that all of them have."""

import inspect
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

from entrypoints.cli.connection import (
    BY_DEFAULT,
    DEFAULT_URL,
    KEY_VARIABLE,
    URL_VARIABLE,
    Connection,
    Said,
)
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.failures import CommandFailed
from entrypoints.cli.output import Output

P = ParamSpec("P")

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help=f"Where Sentinel is: {DEFAULT_URL}, unless {URL_VARIABLE} says otherwise.",
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")
]


@dataclass(frozen=True)
class Session:
    """What a command works with."""

    connection: Connection
    output: Output


def group(text: str) -> typer.Typer:
    """Commands of one noun, described by `text`."""
    return typer.Typer(
        help=text, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
    )


def command(
    commands: typer.Typer, name: str
) -> Callable[
    [Callable[Concatenate[Session, P], ExitCode | None]],
    Callable[Concatenate[Session, P], ExitCode | None],
]:
    """The function becomes the command `name`: its parameters after the session are its own."""

    def register(
        function: Callable[Concatenate[Session, P], ExitCode | None],
    ) -> Callable[Concatenate[Session, P], ExitCode | None]:
        def run(*, context: typer.Context, url: str | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401  typer gives them
            given_before: str | None = context.find_root().params.get("url")
            output = Output(as_json=as_json)
            said = replace(BY_DEFAULT, options=options_of(context.command))
            code = _run(function, url or given_before, said, output, given)
            raise typer.Exit(code)

        run.__doc__ = function.__doc__
        _, *own = inspect.signature(function).parameters.values()
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what typer reads
            [
                inspect.Parameter(
                    "context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context
                ),
                *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own),
                inspect.Parameter(
                    "url", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Url
                ),
                inspect.Parameter(
                    "as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=AsJson
                ),
            ]
        )
        commands.command(name)(run)
        return function

    return register


def options_of(command: Any) -> frozenset[str]:  # noqa: ANN401  typer's own kind
    """The options of a command, and its arguments as its help writes them."""
    return frozenset(
        re.sub(r"\W", "", each.metavar or each.name.upper())
        if each.param_type_name == "argument"
        else each.opts[0]
        for each in command.params
    )


def _run(
    function: Callable[..., ExitCode | None],
    url: str | None,
    said: Said,
    output: Output,
    given: dict[str, Any],
) -> ExitCode:
    connection: Connection | None = None
    try:
        connection = Connection(
            url or os.environ.get(URL_VARIABLE) or DEFAULT_URL,
            os.environ.get(KEY_VARIABLE, "").strip() or None,
            output.say,
            said,
        )
        return function(Session(connection, output), **given) or ExitCode.DONE
    except CommandFailed as failure:
        for line in failure.lines:
            output.say(line)
        return failure.code
    except KeyboardInterrupt:
        output.say("Interrupted.")
        return ExitCode.INTERRUPTED
    finally:
        if connection is not None:
            connection.close()
