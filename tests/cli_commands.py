"""The commands that there are, by their words."""

from collections.abc import Iterator
from typing import Any

import typer

from entrypoints.cli.program import program


def commands_of(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401  typer's own kind
    """All commands and groups by their words."""
    yield path, group
    for name, each in getattr(group, "commands", {}).items():
        yield from commands_of(each, (*path, name))


ALL = dict(commands_of(typer.main.get_command(program)))
