"""List the rows that an import refused."""

import re
from dataclasses import dataclass

from domain.contact_import import ContactImport, RefusedRow
from domain.errors import InvalidInput, NotFound
from domain.identifiers import JobId
from domain.ports.jobs import JobRepository
from domain.ports.object_store import ObjectStore
from domain.refused_rows import read_refused
from domain.use_cases.read_import import stored_import

BATCHES_A_PAGE = 20
"""Read for one page, a request each."""
MAX_PAGE_CHARACTERS = 1_000_000
"""Of cells, but for the last row's: an answer has room for 6 MB."""
_MAX_BATCH_BYTES = 16 * 1024 * 1024
"""More than the rows of a batch have, which are read from the file at once."""
_CURSOR = re.compile(r"(\d{1,8}):(\d{1,6})", re.ASCII)


@dataclass(frozen=True)
class RefusedPage:
    """Rows in the order of their lines; `cursor` reads on, and None says that there are no more.

    Fewer than were asked for, or none, may come with a cursor. `is_gone` where rows are missing
    because they are not kept any more.
    """

    rows: tuple[RefusedRow, ...]
    cursor: str | None
    is_gone: bool = False


@dataclass(frozen=True, kw_only=True)
class ListRefused:
    """Of the run under way, or the last one: a dry run, or the real one."""

    jobs: JobRepository
    object_store: ObjectStore

    def __call__(self, job_id: JobId, limit: int, cursor: str | None) -> RefusedPage:
        """Raises NotFound, InvalidInput naming `cursor`, and DependencyFault."""
        first, skipped = _place(cursor)
        contact_import = stored_import(self.jobs, job_id)
        rows: list[RefusedRow] = []
        characters = 0
        is_gone = False
        past = min(contact_import.refused_batches, first + BATCHES_A_PAGE)
        for number in range(first, past):
            batch = self._batch(contact_import, number)
            is_gone = is_gone or batch is None
            start = skipped if number == first else 0
            for index, row in enumerate((batch or ())[start:], start):
                if len(rows) == limit or characters > MAX_PAGE_CHARACTERS:
                    return RefusedPage(tuple(rows), f"{number}:{index}", is_gone)
                rows.append(row)
                characters += sum(map(len, row.cells))
        has_more = past < contact_import.refused_batches and first < past
        return RefusedPage(tuple(rows), f"{past}:0" if has_more else None, is_gone)

    def _batch(self, contact_import: ContactImport, number: int) -> tuple[RefusedRow, ...] | None:
        name = contact_import.refused_name(number)
        try:
            return read_refused(self.object_store.read(name, 0, _MAX_BATCH_BYTES))
        except NotFound:
            return None


def _place(cursor: str | None) -> tuple[int, int]:
    """A batch, and how many of its rows were on the pages before. Raises InvalidInput."""
    if cursor is None:
        return 0, 0
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidInput("cursor", "Not a next_cursor of this list; leave it out to begin anew.")
    return int(found[1]), int(found[2])
