"""The command line, as its functions in this process or as the executable that people run."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from entrypoints.cli.program import NAME, program
from tests.integration.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
EXECUTABLE = ROOT / NAME
_IMPATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Done:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Its standard output, all of it."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def members(self) -> dict[str, str]:
        """What it shows of one thing, by the names before it."""
        split = [re.split("  +", line, maxsplit=1) for line in self.lines]
        return {each[0]: each[1] for each in split if len(each) == 2}

    @property
    def lines(self) -> list[str]:
        """Of its standard output, without what pads them."""
        return [line.rstrip() for line in self.out.splitlines()]


@dataclass(frozen=True)
class CommandLine:
    """Somebody whose commands go to `url`."""

    url: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, given: str | None = None) -> Done:
        """In this process; `given` is what it reads."""
        result = CliRunner().invoke(
            program,
            arguments,
            input=given,
            env={"SENTINEL_URL": self.url, **self.environment},
            prog_name=NAME,
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.stdout, result.stderr)

    def json(self, *arguments: str) -> dict[str, Any]:
        """What it prints where it is asked for JSON, which ends well."""
        done = self.run(*arguments, "--json")
        assert done.code == 0, done.err
        return done.json

    def start(self, *arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.Popen[str]:
        """The executable, as a process."""
        return subprocess.Popen(  # noqa: S603  our own arguments
            [EXECUTABLE, *arguments],
            cwd=cwd,
            env={
                "PATH": os.environ["PATH"],
                "SENTINEL_URL": self.url,
                **self.environment,
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def interrupted(self, process: subprocess.Popen[str]) -> Done:
        """What becomes of it by Ctrl-C, pressed again where nothing comes of it.

        Between a look for signals and a call that waits Python sees one only after that call.
        """
        for _ in range(3):
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                out, err = process.communicate(timeout=_IMPATIENCE_SECONDS)
                return Done(process.returncode, out, err)
        raise AssertionError("It does not end.")

    def execute(self, *arguments: str, cwd: Path = ROOT, **environment: str) -> Done:
        """The executable, until it has ended."""
        with self.start(*arguments, cwd=cwd, **environment) as process:
            out, err = process.communicate(timeout=PATIENCE)
        return Done(process.returncode, out, err)
