"""Backups of a database in use, and what its integrity check finds."""

import sqlite3
import threading
from contextlib import closing
from errno import EXDEV
from pathlib import Path
from shutil import copy

import pytest

from adapters.sqlite.backup import back_up
from adapters.sqlite.chunks import SqliteChunkRepository
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.integrity import find_damage
from adapters.sqlite.migrations import is_up_to_date
from adapters.sqlite.object_store import SqliteObjectStore
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from domain.errors import DependencyRefused, InvalidInput
from domain.ports.object_store import MIN_PART_BYTES
from tests.contracts.examples import CAMPAIGN_ID, a_chunk, claimed, stored_campaign, stored_chunks
from tests.contracts.family import Family
from tests.contracts.sqlite_family import sqlite_family

CHUNKS = 200
FILE = "imports/imp_1/contacts.csv"
PART = b"x" * MIN_PART_BYTES


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
    assert find_damage(target) == []


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
    with pytest.raises(InvalidInput, match=f"There is no folder {tmp_path / 'nowhere'}; make it"):
        back_up(SqliteDatabase(path), tmp_path / "nowhere" / "copy.db")


@pytest.mark.usefixtures("sqlite")
def test_what_a_killed_backup_left_is_in_nobodys_way(path: Path, tmp_path: Path) -> None:
    """The next one of that name takes its place."""
    partial = tmp_path / "copy.db.partial"
    partial.write_text("half")

    back_up(SqliteDatabase(path), tmp_path / "copy.db")

    assert not partial.exists()
    assert find_damage(tmp_path / "copy.db") == []


# Files of imports and exports.


def store_at(path: Path) -> SqliteObjectStore:
    """Its files."""
    return SqliteObjectStore(SqliteDatabase(path), SystemClock(), SystemIds(), "http://x/files")


@pytest.fixture(params=["the same disk", "another disk"])
def linked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a backup can name files anew, or has to copy them."""
    if request.param == "another disk":

        def refused(*_: object) -> None:
            raise OSError(EXDEV, "Invalid cross-device link")

        monkeypatch.setattr("os.link", refused)


@pytest.mark.usefixtures("linked")
def test_a_backup_has_the_files_of_its_objects(path: Path, tmp_path: Path) -> None:
    """Those that are whole, and those that are half written in parts; the restored goes on."""
    store = store_at(path)
    store.write(FILE, b"email")
    writing = store.begin(f"{FILE}.parts")
    first = store.write_part(f"{FILE}.parts", writing, 1, PART)
    target = tmp_path / "copy.db"

    assert back_up(SqliteDatabase(path), target) == 2
    store.delete(FILE)

    restored = store_at(target)
    assert restored.read(FILE, 0, 99) == b"email"
    second = restored.write_part(f"{FILE}.parts", writing, 2, b"the end")
    restored.complete(f"{FILE}.parts", writing, [first, second])
    assert restored.size(f"{FILE}.parts") == MIN_PART_BYTES + 7
    assert target.with_name("copy.db.files").stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("linked")
def test_what_is_replaced_while_it_is_copied_is_in_the_backup_or_not_named(
    path: Path, tmp_path: Path
) -> None:
    """Whoever restores it finds each object that it tells of."""
    store, target = store_at(path), tmp_path / "copy.db"
    store.write(FILE, b"old")
    store.write(f"{FILE}.2", b"goes")

    def write_meanwhile(copied: int, total: int) -> None:
        if copied < total:
            store.write(FILE, b"new")
            store.delete(f"{FILE}.2")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("adapters.sqlite.backup._PAGES_A_STEP", 1)
        files = back_up(SqliteDatabase(path), target, write_meanwhile)

    restored = store_at(target)
    assert restored.read(FILE, 0, 99) == b"old"
    assert restored.read(f"{FILE}.2", 0, 99) == b"goes"
    assert files == len(list(target.with_name("copy.db.files").iterdir())) == 2


def test_a_file_that_is_gone_is_not_named_by_the_backup(path: Path, tmp_path: Path) -> None:
    """An object without its file would be asked for again and again."""
    store, target = store_at(path), tmp_path / "copy.db"
    store.write(FILE, b"lost")
    for each in path.with_name("sentinel.db.files").iterdir():
        each.unlink()

    assert back_up(SqliteDatabase(path), target) == 0

    assert store_at(target).size(FILE) is None


@pytest.mark.usefixtures("sqlite")
def test_files_of_that_name_are_not_overwritten(path: Path, tmp_path: Path) -> None:
    """They are those of another backup."""
    (tmp_path / "copy.db.files").mkdir()

    with pytest.raises(InvalidInput, match="target: There is a file of that name"):
        back_up(SqliteDatabase(path), tmp_path / "copy.db")


def damaged(path: Path, statement: str) -> None:
    """Somebody changed it by hand."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_a_database_in_use_is_sound(path: Path, sqlite: Family) -> None:
    """Whatever its chunks are at."""
    chunk = a_chunk(7, count=50)
    sqlite.chunks.save(claimed(chunk), chunk)

    assert find_damage(path) == []


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

    assert find_damage(path) == [finding]


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

    assert find_damage(path) == [
        "row 1 missing from index campaigns_by_state",
    ]


