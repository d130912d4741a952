"""A copy of the database that is consistent, while others go on writing."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from adapters.sqlite.database import SqliteDatabase, told
from adapters.sqlite.folder import sync_folder
from adapters.sqlite.integrity import damage_of
from domain.errors import DependencyRefused, InvalidInput

_PAGES_A_STEP = 2_500
"""About 10 MB: between steps it can be told how far it is."""


def back_up(
    database: SqliteDatabase, target: Path, progress: Callable[[int, int], None] | None = None
) -> None:
    """Copy the database as it is now to `target`: one file, readable by its owner alone.

    Nobody waits for it who reads or writes (SQLite's "Online Backup API"). The copy has its name
    only once it is whole, checked and on the disk. `progress` is told the pages copied so far, and
    how many there are.

    Raises InvalidInput where `target` is there already, DependencyRefused where it could not be
    written or came out damaged: then nothing is there.
    """
    if target.exists():
        raise InvalidInput("target", "There is a file of that name; choose another one.")
    partial = target.with_name(f"{target.name}.partial")
    with _refused_for(partial):
        # One that was killed left its own.
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        try:
            _copy(database, partial, progress)
            _check(partial)
            partial.rename(target)
            sync_folder(target.parent)
        finally:
            partial.unlink(missing_ok=True)


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
    # Nobody writes to it: so it needs no log beside it.
    uri = f"{partial.absolute().as_uri()}?immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as copy:
        damage = damage_of(copy)
    if damage:
        raise DependencyRefused(f"The database is damaged, and the copy with it: {damage[0]}")


@contextmanager
def _refused_for(partial: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DependencyRefused(f"{partial.name}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise DependencyRefused(told(error)) from error
