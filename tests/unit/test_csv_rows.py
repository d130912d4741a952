"""Rows of CSV files: as the standard library reads them, from any place."""

import csv
import io
import sys
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import csv_rows
from domain.contact_import import CsvLayout, CsvPosition
from domain.csv_rows import MAX_RECORD_CHARACTERS, CsvRow, RowsRead, read_rows

START = CsvPosition(0, 1)
CELLS = st.text(st.sampled_from("ab ü€;,\"\r\n'="), max_size=6)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=8)
ENCODINGS = st.sampled_from(["utf-8", "cp1252", "utf-16-le", "utf-16-be"])


def read(data: bytes, encoding: str = "utf-8", header: tuple[str, ...] = ()) -> RowsRead:
    """All of it."""
    layout = CsvLayout(encoding, ";", header)
    return read_rows(layout, START, data, is_last=True, limit=1_000)


@given(TABLES, ENCODINGS, st.sampled_from(["\r\n", "\n", "\r"]))
def test_what_was_written_is_read(table: list[list[str]], encoding: str, line_end: str) -> None:
    """Whatever is in the cells; rows of nothing but space are none."""
    text = io.StringIO(newline="")
    # The writer quotes the characters of its own line end only.
    written = (
        csv.writer(text, delimiter=";", lineterminator=line_end)
        if line_end == "\r\n"
        else csv.writer(text, delimiter=";", lineterminator=line_end, quoting=csv.QUOTE_ALL)
    )
    written.writerows(table)

    rows = read(text.getvalue().encode(encoding), encoding)

    expected = [tuple(row) for row in table if any(cell.strip() for cell in row)]
    assert [row.cells for row in rows.rows] == expected
    assert [row.fault for row in rows.rows] == [None] * len(expected)
    assert rows.is_over


@given(
    st.lists(st.sampled_from([b"a", b";", b'"', b"\n", b"\r", "ü".encode(), b"\xff"]), max_size=30),
    ENCODINGS,
    st.integers(1, 3),
    st.integers(8, 40),
)
def test_it_reads_on_from_any_place(
    parts: list[bytes], encoding: str, limit: int, window: int
) -> None:
    """Some rows at a time, and a window that grows where it has to: the same rows, to the byte."""
    assert_read_alike(b"".join(parts), encoding, limit, window)


@given(
    st.lists(
        st.sampled_from([b"abcdefghi", b";", b'"', b"\n", b"\r", b"\r\n", "ü".encode()]),
        max_size=30,
    ),
    ENCODINGS,
    st.integers(1, 3),
    st.integers(8, 80),
)
def test_it_reads_on_within_a_line_that_is_too_long(
    parts: list[bytes], encoding: str, limit: int, window: int
) -> None:
    """Whichever parts of it are read at once: it is one row that is refused."""
    data = b"".join(parts)
    if encoding.startswith("utf-16"):
        data = data.decode().encode(encoding)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "MAX_RECORD_CHARACTERS", 12)
        assert_read_alike(data, encoding, limit, window)


def assert_read_alike(data: bytes, encoding: str, limit: int, window: int) -> None:
    """In steps and in one."""
    layout = CsvLayout(encoding, ";", ("x", "y"))
    whole = read_rows(layout, START, data, is_last=True, limit=1_000)

    position, rows, size = START, list[CsvRow](), window
    while True:
        some = data[position.offset : position.offset + size]
        is_last = position.offset + size >= len(data)
        step = read_rows(layout, position, some, is_last=is_last, limit=limit)
        rows += step.rows
        size = window if step.position != position else size * 2
        position = step.position
        if step.is_over:
            break

    assert rows == list(whole.rows)
    assert position == whole.position == CsvPosition(len(data), whole.position.line)


def test_a_quote_that_is_not_closed_takes_its_row_only() -> None:
    """The rows behind it are read, each with its line."""
    rows = read(b'a;b\n"c;d\ne;f\n').rows
    assert [(row.line, row.fault is None) for row in rows] == [(1, True), (2, False), (3, True)]
    assert "quote" in (rows[1].fault or "")


