"""The files that imports are tried with: what putting their rows comes to is their outcome."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.memory.contacts import MemoryContactRepository
from adapters.memory.database import MemoryDatabase
from adapters.system.ids import SystemIds
from domain.contact import ContactDraft, Origin
from domain.contact_import import ROWS_A_BATCH, ImportCounts
from domain.errors import InvalidInput
from domain.identifiers import JobId
from tests.integration.csv_files import (
    COLUMNS,
    EXCEL_IN_GERMAN,
    EXCEL_IN_UNICODE,
    Style,
    write_csv,
)

ROWS = 6_000


class Application:
    """An import in its plainest form."""

    def __init__(self) -> None:
        """Nobody is known."""
        self.contacts = MemoryContactRepository(MemoryDatabase(), SystemIds())
        self.counts = ImportCounts()
        self.refused: list[int] = []

    def put(self, batch: Sequence[tuple[int, Sequence[str]]]) -> None:
        """The last of an address counts."""
        drafts: dict[str, ContactDraft] = {}
        good = 0
        for line, cells in batch:
            try:
                draft = _draft(cells)
            except InvalidInput:
                self.refused.append(line)
                continue
            good += 1
            drafts[draft.address] = replace(draft, origin=Origin(JobId("imp_1"), line))
        put = list(zip(self.contacts.put(list(drafts.values())), drafts.values(), strict=True))
        created = sum(contact.created_by == draft.origin for contact, draft in put)
        changed = sum(contact.changed_by == draft.origin for contact, draft in put)
        self.counts = ImportCounts(
            created=self.counts.created + created,
            updated=self.counts.updated + changed - created,
            unchanged=self.counts.unchanged + len(drafts) - changed,
            repeated=self.counts.repeated + good - len(drafts),
            refused=len(self.refused),
        )


def _draft(cells: Sequence[str]) -> ContactDraft:
    """Raises InvalidInput."""
    if len(cells) != len(COLUMNS) + 1:
        raise InvalidInput("columns", "Too many.")
    email, name, city, plan, locale, _ = cells
    return ContactDraft.of(email, {"name": name, "city": city, "plan": plan}, locale)


@pytest.mark.parametrize("style", [EXCEL_IN_GERMAN, EXCEL_IN_UNICODE], ids=str)
def test_an_outcome_is_what_its_rows_come_to(tmp_path: Path, style: Style) -> None:
    """Counts, contacts and refused lines; there is some of everything in it."""
    path = tmp_path / "contacts.csv"
    outcome = write_csv(path, ROWS, style, seed=20_261_129)
    applied = Application()
    with path.open(encoding=style.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=style.delimiter)
        next(reader)
        rows: list[tuple[int, Sequence[str]]] = []
        line = reader.line_num + 1
        for cells in reader:
            rows.append((line, cells))
            line = reader.line_num + 1
    for start in range(0, len(rows), ROWS_A_BATCH):
        applied.put(rows[start : start + ROWS_A_BATCH])

    assert outcome.counts == applied.counts
    assert outcome.counts.rows == ROWS
    assert min(vars(outcome.counts).values()) > ROWS // 200
    assert [line for line, _ in outcome.refused] == applied.refused
    for address, fields, locale in outcome.contacts(style):
        contact = applied.contacts.find(address)
        assert contact is not None
        assert (contact.fields, contact.locale) == (fields, locale)


def test_a_seed_gives_one_file(tmp_path: Path) -> None:
    """So that what failed is seen again."""
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        write_csv(path, 1_000, EXCEL_IN_GERMAN, seed=1)

    assert paths[0].read_bytes() == paths[1].read_bytes()
