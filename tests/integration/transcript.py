"""What a page shows of a terminal: its commands, run again, and what they printed, compared.

In a block ` ```console ` a line `$ …` is a command, `> …` after it goes on with it, and the rest is
what it prints. A line `…` stands for any lines. Ids, times and rates are others each time: an id
that is printed is taken for the page's in the commands that follow, a time that is typed for one to
come.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.integration.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
HOME = "~/sentinel"
"""Where a page has the repository."""

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ID = re.compile(r"\b[a-z]{3,4}_[0-9A-HJKMNP-TV-Z]{26}\b")
_TIME = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_RATE = re.compile(r"\b\d+ a second, .* left\b")
_REASON = re.compile(r"[A-Za-z0-9]{8}-[0-9a-f-]{27,}|\b[0-9a-f]{32,}\b")


@dataclass(frozen=True)
class Shown:
    """A command, and the lines that a page shows of what it prints."""

    command: str
    lines: Sequence[str]


def shown_in(page: str) -> Sequence[Shown]:
    """All commands of a page."""
    found: list[Shown] = []
    for block in _BLOCK.findall(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *rest = part.splitlines()
            more = [line[2:] for line in rest if line.startswith("> ")]
            lines = [line.rstrip() for line in rest if not line.startswith("> ")]
            found.append(Shown("\n".join([first, *more]), lines))
    return found


@dataclass
class Terminal:
    """A shell in `directory` that remembers what was printed instead of the page's ids."""

    directory: Path
    environment: Mapping[str, str]
    ids: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    code: int = 0

    def run(self, command: str) -> list[str]:
        """The lines that it prints, both of the result and beside it."""
        text = command.replace(HOME, str(ROOT))
        for here, there in self.ids.items():
            text = text.replace(here, there)
        text = _TIME.sub(_to_come(), text)
        # The exit status and the path of one are for those that follow.
        script = f"(exit {self.code})\n{text}\ncode=$?; printf '%s' \"$PATH\" > .path; exit $code"
        done = subprocess.run(  # noqa: S603  the page's own commands
            ["/bin/bash", "-c", script],
            cwd=self.directory,
            env={**os.environ, **self.environment, **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            text=True,
            check=False,
        )
        self.code = done.returncode
        self.variables["PATH"] = (self.directory / ".path").read_text()
        lines = done.stdout.replace(str(ROOT), HOME).splitlines()
        return [line.rstrip() for line in lines]

    def learn(self, shown: Sequence[str], printed: Sequence[str]) -> None:
        """The ids that came instead of those shown, in their order."""
        pairs = zip(_ids(shown), _ids(printed), strict=False)
        self.ids.update({here: there for here, there in pairs if here not in self.ids})


def fits(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether a page may show that of what was printed."""
    pattern = "".join(
        r"(?:.*\n)*" if line.strip() == "…" else re.escape(_usual(line)) + r"\n" for line in shown
    )
    return bool(re.fullmatch(pattern, "".join(f"{_usual(line)}\n" for line in printed)))


def _usual(line: str) -> str:
    for kind, word in ((_ID, "ID"), (_TIME, "TIME"), (_RATE, "RATE"), (_REASON, "MESSAGE")):
        line = kind.sub(word, line)
    # A column is as wide as what is in it, and so is its rule.
    return re.sub(r"─+", "─", re.sub(r"(?<=\S) {2,}", "  ", line)).rstrip()


def _ids(lines: Sequence[str]) -> Iterator[str]:
    return iter(dict.fromkeys(found for line in lines for found in _ID.findall(line)))


def _to_come() -> str:
    day = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=7)
    return f"{day:%Y-%m-%dT%H:%M:%SZ}"
