"""What is done in the background: imports and exports, followed until they have ended."""

from collections.abc import Callable
from typing import Annotated

import typer

from entrypoints.cli.command import Session
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.failures import CommandFailed
from entrypoints.cli.output import Item
from entrypoints.cli.watching import looks

JOB_ENDS = {
    "checked": ExitCode.DONE,
    "finished": ExitCode.DONE,
    "failed": ExitCode.FAILED,
    "cancelled": ExitCode.CANCELLED,
}

Wait = Annotated[bool, typer.Option("--watch", help="Watch it then until it has ended.")]


def ended(
    session: Session,
    path: str,
    job_id: str,
    show: Callable[[Item], None],
    *,
    every: float,
    patience: float,
) -> Item:
    """The job once it has ended, having shown each look. Raises CommandFailed."""

    def look() -> Item:
        return session.connection.get(path, job_id).body

    for job in looks(session.output, look, every=every, patience=patience):
        show(job)
        if job["state"] in JOB_ENDS:
            return job
    raise AssertionError("looks never end by themselves")


def interrupted(*lines: str) -> CommandFailed:
    """Ctrl-C, and how to go on."""
    return CommandFailed(ExitCode.INTERRUPTED, *lines)
