"""The schema, as the steps that led to it: one file each, applied in order, once."""

import sqlite3
from collections.abc import Iterator
from importlib.resources import files

from domain.errors import DependencyRefused

APPLICATION_ID = 0x53454E54
"""`SENT`: by which a file is known as Sentinel's (SQLite's "PRAGMA application_id")."""


def is_up_to_date(connection: sqlite3.Connection) -> bool:
    """Whether `migrate` has nothing to do; nothing is changed. Raises as that does."""
    return _steps_taken(connection) == len(_scripts())


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database to this release's schema, in the caller's transaction.

    Raises DependencyRefused where a newer release has written it, or something else than Sentinel.
    """
    scripts = _scripts()
    for script in scripts[_steps_taken(connection) :]:
        for statement in _statements(script):
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(scripts)}")


def _steps_taken(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and (tables or version):
        raise DependencyRefused(
            "The file is a database of another application; name another one, or none that exists."
        )
    known = len(_scripts())
    if version > known:
        raise DependencyRefused(
            f"The database has schema {version}, and this release knows {known}: "
            "run the release that wrote it, or a newer one."
        )
    return int(version)


def _scripts() -> list[str]:
    found = [each for each in files(__name__).iterdir() if each.name.endswith(".sql")]
    return [each.read_text() for each in sorted(found, key=lambda each: each.name)]


def _statements(script: str) -> Iterator[str]:
    # sqlite3's executescript would commit first.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
