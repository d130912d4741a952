"""A copy of the database and of its files that is consistent, while others go on writing."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from adapters.sqlite.database import SqliteDatabase, told
from adapters.sqlite.folder import folder_beside, sync_folder
from adapters.sqlite.integrity import find_damage
from adapters.sqlite.object_rows import files_in_use, forget_all_but
from domain.errors import DependencyRefused, InvalidInput

_PAGES_A_STEP = 2_500
"""About 10 MB: between steps it can be told how far it is."""


def back_up(
    database: SqliteDatabase, target: Path, progress: Callable[[int, int], None] | None = None
) -> int:
    """Copy the database as it is now to `target`: one file, readable by its owner alone.

    Beside it, in `<target>.files`, are the files of imports and exports that it names; returns how
    many. Nobody waits for it who reads or writes (SQLite's "Online Backup API"). The copy has its
    name only once it is whole, checked and on the disk. `progress` is told the pages copied so far,
    and how many there are.

    Raises InvalidInput where `target` is there already, or its folder is not, DependencyRefused
    where it could not be written or came out damaged: then nothing is there.
    """
    files = folder_beside(target)
    if target.exists() or files.exists():
        raise InvalidInput("target", "There is a file of that name; choose another one.")
    if not target.parent.is_dir():
        raise InvalidInput(
            "target", f"There is no folder {target.parent}; make it, or name another."
        )
    partial = target.with_name(f"{target.name}.partial")
    partial_files = folder_beside(partial)
    with _refused_for(partial):
        # One that was killed left its own.
        _remove(partial, partial_files)
        partial.touch(mode=0o600)
        partial_files.mkdir(mode=0o700)
        try:
            stored = folder_beside(database.path)
            # Before the database, and again after it: what it names may be replaced meanwhile.
            with database.reading() as connection:
                in_use = files_in_use(connection)
            _copy_files(in_use, stored, partial_files)
            _copy(database, partial, progress)
            kept = _settle_files(partial, stored, partial_files)
            _check(partial)
            if kept:
                partial_files.rename(files)
            partial.rename(target)
            sync_folder(target.parent)
        finally:
            _remove(partial, partial_files)
    return kept


def _copy_files(names: Iterable[str], stored: Path, copies: Path) -> None:
    """Those that are there; each is written once, so that another name for it does, too."""
    for name in names:
        with suppress(FileNotFoundError):
            try:
                os.link(stored / name, copies / name)
            except FileNotFoundError:
                raise
            except OSError:
                # Of another disk, or of one that has no links.
                _copy_file(stored / name, copies / name)


def _copy_file(stored: Path, copy: Path) -> None:
    with stored.open("rb") as source, copy.open("xb") as target:
        copy.chmod(0o600)
        shutil.copyfileobj(source, target)
        target.flush()
        os.fsync(target.fileno())


def _settle_files(partial: Path, stored: Path, copies: Path) -> int:
    """All that the copy names; what has gone before it was copied is named no more."""
    with closing(sqlite3.connect(partial)) as copy, copy:
        in_use = files_in_use(copy)
        _copy_files(in_use - _names(copies), stored, copies)
        kept = in_use & _names(copies)
        forget_all_but(copy, kept)
    sync_folder(copies)
    return len(kept)


def _names(folder: Path) -> frozenset[str]:
    return frozenset(each.name for each in folder.iterdir())


def _copy(
    database: SqliteDatabase, partial: Path, progress: Callable[[int, int], None] | None
) -> None:
    def tell(_: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(total - remaining, total)

    with database.reading() as connection, closing(sqlite3.connect(partial)) as copy:
        # Within a transaction that has begun to read, the copy is of that instant. Without one, it
        # would begin anew whenever somebody writes.
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        connection.backup(copy, pages=_PAGES_A_STEP, progress=tell)


def _check(partial: Path) -> None:
    damage = find_damage(partial)
    if damage:
        raise DependencyRefused(f"The database is damaged, and the copy with it: {damage[0]}")


def _remove(partial: Path, partial_files: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        partial.with_name(f"{partial.name}{suffix}").unlink(missing_ok=True)
    shutil.rmtree(partial_files, ignore_errors=True)


@contextmanager
def _refused_for(partial: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DependencyRefused(f"{partial.name}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise DependencyRefused(told(error)) from error
