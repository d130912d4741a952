"""How a CSV file is written, as far as its beginning tells, and what its columns are for."""

import codecs
import re
import unicodedata
from dataclasses import dataclass

from domain.contact_import import CsvLayout, CsvPosition, ImportPlan
from domain.csv_rows import CsvRow, decoded, read_rows
from domain.errors import InvalidInput, escaped
from domain.merge_fields import FIELD_NAME

SAMPLE_BYTES = 131_072
"""More than the longest header takes in any encoding."""
MAX_HEADER_CHARACTERS = 20_000
"""Of all columns together: they are kept in one record."""
DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "utf-16", "windows-1252")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_GIVEN = {"utf-8": "utf-8", "utf-16": "utf-16-le", "windows-1252": "cp1252"}
_SEPARATOR_LINE = re.compile(r"sep=(.)(?:\r\n|\r|\n)", re.IGNORECASE)
"""What Excel writes and reads as a first line."""
ADDRESS = "email"
OWN = frozenset({ADDRESS, "locale", "time_zone", "consent_source", "consent_at"})
"""What a column may be for, beside fields."""
_NAMES = {
    "e_mail": ADDRESS,
    "mail": ADDRESS,
    "email_address": ADDRESS,
    "e_mail_address": ADDRESS,
    "emailadresse": ADDRESS,
    "e_mail_adresse": ADDRESS,
    "language": "locale",
    "timezone": "time_zone",
}
_OF_AN_EXPORT = frozenset({"contact_id", "status"})
_FIELD_PREFIX = "fields."
_MAX_NAME = 64
_ROWS_TRIED = 20
_NO_CSV = {
    b"PK\x03\x04": "an Excel workbook, or another archive",
    b"\xd0\xcf\x11\xe0": "an Excel workbook of an old kind",
    b"\x1f\x8b": "compressed",
}
_MANY_NULS, _FEW_NULS = 0.5, 0.05
"""Shares of the first or the second bytes of all pairs; a letter as \u0100 has its NUL second."""
_NO_HEADER = "The file has no header: name its columns in a first row."


@dataclass(frozen=True)
class _Candidate:
    """What the file is by one delimiter. `refusal` says why its columns cannot be told."""

    layout: CsvLayout
    position: CsvPosition
    refusal: InvalidInput | None
    fitting: float
    """The share of the first rows that have as many cells as the header."""

    @property
    def rank(self) -> tuple[bool, float, int]:
        """The delimiter is that of the highest."""
        is_told = self.refusal is None
        return is_told, self.fitting if is_told else 0.0, len(self.layout.header)


def layout_of(sample: bytes, plan: ImportPlan, *, is_whole: bool) -> tuple[CsvLayout, CsvPosition]:
    """The layout, and the place of the first row; `sample` is the beginning, or all of the file.

    Without a mark it is UTF-16 where that is certain, UTF-8 where it can be, else Windows-1252. The
    delimiter is one by which the columns can be told; of several that by which most of the first
    rows are as wide as the header, then that of most columns. Raises InvalidInput naming
    `encoding`, `delimiter`, `columns` or `columns/<name>`, with what the file has.
    """
    for beginning, kind in _NO_CSV.items():
        if sample.startswith(beginning):
            raise InvalidInput("columns", f"The file is {kind}; save it as CSV, in UTF-8.")
    encoding, start, line = *_encoding(sample, plan, is_whole=is_whole), 1
    text = decoded(encoding, sample[start:])
    told = _SEPARATOR_LINE.match(text)
    if told is not None:
        start, line = start + len(told.group().encode(encoding)), line + 1
    known = plan.delimiter or (told.group(1) if told else None)
    candidates: list[_Candidate] = []
    refusals: list[InvalidInput] = []
    for delimiter in DELIMITERS if known is None else (known,):
        position = CsvPosition(start, line)
        try:
            layout, first = _headed(sample, encoding, delimiter, position, is_whole=is_whole)
        except InvalidInput as error:
            # By another one the header may well be read.
            refusals.append(error)
            continue
        fitting = _fitting(sample, layout, first, is_whole=is_whole)
        candidates.append(_Candidate(layout, first, _refusal(plan, layout.header), fitting))
    if not candidates:
        raise refusals[0]
    best = max(candidates, key=lambda each: each.rank)
    if best.refusal is not None:
        raise best.refusal
    return best.layout, best.position


def targets_of(plan: ImportPlan, header: tuple[str, ...]) -> tuple[str | None, ...]:
    """What each column is for: one of `OWN`, a field, or None. Raises InvalidInput."""
    shown = ", ".join(header)
    if not any(header):
        raise InvalidInput("columns", _NO_HEADER)
    for name in plan.columns:
        if name not in header:
            raise InvalidInput(f"columns/{escaped(name)}", f"No such column; there are: {shown}.")
    targets = tuple(plan.columns.get(name) for name in header) if plan.columns else _by_name(header)
    taken = [target for target in targets if target is not None]
    for target in taken:
        if taken.count(target) > 1:
            raise InvalidInput(
                "columns", f"Two columns are for {target}; say in `columns` which counts."
            )
    if ADDRESS not in taken:
        raise InvalidInput(
            "columns", f"No column has the addresses: say which is for email; there are: {shown}."
        )
    return targets


