"""A folder of files, each written once, under a name of its own, and durable from then on."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from domain.errors import DependencyRefused
from domain.ports.ids import Ids

_LEFT_AFTER = timedelta(days=1)
"""Nobody goes on with a file that nothing was written to for so long."""


def folder_beside(database: Path) -> Path:
    """Where the files of a database are."""
    return database.with_name(f"{database.name}.files")


class Folder:
    """Which of its files is what is known elsewhere."""

    def __init__(self, path: Path, ids: Ids) -> None:
        """Made where there is none, for nobody else to look into. Raises DependencyRefused."""
        self._path = path
        self._ids = ids
        with _faults_told():
            path.mkdir(mode=0o700, exist_ok=True)
            sync_folder(path.parent)

    @contextmanager
    def new_file(self) -> Iterator[tuple[str, IO[bytes]]]:
        """A new file and its name: on the disk once it is left, gone where that is by an error.

        Raises DependencyRefused: a full disk.
        """
        name = str(self._ids.write_token())
        path = self._path / name
        try:
            with _faults_told():
                with path.open("xb") as file:
                    yield name, file
                    file.flush()
                    os.fsync(file.fileno())
                sync_folder(self._path)
        except BaseException:
            self.remove([name])
            raise

    def open(self, name: str) -> IO[bytes] | None:
        """As it was written; None where it is gone. Raises DependencyRefused."""
        path = self._path / name
        with _faults_told(), suppress(FileNotFoundError):
            return path.open("rb")
        return None

    def remove(self, names: Iterable[str]) -> None:
        """Those that are there; one that cannot be removed is left behind."""
        for name in names:
            with suppress(OSError):
                (self._path / name).unlink()

    def left_behind(self, now: datetime) -> frozenset[str]:
        """Files that nobody writes to any more; those of which something became are among them."""
        begun_by = (now - _LEFT_AFTER).timestamp()
        with _faults_told(), os.scandir(self._path) as entries:
            return frozenset(each.name for each in entries if each.stat().st_mtime <= begun_by)


@contextmanager
def _faults_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DependencyRefused(f"The folder of the stored files: {error.strerror}") from error


def sync_folder(folder: Path) -> None:
    """Put on the disk which files there are in it (fsync(2))."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