@pytest.mark.usefixtures("sqlite")
def test_what_the_disk_lost_is_damage(path: Path, tmp_path: Path) -> None:
    """And a refusal to whoever comes to it."""
    target = tmp_path / "copy.db"
    back_up(SqliteDatabase(path), target)
    with closing(sqlite3.connect(target)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'chunks'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    overwritten(target, (root - 1) * size, bytes(size))

    with pytest.raises(DependencyRefused, match="SQLITE_CORRUPT"):
        SqliteChunkRepository(SqliteDatabase(target)).load(a_chunk().ref)
    assert find_damage(target) == [
        "it cannot be read: SQLite: SQLITE_CORRUPT: database disk image is malformed"
    ]


def overwritten(path: Path, offset: int, octets: bytes) -> None:
    """As by a disk, or by another program."""
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(octets)


@pytest.mark.usefixtures("sqlite")
def test_a_file_without_its_beginning_is_damaged(path: Path, tmp_path: Path) -> None:
    """SQLite does not know it any more."""
    target = tmp_path / "copy.db"
    back_up(SqliteDatabase(path), target)
    overwritten(target, 0, bytes(4_096))

    assert find_damage(target) == [
        "it cannot be read: SQLite: SQLITE_NOTADB: file is not a database"
    ]
    target.write_bytes(b"")
    assert find_damage(target) == ["nothing is in it"]


@pytest.mark.usefixtures("sqlite")
def test_a_schema_that_is_no_text_is_damage(path: Path, tmp_path: Path) -> None:
    """SQLite quotes it when it says so."""
    target = tmp_path / "copy.db"
    back_up(SqliteDatabase(path), target)
    overwritten(target, target.read_bytes().index(b" NULL"), b"\xff")

    assert find_damage(target) == ["it cannot be read: its schema is no text"]


@pytest.mark.usefixtures("sqlite")
def test_records_that_make_no_sense_are_damage(path: Path) -> None:
    """To SQLite they are texts like any."""
    damaged(path, "UPDATE chunks SET progress = '{' WHERE number = 9")
    damaged(path, "UPDATE tallies SET tally = CAST(x'ff' AS TEXT)")

    assert find_damage(path) == [
        f"chunk that cannot be read: {CAMPAIGN_ID}/0/9",
        f"tally that its finished chunks do not add up to: {CAMPAIGN_ID}",
    ]


@pytest.mark.usefixtures("sqlite")
def test_a_backup_is_checked_where_nobody_can_write(path: Path, tmp_path: Path) -> None:
    """A folder that is for backups alone, or a disk that is read-only; nothing is left there."""
    folder = tmp_path / "backups"
    folder.mkdir()
    target = folder / "copy.db"
    back_up(SqliteDatabase(path), target)
    linked = tmp_path / "latest.db"
    linked.symlink_to(target)
    before = folder.stat().st_mtime_ns

    assert find_damage(target) == find_damage(linked) == []

    assert list(folder.iterdir()) == [target]
    assert folder.stat().st_mtime_ns == before, "nothing was there for a moment, either"


def test_what_a_killed_process_left_in_the_log_is_checked(
    path: Path, tmp_path: Path, sqlite: Family
) -> None:
    """Without it the file is not whole; what lies there is left as it is."""
    left = tmp_path / "left"
    left.mkdir()
    finish(sqlite, 7)
    for each in path.parent.glob("sentinel.db*"):
        if each.is_file():
            copy(each, left)
    damaged_log = (left / "sentinel.db-wal").read_bytes()
    assert damaged_log
    before = {each.name: each.read_bytes() for each in left.glob("*.db*")}

    assert find_damage(left / "sentinel.db") == []

    kept = ("sentinel.db", "sentinel.db-wal")
    assert [(left / name).read_bytes() for name in kept] == [before[name] for name in kept]


@pytest.mark.usefixtures("sqlite")
def test_who_comes_to_use_it_while_it_is_checked_disturbs_nothing(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it is by then is checked."""
    target = tmp_path / "copy.db"
    back_up(SqliteDatabase(path), target)
    writes = iter(["DELETE FROM tallies"])

    def meanwhile(connection: sqlite3.Connection) -> bool:
        connection.execute("SELECT tally FROM tallies").fetchall()
        for statement in writes:
            damaged(target, statement)
        return is_up_to_date(connection)

    monkeypatch.setattr("adapters.sqlite.integrity.is_up_to_date", meanwhile)

    assert find_damage(target) == [
        f"tally that its finished chunks do not add up to: {CAMPAIGN_ID}"
    ]