def test_nor_does_it_take_a_large_file() -> None:
    """It is given up after a bound, and reading goes on at the next line."""
    rows = read(b'"a;b\n' + b"c;d\n" * (MAX_RECORD_CHARACTERS // 2), header=("x", "y"))
    assert [row.line for row in rows.rows[:3]] == [1, 2, 3]
    assert rows.rows[0].fault is not None
    assert rows.rows[1].cells == ("c", "d")


def test_lines_are_counted_as_an_editor_does() -> None:
    """Those within quotes, and empty ones, too."""
    rows = read(b'a;"b\r\nc"\r\n\r\nd;e\r\n').rows
    assert [(row.line, row.cells) for row in rows] == [(1, ("a", "b\r\nc")), (4, ("d", "e"))]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"a;\xff\n", "encoding"),
        (b"a;b\x00\n", "control character, nul; text in utf-16"),
        (b"a;b\x1b\n", "control character; take it out"),
        (b"a;b\x7f\n", "control character; take it out"),
        (b"a;b\xc2\x80\n", "save it anew as utf-8"),
        (b"a;b\xc2\x9f\n", "save it anew as utf-8"),
        (b"a;b;c\n", "3 cells"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(data: bytes, word: str) -> None:
    """And the ones around it are taken."""
    rows = read(b"x;y\n" + data + b"x;y\n", header=("p", "q")).rows
    assert [row.fault is None for row in rows] == [True, False, True]
    assert word in (rows[1].fault or "").lower()
    "".join(rows[1].cells).encode()


@pytest.mark.parametrize(
    ("encoding", "bad", "name"),
    [
        ("utf-8", b"\xff", "utf-8"),
        ("cp1252", b"\x81", "windows-1252"),
        ("utf-16-le", b"\x00\xd8", "utf-16"),
        ("utf-16-be", b"\xd8\x00", "utf-16"),
    ],
)
def test_an_encoding_is_called_as_a_plan_calls_it(encoding: str, bad: bytes, name: str) -> None:
    """So that it can be looked for in what was asked for."""
    (row,) = read("a;b".encode(encoding) + bad, encoding).rows
    assert row.fault == f"Bytes that are not {name}; say what the file is in as `encoding`."


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("text", "cells"), [("a;b", ("a", "b\ufffd")), ("a;b\n", ("\ufffd",))])
def test_half_a_character_at_the_end_is_refused(
    encoding: str, text: str, cells: tuple[str, ...]
) -> None:
    """As the row that it cuts off, or one of its own; the rows before it are read."""
    data = f"x;y\n{text}".encode(encoding) + b"c"
    assert_read_alike(data, encoding, 1, 9)
    whole = read(data, encoding)
    assert whole.rows[0] == CsvRow(1, ("x", "y"))
    assert whole.rows[-1].cells == cells
    assert [row.fault for row in whole.rows if row.fault] == [
        "Half a character at the end of the file: it was cut off; upload all of it."
    ]


@given(
    st.text(st.sampled_from('ab ;"\r\nü€'), max_size=40),
    ENCODINGS,
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_what_anybody_wrote_is_read_as_by_the_standard_library(
    text: str, encoding: str, delimiter: str
) -> None:
    """Wherever quotes and line ends are, as long as each quote is closed."""
    text = text.replace(";", delimiter)
    layout = CsvLayout(encoding, delimiter, ())
    rows = read_rows(layout, START, text.encode(encoding), is_last=True, limit=1_000).rows
    if any(row.fault for row in rows):
        return
    expected = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    assert [row.cells for row in rows] == [
        tuple(row) for row in expected if any(cell.strip() for cell in row)
    ]


@given(
    st.lists(
        st.sampled_from([b'a"b;"c', b'"', b"a;b", b'";"', b'"x', b'y"', b"z", b""]), max_size=12
    ),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
def test_lines_are_not_read_in_vain_and_yet_all_are_read(parts: list[bytes], end: bytes) -> None:
    """Row by row, knowing of no quote before it: the same as in one pass."""
    data = end.join(parts)
    layout = CsvLayout("utf-8", ";", ())
    position, rows = START, list[CsvRow]()
    while True:
        step = read_rows(layout, position, data[position.offset :], is_last=True, limit=1)
        rows += step.rows
        position = step.position
        if step.is_over:
            break
    assert rows == list(read(data).rows)


def calls_for(data: bytes) -> int:
    """How often any function is called to read it."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        read(data)
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize(
    "line",
    [b'a"b;"c\n', b'"\n', b'"a\n', b'a;"\n', b'""";"\n', b'"' * 64, b'"a;b\nc;d\n'],
    ids=repr,
)
def test_hostile_quotes_cost_as_much_as_their_bytes(line: bytes) -> None:
    """Twice as many take no more than twice as long, give or take a look ahead."""
    # All are shorter than a record may be: each could be looked for in all that follow.
    once, twice = calls_for(line * 200), calls_for(line * 400)
    assert twice < 2.5 * once


def test_a_row_within_what_was_read_in_vain_is_read_whole() -> None:
    """Its quote is closed behind where that of an earlier row was given up."""
    plain = (MAX_RECORD_CHARACTERS - 20) // 2
    data = b'"x\n' + b"y\n" * plain + b'a"b;"c\n' + b"w\n" * 20 + b'z"\nlast\n'
    layout = CsvLayout("utf-8", ";", ())
    rows = read_rows(layout, START, data, is_last=True, limit=plain + 9).rows
    assert [row.fault is None for row in rows] == [False] + [True] * (plain + 2)
    assert [(row.line, row.cells) for row in rows[-2:]] == [
        (plain + 2, ('a"b', "c\n" + "w\n" * 20 + "z")),
        (plain + 24, ("last",)),
    ]


def test_a_window_of_quotes_is_refused_as_its_line() -> None:
    """And what follows is read."""
    rows = read(b'"' * 1_000_001 + b"\na;b\n").rows
    assert [(row.line, row.fault is None) for row in rows] == [(1, False), (2, True)]
    assert sum(map(len, rows[0].cells)) <= MAX_RECORD_CHARACTERS


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=repr)
def test_a_line_of_any_length_is_one_refused_row(end: bytes) -> None:
    """Read a window at a time: its number, its beginning, and what to do; then the next one."""
    window = 4 * MAX_RECORD_CHARACTERS
    # The line's end is the last byte of a window, or is cut by it.
    data = b"a;b" + end
    data += b"x" * (3 * window - len(data) - 1) + end + b"c;d" + end
    layout = CsvLayout("utf-8", ";", ())
    position, rows, windows = START, list[CsvRow](), 0
    while position.offset < len(data):
        some = data[position.offset : position.offset + window]
        is_last = position.offset + window >= len(data)
        step = read_rows(layout, position, some, is_last=is_last, limit=9)
        rows += step.rows
        position, windows = step.position, windows + 1
        assert windows < 9, "it does not get on"

    assert [(row.line, row.fault is None) for row in rows] == [(1, True), (2, False), (3, True)]
    assert rows[1].cells == ("x" * MAX_RECORD_CHARACTERS,)
    assert rows[1].fault == (
        "The line has over 65536 characters, more than a row may; "
        "shorten it, or break it where its rows end."
    )


def test_a_row_is_of_bounded_width() -> None:
    """However short its cells are."""
    (row,) = read(b"a;" * 500 + b"a\n").rows
    assert row.fault == "501 cells; at most 500."


def test_missing_cells_are_none_and_empty_ones_too_many_are_nothing() -> None:
    """As spreadsheets leave them."""
    rows = read(b"a\nb;c;;;\n;;;\n", header=("x", "y")).rows
    assert [row.fault for row in rows] == [None, None]
    assert [row.line for row in rows] == [1, 2]


def test_a_row_that_goes_on_waits_for_more() -> None:
    """Nothing is read of it before."""
    layout = CsvLayout("utf-8", ";", ())
    for data in (b"a;b", b'"a\n', b"a\r", b""):
        step = read_rows(layout, START, data, is_last=False, limit=9)
        assert step == RowsRead((), START, is_over=False)
