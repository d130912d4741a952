"""The commands of the docs, by the fences that they stand in.

` ```sh ` is run, command by command, in the order of its page, against a local runner in memory.
` ```sh title="on AWS" ` and ` ```sh title="in the repository" ` need an account or take minutes:
readers see the title, and what they call is checked to be there. ` ```console ` is a transcript,
which `transcript.py` runs and compares. No other fence holds a command.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
NOT_RUN = ('title="on AWS"', 'title="in the repository"')
SHOWN = frozenset({"json", "text", "python", "mermaid", "html"})
"""What is read, and not typed."""

_FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=fence)[ ]*$", re.MULTILINE | re.DOTALL
)
_COMMAND = re.compile(r"^ *(\$ )?(\./)?(sentinel|curl|make|aws|export|pip|python3?) ", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: what stands behind its fence, and in it."""

    page: Path
    info: str
    text: str

    @property
    def language(self) -> str:
        """The first word behind the fence."""
        return self.info.partition(" ")[0]

    @property
    def is_run(self) -> bool:
        """Whether its commands are for this machine."""
        return self.info == "sh"

    @property
    def is_checked(self) -> bool:
        """Whether they are for elsewhere, and readers are told."""
        return self.language == "sh" and self.info.removeprefix("sh ") in NOT_RUN

    @property
    def has_command(self) -> bool:
        """Whether a line of it looks like something to type."""
        return bool(_COMMAND.search(self.text))

    @property
    def commands(self) -> Sequence[str]:
        """One after the other, each with the lines that it goes on in."""
        return list(_commands(self.text))


def blocks(page: Path) -> Sequence[Block]:
    """All of a page, in their order."""
    return [
        Block(page, found["info"].strip(), found["text"])
        for found in _FENCE.finditer(page.read_text("utf-8"))
    ]


def name_of(page: Path) -> str:
    """As the repository has it."""
    return page.relative_to(ROOT).as_posix()


def _commands(text: str) -> Iterator[str]:
    command = ""
    for line in text.splitlines():
        command = f"{command}\n{line}" if command else line
        if _is_whole(command):
            if shlex.split(command, comments=True):
                yield command
            command = ""
    assert not command, f"Never ends: {command}"


def _is_whole(command: str) -> bool:
    if command.endswith("\\"):
        return False
    try:
        words = shlex.split(command, comments=True)
    except ValueError:  # a quotation that goes on
        return False
    return words.count("do") == words.count("done") if "for" in words[:1] else True
