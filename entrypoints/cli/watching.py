"""Watching what goes on by itself until it has ended, whatever becomes of the server meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Protocol, TextIO

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from entrypoints.cli import clock
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.failures import CommandFailed
from entrypoints.cli.output import Item, Output, console, shown
from entrypoints.cli.pace import pauses

Every = Annotated[
    float,
    typer.Option(
        "--every", min=0.2, max=60, metavar="SECONDS", help="How long to wait between two looks."
    ),
]
Patience = Annotated[
    float,
    typer.Option(
        "--patience",
        min=0,
        metavar="SECONDS",
        help="How long to bear with a server that does not answer.",
    ),
]


class Bar(Protocol):
    """What shows how far it is."""

    def __call__(self, done: int, total: int | None, text: str) -> None:
        """So many of so many, if that is known, and the same in words."""
        ...


def looks(
    output: Output, look: Callable[[], Item], *, every: float, patience: float
) -> Iterator[Item]:
    """What `look` finds, again and again, for as long as somebody asks.

    A server that does not answer is asked again for `patience` seconds. Raises CommandFailed.
    """
    silent_since: float | None = None
    for pause in pauses(every):
        try:
            found = look()
        except CommandFailed as failure:
            if failure.code is not ExitCode.UNAVAILABLE:
                raise
            if silent_since is None:
                silent_since = clock.elapsed()
                output.say(f"{failure.lines[0]} Asking again for {patience:.0f} s.")
            if clock.elapsed() - silent_since >= patience:
                raise
        else:
            if silent_since is not None:
                output.say("It answers again.")
                silent_since = None
            yield found
        clock.pause(pause)


@contextmanager
def bar(say: Callable[[str], None], file: TextIO) -> Iterator[Bar]:
    """A bar where `file` is a terminal; else `say` tells each change of words."""
    if not file.isatty():
        yield _Lines(say)
        return
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console(file)) as progress:
        task = progress.add_task("", total=None)

        def show(done: int, total: int | None, text: str) -> None:
            progress.update(task, completed=done, total=total, description=shown(text))

        yield show


class _Lines:
    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._last = ""

    def __call__(self, done: int, total: int | None, text: str) -> None:
        del done, total
        if text != self._last:
            self._last = text
            self._say(text)
