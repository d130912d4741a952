"""Backups of a database in use, and what its integrity check finds."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from adapters.sqlite.backup import back_up
from adapters.sqlite.chunks import SqliteChunkRepository
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.integrity import find_damage
from domain.errors import DependencyRefused, InvalidInput
from tests.contracts.examples import CAMPAIGN_ID, a_chunk, claimed, stored_campaign, stored_chunks
from tests.contracts.family import Family
from tests.contracts.sqlite_family import sqlite_family

CHUNKS = 200


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "sentinel.db"


@pytest.fixture
def sqlite(path: Path) -> Family:
    """A campaign with chunks, some of them finished."""
    family = sqlite_family(path)
    stored_campaign(family)
    stored_chunks(family, [a_chunk(number, count=50) for number in range(CHUNKS)])
    for number in range(3):
        finish(family, number)
    return family


def finish(family: Family, number: int) -> None:
    """Nobody of the chunk is mailed."""
    chunk = a_chunk(number, count=50)
    family.chunks.save(chunk.skip_pending(), chunk)


@pytest.mark.usefixtures("sqlite")
def test_a_backup_opens_and_holds_all(path: Path, tmp_path: Path) -> None:
    """One file, whole, for its owner alone, and nothing beside it."""
    target = tmp_path / "backups" / "sentinel.db"
    target.parent.mkdir()

    back_up(SqliteDatabase(path), target)

    assert list(target.parent.iterdir()) == [target]
    assert target.stat().st_mode & 0o077 == 0
    restored = sqlite_family(target)
    assert restored.campaigns.get(CAMPAIGN_ID) is not None
    assert restored.fan_out.progress(CAMPAIGN_ID).tally.skipped == 150
    assert SqliteDatabase(target).hash_key == SqliteDatabase(path).hash_key
    assert list(find_damage(SqliteDatabase(target))) == []


def test_a_backup_beside_a_writer_is_of_one_instant(
    path: Path, tmp_path: Path, sqlite: Family
) -> None:
    """However many pages were copied when it wrote: the backup has nothing of it, or all."""
    target = tmp_path / "copy.db"
    written: list[int] = []

    def write_meanwhile(copied: int, total: int) -> None:
        if copied < total:
            number = 3 + len(written)
            thread = threading.Thread(target=finish, args=(sqlite, number))
            thread.start()
            thread.join()
            written.append(number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("adapters.sqlite.backup._PAGES_A_STEP", 10)
        back_up(SqliteDatabase(path), target, write_meanwhile)

    assert len(written) > 5
    assert sqlite_family(target).fan_out.progress(CAMPAIGN_ID).tally.finished_chunks == 3
    assert sqlite.fan_out.progress(CAMPAIGN_ID).tally.finished_chunks == 3 + len(written)


@pytest.mark.usefixtures("sqlite")
def test_a_backup_overwrites_nothing(path: Path, tmp_path: Path) -> None:
    """Neither an earlier one nor anything else."""
    target = tmp_path / "diary.txt"
    target.write_text("Dear diary")

    with pytest.raises(InvalidInput, match="target: There is a file of that name"):
        back_up(SqliteDatabase(path), target)

    assert target.read_text() == "Dear diary"


@pytest.mark.usefixtures("sqlite")
def test_a_backup_to_nowhere_is_refused(path: Path, tmp_path: Path) -> None:
    """It says what is wrong."""
    with pytest.raises(DependencyRefused, match="No such file or directory"):
        back_up(SqliteDatabase(path), tmp_path / "nowhere" / "copy.db")


@pytest.mark.usefixtures("sqlite")
def test_what_a_killed_backup_left_is_in_nobodys_way(path: Path, tmp_path: Path) -> None:
    """The next one of that name takes its place."""
    partial = tmp_path / "copy.db.partial"
    partial.write_text("half")

    back_up(SqliteDatabase(path), tmp_path / "copy.db")

    assert not partial.exists()
    assert list(find_damage(SqliteDatabase(tmp_path / "copy.db"))) == []


def damaged(path: Path, statement: str) -> None:
    """Somebody changed it by hand."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_a_database_in_use_is_sound(path: Path, sqlite: Family) -> None:
    """Whatever its chunks are at."""
    chunk = a_chunk(7, count=50)
    sqlite.chunks.save(claimed(chunk), chunk)

    assert list(find_damage(SqliteDatabase(path))) == []


@pytest.mark.usefixtures("sqlite")
@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "DELETE FROM chunk_manifests WHERE number = 9",
            f"chunk without its recipients: {CAMPAIGN_ID}/0/9",
        ),
        (
            "DELETE FROM chunks WHERE number = 9",
            f"recipients without their chunk: {CAMPAIGN_ID}/0/9",
        ),
        ("DELETE FROM campaigns", f"fan-out range without its campaign: {CAMPAIGN_ID}/0"),
        (
            "UPDATE tallies SET tally = '{}'",
            f"tally that its finished chunks do not add up to: {CAMPAIGN_ID}",
        ),
        (
            "DELETE FROM tallies",
            f"tally that its finished chunks do not add up to: {CAMPAIGN_ID}",
        ),
    ],
)
def test_what_the_ledger_lacks_is_found(path: Path, statement: str, finding: str) -> None:
    """Named, so that it can be looked up."""
    damaged(path, statement)

    assert list(find_damage(SqliteDatabase(path))) == [finding]


@pytest.mark.usefixtures("sqlite")
def test_of_a_damaged_database_there_is_no_backup(path: Path, tmp_path: Path) -> None:
    """What is kept is what can be restored."""
    damaged(path, "DELETE FROM tallies")
    before = set(tmp_path.iterdir())

    with pytest.raises(DependencyRefused, match="damaged, and the copy with it: tally"):
        back_up(SqliteDatabase(path), tmp_path / "copy.db")

    assert set(tmp_path.iterdir()) == before


@pytest.mark.usefixtures("sqlite")
def test_an_index_that_lacks_a_row_is_found(path: Path) -> None:
    """By SQLite's own check: a query would not find what is there."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'state, campaign_id', 'version')"
            " WHERE name = 'campaigns_by_state'"
        )

    assert list(find_damage(SqliteDatabase(path))) == [
        "row 1 missing from index campaigns_by_state",
    ]


@pytest.mark.usefixtures("sqlite")
def test_what_the_disk_lost_is_a_refusal(path: Path, tmp_path: Path) -> None:
    """To whoever comes to it, and to who looks for damage."""
    target = tmp_path / "copy.db"
    back_up(SqliteDatabase(path), target)
    with closing(sqlite3.connect(target)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'chunks'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with target.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(bytes(size))
    database = SqliteDatabase(target)

    with pytest.raises(DependencyRefused, match="SQLITE_CORRUPT"):
        SqliteChunkRepository(database).load(a_chunk().ref)
    with pytest.raises(DependencyRefused, match="SQLITE_CORRUPT"):
        find_damage(database)
