"""An import's file, read a batch of rows at a time and each byte once."""

from dataclasses import dataclass, field

from domain.contact_import import CsvLayout, CsvPosition
from domain.csv_rows import RowsRead, read_rows
from domain.errors import NotFound
from domain.ports.object_store import ObjectStore

WINDOW_BYTES = 1024 * 1024
"""A batch is of no more: more than the longest row may take in any encoding."""


class UnreadableFileError(Exception):
    """The file is not what it was; says so, and what to do."""


@dataclass
class ImportFile:
    """The object `name`, of `size` bytes when the import was started: no byte behind is read.

    What a batch leaves of a window is kept for the next. A batch is the same all the same as of a
    window of its own: whoever begins in the middle, after a kill, comes to the same batches.
    Methods raise UnreadableFileError and DependencyFault.
    """

    object_store: ObjectStore
    name: str
    size: int
    window_bytes: int = WINDOW_BYTES
    _kept: bytes = field(default=b"", init=False)
    _kept_from: int = field(default=0, init=False)

    def beginning(self, length: int) -> bytes:
        """Up to `length` bytes."""
        return self._from(0, length)

    def batch(self, layout: CsvLayout, position: CsvPosition, limit: int) -> RowsRead:
        """Up to `limit` rows from `position` on, and fewer where they take more than a window."""
        data = self._from(position.offset, 0)
        if data:
            read = self._rows(layout, position, data, limit)
            # Otherwise what ends it may be that no more was kept.
            if len(read.rows) == limit and not read.position.is_within_line:
                return read
        return self._rows(layout, position, self._from(position.offset, self.window_bytes), limit)

    def _rows(self, layout: CsvLayout, position: CsvPosition, data: bytes, limit: int) -> RowsRead:
        is_last = position.offset + len(data) >= self.size
        return read_rows(layout, position, data, is_last=is_last, limit=limit)

    def _from(self, offset: int, length: int) -> bytes:
        """What is kept from `offset` on, up to `length` more than that where it is less."""
        start = offset - self._kept_from
        kept = self._kept[start:] if 0 <= start < len(self._kept) else b""
        missing = min(length, self.size - offset) - len(kept)
        if missing > 0:
            kept += self._read(offset + len(kept), missing)
        self._kept, self._kept_from = kept, offset
        return kept

    def _read(self, offset: int, length: int) -> bytes:
        try:
            data = self.object_store.read(self.name, offset, length)
        except NotFound as error:
            raise UnreadableFileError("Its file is gone; create another import.") from error
        if len(data) < length:
            raise UnreadableFileError(
                "Its file is shorter than it was when the import was started; "
                "create another import."
            )
        return data
