"""What the files beside a SQLite database outlive, and what is left of them: nothing."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.object_store import SqliteObjectStore
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from domain.errors import DependencyRefused
from domain.job import KEPT
from domain.ports.clock import Clock
from domain.ports.object_store import MIN_PART_BYTES
from domain.stored_file import Permission
from tests.contracts.full_disk import no_file_longer_than
from tests.contracts.settable_clock import SettableClock
from tests.contracts.sqlite_process import UPLOADED as NAME
from tests.contracts.sqlite_processes import running

HOUR = timedelta(hours=1)
PART = b"x" * MIN_PART_BYTES


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of the database."""
    return tmp_path / "sentinel.db"


def store_at(path: Path, clock: Clock | None = None) -> SqliteObjectStore:
    """As another process has it."""
    database = SqliteDatabase(path)
    return SqliteObjectStore(database, clock or SystemClock(), SystemIds(), "http://x/files")


def files_of(path: Path) -> int:
    """How many there are in the folder."""
    return len(list(path.with_name("sentinel.db.files").iterdir()))


def token_of(url: str) -> str:
    """Its last step."""
    return urlsplit(url).path.rpartition("/")[2]


def test_files_outlive_the_process(path: Path) -> None:
    """Those that are there, and those that are half written in parts."""
    before = store_at(path)
    before.write(NAME, b"email\n")
    writing = before.begin(f"{NAME}.parts")
    first = before.write_part(f"{NAME}.parts", writing, 1, PART)

    after = store_at(path)

    assert after.read(NAME, 0, 99) == b"email\n"
    second = after.write_part(f"{NAME}.parts", writing, 2, b"the end")
    after.complete(f"{NAME}.parts", writing, [first, second])
    assert after.size(f"{NAME}.parts") == MIN_PART_BYTES + 7
    assert files_of(path) == 2


def test_urls_outlive_the_process(path: Path, tmp_path: Path) -> None:
    """They are good until they expire, and for their own database alone."""
    token = token_of(store_at(path).sign_upload(NAME, HOUR).url)

    assert store_at(path).allowed(token) == Permission("PUT", NAME, "")
    assert store_at(tmp_path / "other.db").allowed(token) is None


def test_nobody_else_looks_into_the_folder(path: Path) -> None:
    """It holds addresses."""
    store_at(path)

    assert path.with_name("sentinel.db.files").stat().st_mode & 0o077 == 0


def test_a_kill_in_the_middle_changes_nothing(path: Path) -> None:
    """The object is what it was; what was written goes a day later."""
    clock = SettableClock(SystemClock().now())
    store_at(path).write(NAME, b"old")

    with running("upload", path) as process:
        assert process.hear() == "half"
        process.kill()

    assert store_at(path).read(NAME, 0, 99) == b"old"
    assert files_of(path) == 2
    clock.sleep(timedelta(days=2))
    after = store_at(path, clock)
    after.forget_old()
    assert after.read(NAME, 0, 99) == b"old"
    assert files_of(path) == 1


def test_what_has_expired_leaves_no_file(path: Path) -> None:
    """Objects, and what was never completed, go with the next that is written, or with upkeep."""
    clock = SettableClock()
    store = store_at(path, clock)
    store.write(NAME, b"old")
    store.write_part(NAME, store.begin(NAME), 1, PART)
    clock.sleep(KEPT)

    store.write(f"{NAME}.new", b"new")
    assert files_of(path) == 1

    clock.sleep(KEPT)
    store.forget_old()
    assert files_of(path) == 0


def test_no_file_is_left_of_what_was_replaced_or_abandoned(path: Path) -> None:
    """One for each object."""
    store = store_at(path)
    for content in (b"one", b"two"):
        store.write(NAME, content)
    abandoned, completed = store.begin(NAME), store.begin(NAME)
    store.write_part(NAME, abandoned, 1, b"some")
    store.abandon(NAME, abandoned)
    tags = [store.write_part(NAME, completed, 1, each) for each in (b"first", b"again")]
    store.write_part(NAME, completed, 2, b"too many")
    store.complete(NAME, completed, tags[1:])

    assert store.read(NAME, 0, 99) == b"again"
    assert files_of(path) == 1
    store.delete(NAME)
    assert files_of(path) == 0


def test_who_reads_a_file_reads_on_when_another_takes_its_place(path: Path) -> None:
    """From another process, too: it has the file open."""
    store = store_at(path)
    store.write(NAME, b"old")

    with store.reading(NAME) as file:
        store_at(path).write(NAME, b"new")
        assert file.read() == b"old"
    assert store.read(NAME, 0, 99) == b"new"


def test_a_full_disk_changes_nothing(path: Path) -> None:
    """What there was no room for is refused, and leaves no file."""
    store = store_at(path)
    store.write(NAME, b"old")

    with no_file_longer_than(1_000_000), pytest.raises(DependencyRefused, match="too large"):
        store.write(NAME, PART)

    assert store.read(NAME, 0, 99) == b"old"
    assert files_of(path) == 1
