"""Rows of a CSV file, from any place between two of them (RFC 4180)."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from domain.contact_import import CsvLayout, CsvPosition

MAX_RECORD_CHARACTERS = 65_536
"""A quote that is not closed takes no more than this with it."""
MAX_CELLS = 500
_TOO_LONG_LINE = (
    f"The line has over {MAX_RECORD_CHARACTERS} characters, more than a row may; shorten it, or "
    "break it where its rows end."
)
_CUT_OFF = "Half a character at the end of the file: it was cut off; upload all of it."
_NUL = (
    "A control character, NUL; text in UTF-16 without its mark looks so: save the file as UTF-8, "
    "or take it out."
)
_C0 = "A control character; take it out."
_C1 = (
    "A control character from U+0080 to U+009F, as of text that was read in a wrong encoding "
    "before it was saved; save it anew as UTF-8, or take it out."
)
_LINE = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n)")
_ERRORS = {"utf-16-le": "surrogatepass", "utf-16-be": "surrogatepass"}
"""What cannot be read is kept apart, byte by byte, so that places can be told in bytes."""
_UNIT = 2
_UNREADABLE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class CsvRow:
    """A row by the number of its first line; `fault` says why its cells cannot be taken."""

    line: int
    cells: tuple[str, ...]
    fault: str | None = None


@dataclass(frozen=True)
class RowsRead:
    """Rows, and the place behind them. `is_over` where nothing follows."""

    rows: tuple[CsvRow, ...]
    position: CsvPosition
    is_over: bool


class _EndedError(Exception):
    """The text ends within a record."""


class _UnclosedError(Exception):
    """A quote of the record is not closed, or not within what a record may have."""


class _TooLongLineError(Exception):
    """A line has more characters than a record may; the text may end within it."""


@dataclass
class _Lines:
    """What a reader of records takes lines from: it tells how many each record took.

    Where a quote that is not closed was looked for in some lines, it is not looked for there again:
    otherwise each line of a file could have thousands behind it read in vain.
    """

    text: str
    is_last: bool
    at: int = 0
    taken: int = 0
    """Lines of the present record."""
    start: int = 0
    lines: list[int] = field(default_factory=list)
    open_until: int = 0
    """From the present record's second line up to there, no line closes a quote that is open."""
    has_skipped: bool = False

    def begin(self) -> None:
        self.start, self.taken, self.lines, self.has_skipped = self.at, 0, [], False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.taken == 1 and self.at < self.open_until:
            self.at, self.has_skipped = self.open_until, True
        end, is_cut = self._line_end()
        if end - self.start > MAX_RECORD_CHARACTERS:
            raise _UnclosedError if self.taken else _TooLongLineError
        if self.at == len(self.text) or (is_cut and not self.is_last):
            if self.taken or (is_cut and self.at < len(self.text)):
                raise _UnclosedError if self.is_last else _EndedError
            raise StopIteration
        line = self.text[self.at : end]
        self.at = end
        self.taken += 1
        self.lines.append(end)
        return line

    def leave_line(self) -> bool:
        """Go on behind the line that is under way; False where the text ends within it."""
        end, is_cut = self._line_end()
        if is_cut and not self.is_last:
            # What may be half of a line end is seen again with the other half.
            self.at = end - self.text.endswith("\r")
            return False
        self.at = end
        return True

    def _line_end(self) -> tuple[int, bool]:
        """Up to where the line goes, and whether that may not be all of it."""
        found = _LINE.match(self.text, self.at)
        end = len(self.text) if found is None else found.end()
        # A line end at the end of the text may be half of one.
        return end, end == len(self.text) and (found is None or self.text[end - 1] == "\r")

    def back_to_first_line(self) -> None:
        """Go on behind the first line of the record, whose quote is not closed."""
        self.open_until = self.at
        self.at, self.taken = self.lines[0], 1

    def back_to_start(self) -> None:
        """Read the record once more, with the lines that were skipped: its quote is closed."""
        self.at, self.open_until = self.start, 0
        self.begin()


def decoded(encoding: str, data: bytes) -> str:
    """As text from which `encoded` makes the same bytes."""
    if encoding in _ERRORS and len(data) % _UNIT:
        data = data[:-1]
    return data.decode(encoding, _ERRORS.get(encoding, "surrogateescape"))