def _encoding(sample: bytes, plan: ImportPlan, *, is_whole: bool) -> tuple[str, int]:
    """Its name, and how many bytes mark it."""
    if plan.encoding is not None and plan.encoding not in _GIVEN:
        raise InvalidInput("encoding", f"One of {', '.join(ENCODINGS)}.")
    for mark, encoding in _MARKS:
        if sample.startswith(mark) and encoding.startswith(plan.encoding or encoding):
            return encoding, len(mark)
    unmarked = _unmarked(sample) if plan.encoding in {None, "utf-16"} else None
    if unmarked is not None:
        return unmarked, 0
    if plan.encoding is not None:
        return _GIVEN[plan.encoding], 0
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=is_whole)
    except UnicodeDecodeError:
        return "cp1252", 0
    return "utf-8", 0


def _unmarked(sample: bytes) -> str | None:
    """UTF-16 by its NULs, where nothing else can be: every second byte is one, but for a few.

    What is of other letters than Latin may have fewer, and is not told from broken text.
    """
    units = len(sample) // 2
    first, second = (sample[start : 2 * units : 2].count(0) for start in (0, 1))
    most = max(first, second)
    if most < units * _MANY_NULS or min(first, second) > units * _FEW_NULS or not units:
        return None
    return "utf-16-be" if first > second else "utf-16-le"


def _headed(
    sample: bytes, encoding: str, delimiter: str, position: CsvPosition, *, is_whole: bool
) -> tuple[CsvLayout, CsvPosition]:
    if delimiter not in DELIMITERS:
        raise InvalidInput("delimiter", "One of comma, semicolon, tab and |.")
    read = read_rows(
        CsvLayout(encoding, delimiter, ()),
        position,
        sample[position.offset :],
        is_last=is_whole,
        limit=1,
    )
    if not read.rows:
        rest = decoded(encoding, sample[read.position.offset :])
        raise InvalidInput("columns", _headless(rest, is_whole=is_whole))
    (row,) = read.rows
    if row.fault is not None:
        raise InvalidInput("columns", f"The header cannot be read. {row.fault}")
    header = tuple(cell.strip() for cell in row.cells)
    if sum(map(len, header)) > MAX_HEADER_CHARACTERS:
        raise InvalidInput(
            "columns", f"The header has over {MAX_HEADER_CHARACTERS} characters; shorten it."
        )
    return CsvLayout(encoding, delimiter, header), read.position


def _headless(rest: str, *, is_whole: bool) -> str:
    """Why there is no header in a sample, of which `rest` is behind its empty lines."""
    if rest.strip():
        return (
            f"The header does not end in the first {SAMPLE_BYTES} bytes; shorten it to "
            f"{MAX_HEADER_CHARACTERS} characters, and close its quotes."
        )
    if is_whole:
        return _NO_HEADER
    return f"The file begins with {SAMPLE_BYTES} bytes of empty lines; take them out."


def _refusal(plan: ImportPlan, header: tuple[str, ...]) -> InvalidInput | None:
    try:
        targets_of(plan, header)
    except InvalidInput as error:
        return error
    return None


def _fitting(sample: bytes, layout: CsvLayout, first: CsvPosition, *, is_whole: bool) -> float:
    data = sample[first.offset :]
    read = read_rows(layout, first, data, is_last=is_whole, limit=_ROWS_TRIED)
    fitting = sum(_is_as_wide(row, len(layout.header)) for row in read.rows)
    return fitting / len(read.rows) if read.rows else 1.0


def _is_as_wide(row: CsvRow, width: int) -> bool:
    """Empty cells that are too many are nothing."""
    return row.fault is None and len(row.cells) >= width


def _by_name(header: tuple[str, ...]) -> tuple[str | None, ...]:
    is_export = set(header) >= _OF_AN_EXPORT
    return tuple(
        None if is_export and name in _OF_AN_EXPORT else _target(name, number)
        for number, name in enumerate(header, 1)
    )


def _target(name: str, number: int) -> str:
    """A name that fits a field, as near to the header's as can be."""
    plain = unicodedata.normalize("NFKD", name.removeprefix(_FIELD_PREFIX).casefold())
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    fitting = re.sub("[^a-z0-9_]+", "_", letters).strip("_")[: _MAX_NAME - 1]
    if not fitting:
        return f"column_{number}"
    if name.startswith(_FIELD_PREFIX):
        # Of an export, whose fields are spelled as they are.
        spelled = name.removeprefix(_FIELD_PREFIX)
        return spelled if FIELD_NAME.fullmatch(spelled) else fitting
    if FIELD_NAME.fullmatch(name) and fitting not in _NAMES and fitting not in OWN:
        return name
    return _NAMES.get(fitting, fitting if FIELD_NAME.fullmatch(fitting) else f"_{fitting}")
