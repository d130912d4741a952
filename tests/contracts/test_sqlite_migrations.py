"""A file of an earlier release is brought forward; one of anything else is left alone."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from adapters.sqlite.campaigns import SqliteCampaignRepository
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.migrations import APPLICATION_ID
from adapters.sqlite.records import encode
from domain.errors import DependencyRefused
from entrypoints.containers.one_file import existing_database
from entrypoints.settings import InvalidSettingsError
from tests.contracts.examples import CAMPAIGN_ID, a_campaign

SCRIPTS = sorted(
    (each for each in files("adapters.sqlite.migrations").iterdir() if each.name.endswith(".sql")),
    key=lambda each: each.name,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database is to be."""
    return tmp_path / "sentinel.db"


def schema_of(path: Path) -> tuple[int, list[tuple[str, str]]]:
    """How many steps it has behind it, and what they led to."""
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        rows = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
    return version, rows


@pytest.mark.parametrize("steps", range(1, len(SCRIPTS)))
def test_an_older_file_is_brought_forward(path: Path, tmp_path: Path, steps: int) -> None:
    """With all that is in it, to what a new one has."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for script in SCRIPTS[:steps]:
            connection.executescript(script.read_text())
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {steps}")
        connection.execute(
            "INSERT INTO campaigns (campaign_id, state, version, record) VALUES (?, ?, ?, ?)",
            (CAMPAIGN_ID, a_campaign().state, 0, encode(a_campaign())),
        )

    campaigns = SqliteCampaignRepository(SqliteDatabase(path))

    assert campaigns.get(CAMPAIGN_ID) == a_campaign()
    SqliteDatabase(tmp_path / "new.db")
    assert schema_of(path) == schema_of(tmp_path / "new.db")
    assert schema_of(path)[0] == len(SCRIPTS)


def test_an_older_file_is_not_brought_forward_by_who_looks_after_it(path: Path) -> None:
    """The release that wrote it may be running, and a copy is to be one that it can go back to."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCRIPTS[0].read_text())
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
    before = schema_of(path)

    with pytest.raises(InvalidSettingsError, match="earlier release"):
        existing_database(path)

    assert schema_of(path) == before


def test_a_file_that_is_up_to_date_is_opened_beside_a_writer(path: Path) -> None:
    """A process that begins waits for nobody."""
    database = SqliteDatabase(path)

    with database.writing():
        assert SqliteDatabase(path).hash_key == database.hash_key


def of_a_newer_release(path: Path) -> None:
    """As this one, and a step more."""
    SqliteDatabase(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def of_another_application(path: Path) -> None:
    """Tables that Sentinel knows nothing of."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


def that_only_says_so(path: Path) -> None:
    """Nothing in it but another application's number."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")


def no_database(path: Path) -> None:
    """Text."""
    path.write_text("Dear diary,\n" * 100)


@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        (of_a_newer_release, "has schema 99, and this release knows"),
        (of_another_application, "a database of another application; name another one"),
        (that_only_says_so, "a database of another application; name another one"),
        (no_database, "file is not a database"),
    ],
)
def test_what_is_none_of_this_release_is_refused_and_not_touched(
    path: Path, make: Callable[[Path], None], refusal: str
) -> None:
    """Not a byte, nor anything beside it."""
    make(path)
    before = {each: each.read_bytes() for each in path.parent.iterdir()}

    with pytest.raises(DependencyRefused, match=refusal):
        SqliteDatabase(path)

    assert {each: each.read_bytes() for each in path.parent.iterdir()} == before


def test_where_there_is_no_folder_there_is_no_database(tmp_path: Path) -> None:
    """It says so; nothing is made on the way."""
    with pytest.raises(DependencyRefused, match="No such file or directory"):
        SqliteDatabase(tmp_path / "nowhere" / "sentinel.db")


def test_the_docs_show_every_table_and_column(path: Path) -> None:
    """docs/data-model.md: the key of each, in its order, and what is beside it."""
    SqliteDatabase(path).close()
    with closing(sqlite3.connect(path)) as connection:
        columns = connection.execute(
            "SELECT tables.name, columns.name, columns.pk FROM sqlite_schema AS tables"
            " JOIN pragma_table_info(tables.name) AS columns"
            " WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%'"
            " ORDER BY tables.rowid, columns.pk, columns.cid"
        ).fetchall()
    rows = {
        table: tuple(
            ", ".join(f"`{name}`" for of, name, pk in columns if of == table and bool(pk) is is_key)
            for is_key in (True, False)
        )
        for table, _, _ in columns
    }

    section = Path("docs/data-model.md").read_text().partition("## In SQLite\n")[2]
    shown = {
        table.strip("`"): (key, beside)
        for table, key, beside in (
            line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")
        )
    }
    assert shown == rows