def encoded(encoding: str, text: str) -> bytes:
    """The inverse of `decoded`."""
    return text.encode(encoding, _ERRORS.get(encoding, "surrogateescape"))


def read_rows(
    layout: CsvLayout, position: CsvPosition, data: bytes, *, is_last: bool, limit: int
) -> RowsRead:
    """Up to `limit` rows of `data`, the file's bytes from `position` on; empty ones are left out.

    A row that goes on past `data` is not read, unless `is_last`: then a quote is not closed. The
    same place and the same bytes give the same rows, in whatever steps they are read. Where it
    stays where it is and is not over, more bytes are needed; four for each of
    MAX_RECORD_CHARACTERS, and one more, are enough. A line that is longer is refused as soon as
    that is seen, and may leave the position within it.
    """
    is_cut_off = is_last and layout.encoding in _ERRORS and len(data) % _UNIT > 0
    text = decoded(layout.encoding, data) + "\N{REPLACEMENT CHARACTER}" * is_cut_off
    lines = _Lines(text, is_last)
    reader = csv.reader(lines, delimiter=layout.delimiter)
    rows: list[CsvRow] = []
    line, is_over, is_within_line = position.line, False, False
    if position.is_within_line:
        is_within_line = not lines.leave_line()
        line += not is_within_line
    end = lines.at
    while len(rows) < limit and not is_within_line:
        lines.begin()
        try:
            cells = next(reader)
            if lines.has_skipped:
                lines.back_to_start()
                cells = next(reader)
            is_half = is_cut_off and lines.at == len(text)
            fault = _CUT_OFF if is_half else _fault(layout, cells)
            row = CsvRow(line, tuple(cells if fault is None else map(_shown, cells)), fault)
        except StopIteration:
            is_over = is_last
            break
        except _EndedError:
            break
        except _UnclosedError:
            row = _unclosed(lines, line)
            reader = csv.reader(lines, delimiter=layout.delimiter)
        except _TooLongLineError:
            row = CsvRow(line, (_beginning(lines),), _TOO_LONG_LINE)
            is_within_line = not lines.leave_line()
            lines.taken = 0 if is_within_line else 1
            reader = csv.reader(lines, delimiter=layout.delimiter)
        line += lines.taken
        end = lines.at
        if row.fault is not None or any(cell.strip() for cell in row.cells):
            rows.append(row)
    offset = (
        len(data) if is_last and end == len(text) else len(encoded(layout.encoding, text[:end]))
    )
    reached = CsvPosition(position.offset + offset, line, is_within_line)
    return RowsRead(tuple(rows), reached, is_over)


def _unclosed(lines: _Lines, line: int) -> CsvRow:
    """Refused by its first line alone: what follows may be rows."""
    lines.back_to_first_line()
    return CsvRow(
        line,
        (_beginning(lines),),
        "A quote is not closed, or the row is longer than "
        f"{MAX_RECORD_CHARACTERS} characters; write a quote within quotes twice.",
    )


def _beginning(lines: _Lines) -> str:
    """Of the record's first line, as much as may be of one."""
    end = min(lines.start + MAX_RECORD_CHARACTERS, len(lines.text))
    first = _LINE.match(lines.text, lines.start, end)
    return _shown(lines.text[lines.start : end] if first is None else first.group().rstrip("\r\n"))


def _shown(text: str) -> str:
    """In Unicode, whatever it was."""
    return _UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _fault(layout: CsvLayout, cells: Sequence[str]) -> str | None:
    """What is wrong with the row, whatever its cells mean."""
    text = "".join(cells)
    if _UNREADABLE.search(text):
        return (
            f"Bytes that are not {layout.planned_encoding}; say what the file is in as `encoding`."
        )
    control = _CONTROL.search(text)
    if control is not None:
        return _NUL if "\0" in text else _C1 if control.group() > "\x7f" else _C0
    if len(cells) > MAX_CELLS:
        return f"{len(cells)} cells; at most {MAX_CELLS}."
    width = len(layout.header)
    if width and any(cell.strip() for cell in cells[width:]):
        return f"{len(cells)} cells, where the header has {width}; quote what has a separator."
    return None
