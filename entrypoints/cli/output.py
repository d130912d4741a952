"""What a command shows: tables for people, or JSON alone on stdout; all that is told on stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

Item = Mapping[str, Any]
Cell = str | Callable[[Item], object]
"""A member of an item, or what is made of it."""

_BETWEEN = 3
"""Columns between two cells."""
_WIDE = 10_000
"""Columns where nobody looks: a script's ids are not to be cut."""


class Output:
    """Of one command."""

    def __init__(self, *, as_json: bool) -> None:
        """On this process's stdout and stderr, as they are now."""
        self.as_json = as_json
        self._console = console(sys.stdout)

    @property
    def is_terminal(self) -> bool:
        """Whether somebody looks at stdout as it comes."""
        return self._console.is_terminal

    def say(self, text: str) -> None:
        """Tell a person something beside the result."""
        print(shown(text), file=sys.stderr, flush=True)  # noqa: T201  a command's own

    def line(self, text: str) -> None:
        """A line of the result, for people."""
        print(shown(text), flush=True)  # noqa: T201  a command's own

    def text(self, text: str) -> None:
        """Text of several lines, for people."""
        for line in text.splitlines():
            self.line(line)

    def json(self, document: object) -> None:
        """A line of JSON."""
        print(compact(document), flush=True)  # noqa: T201  a command's own

    def document(self, body: Item, members: Mapping[str, Cell]) -> None:
        """One thing: `members` are what people see of it, by their names."""
        if self.as_json:
            self.json(body)
            return
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for name, cell in members.items():
            text = cell_text(body, cell)
            if text:
                table.add_row(name, Text(text))
        self._console.print(table)

    def table(
        self, items: Iterable[Item], columns: Mapping[str, Cell], above: Sequence[int] = ()
    ) -> Sequence[int]:
        """Some things, one a row; `columns` by their headings. For people only.

        It tells how wide its columns are. With those of the one `above` it goes on with that,
        without headings.
        """
        rows = [[Text(cell_text(item, cell)) for cell in columns.values()] for item in items]
        lengths = [[_width(each.plain) for each in row] for row in rows]
        widths = [
            max(column) for column in zip(above or [*map(cell_len, columns)], *lengths, strict=True)
        ]
        is_whole = sum(widths) + _BETWEEN * len(widths) <= self._console.width
        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, show_header=not above)
        for (heading, cell), width in zip(columns.items(), widths, strict=True):
            is_id = isinstance(cell, str) and cell.endswith("_id")
            # Where not all fits each page is folded as its own cells ask for.
            least = width if is_whole else None
            table.add_column(heading, no_wrap=is_id, overflow="fold", min_width=least)
        for row in rows:
            table.add_row(*row)
        self._console.print(table)
        return widths


def _width(text: str) -> int:
    return max(map(cell_len, text.splitlines()), default=0)


def console(file: Any) -> Console:  # noqa: ANN401  whatever can be written to
    """Rich's, without what it makes of brackets, numbers and colons."""
    made = Console(file=file, markup=False, highlight=False, emoji=False)
    if not made.is_terminal:
        made.width = _WIDE
    return made


def compact(document: object) -> str:
    """JSON in a line, as the server wrote it."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def cell_text(item: Item, cell: Cell) -> str:
    """What a person sees of a member; nothing where it is null."""
    value = item.get(cell) if isinstance(cell, str) else cell(item)
    return shown(_written(value))


def shown(text: str) -> str:
    """Without what a terminal would obey: whoever can have a name stored could write it."""
    return "".join(
        each if each.isprintable() or each == "\n" else f"\\x{ord(each):02x}" for each in text
    )


def _written(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{name}={_written(each)}" for name, each in value.items())
        case list() | tuple():
            return ", ".join(_written(each) for each in value)
    return str(value)


def counted(count: int, noun: str) -> str:
    """1 row, 2 rows."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def joined(parts: Sequence[str | None]) -> str:
    """Those that are there."""
    return ", ".join(part for part in parts if part)
