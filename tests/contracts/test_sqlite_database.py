"""What the SQLite database promises beside the ports' contracts."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from adapters.sqlite.campaigns import SqliteCampaignRepository
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.queue import SqliteSendQueue, body_to_chunk
from domain.chunk import ChunkRef
from domain.errors import DependencyRefused
from domain.identifiers import CampaignId
from domain.priority import Priority
from tests.contracts.eventually import eventually
from tests.contracts.examples import (
    CAMPAIGN_ID,
    a_campaign,
    a_chunk,
    stored_campaign,
    stored_chunks,
)
from tests.contracts.family import Family
from tests.contracts.races import THREADS, race
from tests.contracts.settable_clock import SettableClock
from tests.contracts.sqlite_family import sqlite_family
from tests.contracts.sqlite_process import BATCH
from tests.contracts.sqlite_processes import running


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database is to be."""
    return tmp_path / "sentinel.db"


@pytest.fixture
def sqlite(path: Path) -> Family:
    """Repositories over an empty database."""
    return sqlite_family(path)


def queued(path: Path) -> list[ChunkRef]:
    """What is on the send queue, hidden or not."""
    with SqliteDatabase(path).reading() as connection:
        bodies = connection.execute("SELECT body FROM messages ORDER BY message_id").fetchall()
    return [body_to_chunk(body) for (body,) in bodies]


# What was killed.


@pytest.mark.parametrize("heard", [1, 2, 5, 12, 30])
def test_a_killed_process_loses_nothing_that_had_returned(path: Path, heard: int) -> None:
    """And leaves nothing half: of what it was at all is there, or nothing."""
    with running("enqueue", path) as process:
        for _ in range(heard):
            last = int(process.hear())
        last = max([last, *map(int, process.kill())])

    numbers = [chunk.range_number for chunk in queued(path)]

    complete = {number for number in numbers if numbers.count(number) == BATCH}
    assert complete == set(numbers)
    assert complete - {last + 1} == set(range(last + 1))


def test_what_does_not_wait_for_the_disk_outlasts_a_kill_as_well(path: Path) -> None:
    """An acknowledgement that had returned stays."""
    queue = SqliteSendQueue(SqliteDatabase(path), SettableClock())
    chunks = [ChunkRef(CAMPAIGN_ID, 0, number) for number in range(1_000)]
    queue.enqueue(chunks, Priority.NORMAL)
    with running("acknowledge", path) as process:
        gone = {process.hear() for _ in range(20)}
        gone |= set(process.kill())

    left = {chunk.number for chunk in queued(path)}

    assert left.isdisjoint(map(int, gone))
    assert len(left) >= len(chunks) - len(gone) - 1


def test_a_process_killed_in_the_middle_of_a_transaction_has_done_nothing(
    path: Path, sqlite: Family
) -> None:
    """Whoever comes next finds all as it was, and can write at once."""
    campaign, _ = stored_campaign(sqlite)
    stored_chunks(sqlite, [a_chunk()])
    with running("halt", path) as process:
        assert process.hear() == "half"
        process.kill()

    assert sqlite.campaigns.save(campaign.rename("Winter")).name == "Winter"
    assert sqlite.chunks.load(a_chunk().ref) is not None


# Several processes.


def test_of_processes_that_race_for_a_chunk_one_wins(path: Path, sqlite: Family) -> None:
    """In every round, and the chunk is its own."""
    stored_campaign(sqlite)
    stored_chunks(sqlite, [a_chunk()])
    with ExitStack() as stack:
        processes = [stack.enter_context(running("claim", path)) for _ in range(3)]
        for number in range(10):
            assert {each.hear() for each in processes} == {"ready"}
            for index, each in enumerate(processes):
                each.tell(f"{number}-{index}")
            heard = [each.hear() for each in processes]

            assert sorted(heard) == ["lost", "lost", "won"]
            found = sqlite.chunks.load(a_chunk().ref)
            assert found is not None
            assert found[1].version == number + 1


def test_who_waits_writes_before_who_has_just_written(path: Path) -> None:
    """A busy process lets others in between two writes: grants are good for a quarter second."""
    first, second = SqliteDatabase(path), SqliteDatabase(path)
    order: list[str] = []

    def write(database: SqliteDatabase, name: str) -> None:
        with database.writing():
            order.append(name)

    with first.writing():
        thread = threading.Thread(target=write, args=(second, "who waits"))
        thread.start()
        eventually(lambda: is_waited_at(path.with_name("sentinel.db-gate")))
    write(first, "who has just written")
    thread.join()

    assert order == ["who waits", "who has just written"]


def is_waited_at(gate: Path) -> bool:
    """Whether somebody holds it."""
    with gate.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


# When the log is put into the file.

MUCH = b"x" * 6_000_000
"""More than a log is to be long: with the log in it the file is longer than that."""


def test_the_log_is_put_into_the_file_while_nobody_writes(path: Path) -> None:
    """Else a file may be damaged: "The WAL-Reset Bug" of SQLite before 3.51.3."""
    first, second = SqliteDatabase(path), SqliteDatabase(path)
    sizes: list[int] = []

    def write() -> None:
        with second.writing() as connection:
            connection.execute("DELETE FROM secrets WHERE name = 'none'")
            eventually(lambda: is_waited_at(path.with_name("sentinel.db-gate")))
            sizes.append(path.stat().st_size)

    with first.writing() as connection:
        put_much(connection)
        thread = threading.Thread(target=write)
        thread.start()
        eventually(lambda: is_waited_at(path.with_name("sentinel.db-gate")))
    thread.join()

    assert sizes
    assert sizes[0] < len(MUCH) < path.stat().st_size


