"""Contacts as rows of a file that an import takes, and those that no row holds as they are."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from entrypoints.cli.moving_inventory import Thing
from entrypoints.cli.output import Item

ROWS = 100_000
"""Of a file: however long they are, it is below what an import takes."""
MOST_FIELDS = 150
_OWN = ("email", "locale", "time_zone", "consent_source", "consent_at")
_WORDS = frozenset({"true", "false"})


def fields_of_all(things: Iterable[Thing]) -> tuple[str, ...]:
    """The fields that become columns: of more than a file may have, those that come first."""
    names: dict[str, None] = {}
    for thing in things:
        if len(names) < MOST_FIELDS:
            names.update(dict.fromkeys(thing.content["fields"]))
    return tuple(sorted(name for name in names if name not in _OWN))


def fill(file: Path, rows: Iterator[Sequence[str]], fields: Sequence[str]) -> int:
    """Write the next of them behind a header; how many there were."""
    count = 0
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow([*_OWN, *(f"fields.{name}" for name in fields)])
        for count, row in enumerate(islice(rows, ROWS), 1):  # noqa: B007  told afterwards
            writer.writerow(row)
    return count


def row_of(thing: Thing, fields: Sequence[str]) -> list[str] | None:
    """Its cells; None where an import would read something else from them."""
    contact = thing.content
    consent = contact["consent"] or {"source": "", "at": ""}
    known = [thing.key, contact["locale"], contact["time_zone"], consent["source"], consent["at"]]
    values = contact["fields"]
    is_kept = (
        values.keys() <= set(fields)
        and all(map(_is_kept, values.values()))
        and consent["source"] == consent["source"].strip()
    )
    if not is_kept:
        return None
    return [*(each or "" for each in known), *(_cell(values, name) for name in fields)]


def _cell(values: Item, name: str) -> str:
    value = values.get(name, "")
    return value if isinstance(value, str) else json.dumps(value)


def _is_kept(value: object) -> bool:
    """Cells have no types, no white space around them, and are not empty."""
    if not isinstance(value, str):
        return True
    is_plain = value.isprintable() and value == value.strip() and value not in {"", *_WORDS}
    return is_plain and not _reads_as_number(value)


def _reads_as_number(text: str) -> bool:
    """As an import has it: one that is written as it would be, which `007` and `+1` are not."""
    if text[0] not in "-0123456789":
        return False
    try:
        return repr(json.loads(text)) == text
    except ValueError:
        return False
