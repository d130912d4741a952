"""Files of imports: read once, in batches that are the same wherever somebody begins."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.memory.object_store import MemoryObjectStore
from adapters.system.ids import SystemIds
from domain import csv_rows
from domain.contact_import import CsvLayout, CsvPosition
from domain.csv_layout import SAMPLE_BYTES
from domain.csv_rows import RowsRead
from domain.use_cases.import_file import WINDOW_BYTES, ImportFile
from tests.contracts.settable_clock import SettableClock
from tests.integration.csv_files import EXCEL_IN_UNICODE, write_csv

NAME = "imports/imp_1/contacts.csv"
START = CsvPosition(0, 1)


class CountedObjectStore(MemoryObjectStore):
    """Tells how much was read."""

    def __init__(self) -> None:
        """Of nothing yet."""
        super().__init__(SettableClock(), SystemIds(), "http://127.0.0.1:1/files")
        self.reads: list[int] = []

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Counted."""
        data = super().read(name, offset, length)
        self.reads.append(len(data))
        return data


@pytest.fixture(scope="module")
def store() -> CountedObjectStore:
    """One for all."""
    return CountedObjectStore()


def batches(file: ImportFile, layout: CsvLayout, limit: int) -> list[RowsRead]:
    """All, by one who reads on."""
    found = [file.batch(layout, START, limit)]
    while not found[-1].is_over:
        found.append(file.batch(layout, found[-1].position, limit))
        assert len(found) < 1_000, "it does not get on"
    return found


def test_a_byte_is_read_once(store: CountedObjectStore, tmp_path: Path) -> None:
    """20,000 rows are 40 batches: a window is read when the one before is used up."""
    path = tmp_path / "contacts.csv"
    write_csv(path, 20_000, EXCEL_IN_UNICODE, seed=3)
    content = path.read_bytes()
    store.write(NAME, content)
    store.reads.clear()
    file = ImportFile(store, NAME, len(content))
    file.beginning(SAMPLE_BYTES)

    found = batches(file, CsvLayout("utf-8", ",", ()), 500)

    assert sum(len(batch.rows) for batch in found) == 20_001
    assert len(found) == 41
    assert sum(store.reads) == len(content)
    assert len(store.reads) <= 2 + len(content) // (WINDOW_BYTES // 2)


@given(
    st.lists(
        st.sampled_from([b"abcdefghi", b";", b'"', b"\n", b"\r", b"\r\n", "ü".encode(), b"x;y\n"]),
        max_size=60,
    ),
    st.sampled_from(["utf-8", "utf-16-le"]),
    st.integers(1, 4),
    st.tuples(st.integers(64, 90), st.integers(0, 40)),
)
def test_whoever_begins_in_the_middle_comes_to_the_same_batches(
    store: CountedObjectStore,
    parts: list[bytes],
    encoding: str,
    limit: int,
    read_at_once: tuple[int, int],
) -> None:
    """With nothing kept of what came before: rows, places and where it is over."""
    window, sample = read_at_once
    content = b"".join(parts).decode().encode(encoding)
    store.write(NAME, content)
    layout = CsvLayout(encoding, ";", ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "MAX_RECORD_CHARACTERS", 12)
        file = ImportFile(store, NAME, len(content), window)
        file.beginning(sample)
        position = START
        for batch in batches(file, layout, limit):
            fresh = ImportFile(store, NAME, len(content), window)
            assert fresh.batch(layout, position, limit) == batch
            position = batch.position
