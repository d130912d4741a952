"""Processes of their own over one database, which tests start and kill."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


class DatabaseProcess:
    """One that runs a command of `tests.contracts.sqlite_process`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """It has begun."""
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin, self._stdout = process.stdin, process.stdout

    def hear(self) -> str:
        """Its next line; empty once it has ended."""
        return self._stdout.readline().strip()

    def hear_all(self) -> list[str]:
        """What it says until it ends."""
        return self._stdout.read().split()

    def tell(self, line: str) -> None:
        """A line for it."""
        self._stdin.write(f"{line}\n")
        self._stdin.flush()

    def kill(self) -> list[str]:
        """By SIGKILL, in the middle of whatever it is at; what it had said that nobody heard."""
        self._process.kill()
        return self.hear_all()


@contextmanager
def running(command: str, database: Path) -> Iterator[DatabaseProcess]:
    """A process that is gone in the end."""
    with subprocess.Popen(  # noqa: S603  our own code
        [sys.executable, "-m", "tests.contracts.sqlite_process", command, str(database)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield DatabaseProcess(process)
        finally:
            process.kill()
