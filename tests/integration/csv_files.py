"""CSV files as spreadsheets write them, of any length, and what an import of one must come to."""

import csv
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from domain.contact_import import ROWS_A_BATCH, ImportCounts

COLUMNS = {"E-Mail": "email", "Name": "name", "Ort": "city", "Tarif": "plan", "Sprache": "locale"}
"""What becomes of each column; one more is left out."""
_HEADER = (*COLUMNS, "Notiz")
_NAMES = ("Zoë", "Jürgen", 'Ann "Annie"', "O'Hara", "Łukasz", "Søren; Ærø", "Müller, Eva")
_CITIES = ("Köln", "a\nb", "Graz; Süd", '"Mitte"', "São Paulo", "Straße 1,\r\nHof", "Čačak")
_NOTES = ("", "x" * 40, "1;2", "€ 5", 'a "b" c')


@dataclass(frozen=True)
class Style:
    """How a program writes it."""

    encoding: str
    delimiter: str
    line_end: str = "\r\n"


EXCEL_IN_GERMAN = Style("cp1252", ";")
EXCEL_IN_UNICODE = Style("utf-8-sig", ",")


@dataclass
class Outcome:
    """What must be there afterwards. A person is a number, and has had so many editions."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    editions: bytearray = field(default_factory=bytearray)
    refused: list[tuple[int, str]] = field(default_factory=list)
    """The line that it begins on, and the column at fault, or a word of the reason."""

    @property
    def counts(self) -> ImportCounts:
        """As an import counts."""
        return ImportCounts(
            created=self.created,
            updated=self.updated,
            unchanged=self.unchanged,
            repeated=self.repeated,
            refused=len(self.refused),
        )

    def contacts(self, style: Style) -> Iterator[tuple[str, dict[str, str], str]]:
        """Address, fields and locale of everybody who is imported."""
        for number, edition in enumerate(self.editions):
            yield address_of(number), fields_of(number, edition, style), locale_of(number, edition)


def address_of(number: int) -> str:
    """Of a person."""
    return f"person-{number}@example.com"


def fields_of(number: int, edition: int, style: Style) -> dict[str, str]:
    """As the row of that edition has them."""
    names = [name for name in _NAMES if _fits(name, style)]
    cities = [city for city in _CITIES if _fits(city, style)]
    return {
        "name": f"{names[(number + edition) % len(names)]} {number}",
        "city": cities[(number * 3 + edition) % len(cities)],
        "plan": plan_of(number, edition),
    }


def plan_of(number: int, edition: int) -> str:
    """One in seven has gold."""
    return "gold" if (number + edition) % 7 == 0 else "silver"


def locale_of(number: int, edition: int) -> str:
    """One of two."""
    return ("de-AT", "pt-BR")[(number + edition) % 2]


def write_csv(path: Path, rows: int, style: Style, seed: int) -> Outcome:
    """So many rows after a header, with repetitions, near and far, and rows that are refused."""
    outcome = Outcome()
    with path.open("w", encoding=style.encoding, newline="") as file:
        written = _record(_HEADER, style)
        file.write(written)
        line = 1 + _lines(written)
        for row in _rows(rows, style, random.Random(seed), outcome):  # noqa: S311  no secret
            if isinstance(row, _Refused):
                outcome.refused.append((line, row.fault))
            written = _record(row.cells, style)
            file.write(written)
            line += _lines(written)
    return outcome


@dataclass(frozen=True)
class _Row:
    cells: Sequence[str]


@dataclass(frozen=True)
class _Refused(_Row):
    fault: str


def _rows(rows: int, style: Style, rng: random.Random, outcome: Outcome) -> Iterator[_Row]:
    seen_in_batch: set[int] = set()
    known = 0
    """How many people there were when the batch began."""
    last = -1
    for index in range(rows):
        if index % ROWS_A_BATCH == 0:
            seen_in_batch.clear()
            known, last = len(outcome.editions), -1
        chance = rng.random()
        if chance < 0.02:
            yield _refused(index, style, rng)
            continue
        if chance < 0.03 and last >= 0:
            number = last
            outcome.repeated += 1
            # The two are one contact, created as the later row has it.
            outcome.editions[number] += 1
            yield _Row(_cells(number, outcome.editions[number], style, rng))
            last = -1
            continue
        far = rng.randrange(known) if chance < 0.08 and known else -1
        if far >= 0 and far not in seen_in_batch and outcome.editions[far] < 200:
            seen_in_batch.add(far)
            if rng.random() < 0.5:
                outcome.editions[far] += 1
                outcome.updated += 1
            else:
                outcome.unchanged += 1
            yield _Row(_cells(far, outcome.editions[far], style, rng))
            last = -1
            continue
        number = len(outcome.editions)
        outcome.editions.append(0)
        outcome.created += 1
        seen_in_batch.add(number)
        last = number
        yield _Row(_cells(number, 0, style, rng))


def _cells(number: int, edition: int, style: Style, rng: random.Random) -> Sequence[str]:
    fields = fields_of(number, edition, style)
    address = address_of(number)
    spelled = (address, f" {address} ", address.upper())[rng.randrange(3)]
    note = rng.choice(_NOTES)
    locale = locale_of(number, edition)
    return (spelled, fields["name"], fields["city"], fields["plan"], locale, note)


def _refused(index: int, style: Style, rng: random.Random) -> _Refused:
    fields = fields_of(index, 0, style)
    good = [f"bad-{index}@example.com", fields["name"], fields["city"], "gold", "de-AT", ""]
    match rng.randrange(4):
        case 0:
            return _Refused([f"bad {index}", *good[1:]], "E-Mail")
        case 1:
            return _Refused(["", *good[1:]], "E-Mail")
        case 2:
            return _Refused([*good[:4], "not a language", ""], "Sprache")
        case _:
            return _Refused([*good, "one too many"], "7")


def _record(cells: Sequence[str], style: Style) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=style.delimiter, lineterminator=style.line_end).writerow(cells)
    return text.getvalue()


def _lines(written: str) -> int:
    r"""As an editor counts them: \r\n is one end."""
    return written.replace("\r\n", "\n").count("\n")


def _fits(text: str, style: Style) -> bool:
    try:
        text.encode(style.encoding)
    except UnicodeEncodeError:
        return False
    return True