def put_much(connection: sqlite3.Connection) -> None:
    """What takes more pages than a log is to have."""
    connection.execute("INSERT OR REPLACE INTO secrets (name, value) VALUES ('much', ?)", (MUCH,))


def test_the_log_does_not_grow_with_what_is_written(path: Path) -> None:
    """By whichever connection."""
    database = SqliteDatabase(path)
    for _ in range(3):
        with database.writing() as connection:
            put_much(connection)
        with database.writing_unsynced() as connection:
            put_much(connection)

    assert path.with_name("sentinel.db-wal").stat().st_size < 3 * len(MUCH)


def test_what_a_reader_held_back_is_put_into_the_file_after_it(path: Path) -> None:
    """At the next write but for a log's length."""
    database, reader = SqliteDatabase(path), SqliteDatabase(path)
    with reader.reading() as connection:
        connection.execute("SELECT count(*) FROM secrets").fetchone()
        with database.writing() as writing:
            put_much(writing)
        held_back = path.stat().st_size
    with database.writing() as writing:
        put_much(writing)

    assert held_back < len(MUCH) < path.stat().st_size


def test_a_reader_waits_for_nobody(path: Path, sqlite: Family) -> None:
    """It sees what was committed."""
    campaign, _ = stored_campaign(sqlite)

    with SqliteDatabase(path).writing() as connection:
        connection.execute("DELETE FROM campaigns")
        assert sqlite.campaigns.get(CAMPAIGN_ID) == campaign


def test_processes_may_begin_on_a_new_file_together(path: Path) -> None:
    """One makes it, and all have it, with one key."""
    opened = race(lambda _: SqliteDatabase(path).hash_key, range(THREADS))

    assert len(set(opened)) == 1
    assert not isinstance(opened[0], Exception)


# What a commit waits for.


def test_every_connection_waits_for_the_disk_except_where_it_says_so(path: Path) -> None:
    """FULL is 2 and NORMAL 1 (SQLite's "PRAGMA synchronous"), in whichever thread; WAL in all."""
    database = SqliteDatabase(path)

    def pragmas(_: int) -> list[tuple[object, object]]:
        transactions = (database.writing, database.reading, database.writing_unsynced)
        found = []
        for transaction in transactions:
            with transaction() as connection:
                (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
                (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
                found.append((synchronous, journal))
        return found

    assert race(pragmas, range(2)) == [[(2, "wal"), (2, "wal"), (1, "wal")]] * 2


def test_the_database_is_its_owners_alone(path: Path, sqlite: Family) -> None:
    """It holds addresses, and so does its log."""
    stored_campaign(sqlite)

    files = list(path.parent.glob("sentinel.db*"))

    assert path.with_name("sentinel.db-wal") in files
    assert {each.stat().st_mode & 0o077 for each in files if each.is_file()} == {0}


SOMEBODY = 65_534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")


@pytest.fixture
def everybodys() -> Iterator[Path]:
    """A folder that any user of the machine may write to."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@as_root
def test_what_root_looked_at_its_own_user_can_write(everybodys: Path) -> None:
    """A backup or a check by root, or one that an earlier release made, locks no service out."""
    path = everybodys / "sentinel.db"
    with acting_as(SOMEBODY):
        SqliteDatabase(path).close()
    gate = everybodys / "sentinel.db-gate"
    for is_there in (False, True):
        gate.unlink()
        if is_there:
            gate.touch(mode=0o600)
        with SqliteDatabase(path).writing():
            pass

        with acting_as(SOMEBODY), SqliteDatabase(path).writing():
            pass


def test_a_lock_file_of_another_user_is_named_with_the_remedy(everybodys: Path) -> None:
    """By whoever may not open it."""
    path = everybodys / "sentinel.db"
    user = SOMEBODY if os.geteuid() == 0 else os.geteuid()
    with acting_as(user):
        SqliteDatabase(path).close()
        (everybodys / "sentinel.db-gate").chmod(0)

        with pytest.raises(DependencyRefused) as refused:
            SqliteDatabase(path)

    assert str(refused.value) == (
        "The database sentinel.db: sentinel.db-gate: Permission denied; give it to whom the "
        "database belongs: chown --reference=sentinel.db sentinel.db-gate"
    )


@contextmanager
def acting_as(user: int) -> Iterator[None]:
    """With that user's rights."""
    before = os.geteuid()
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(before)


# A disk that is full.


def test_a_full_disk_is_a_refusal_that_changes_nothing(path: Path) -> None:
    """As SQLite tells it; once there is room again, all goes on."""
    database = SqliteDatabase(path)
    campaigns = SqliteCampaignRepository(database)
    campaigns.add(a_campaign(), ())
    with database.reading() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    ids = [CampaignId(f"cmp_{number:026d}") for number in range(1_000)]
    added = iter(ids)

    def fill() -> None:
        for campaign_id in added:
            campaigns.add(a_campaign(campaign_id), ())

    with pytest.raises(DependencyRefused, match="SQLITE_FULL"):
        fill()

    left = [CAMPAIGN_ID, *ids[: len(ids) - len(list(added)) - 1]]
    assert [each for each in [CAMPAIGN_ID, *ids] if campaigns.get(each) is not None] == left
    with database.reading() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    campaigns.add(a_campaign(ids[-1]), ())
    assert campaigns.get(ids[-1]) is not None
