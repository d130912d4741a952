"""What stays of an erased person in the files of a SQLite database: nothing."""

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.object_store import SqliteObjectStore
from adapters.sqlite.upkeep import SqliteUpkeep
from adapters.system.clock import SystemClock
from adapters.system.ids import SystemIds
from domain.contact import Contact, ContactDraft
from domain.suppression import Suppression, SuppressionReason
from tests.contracts.family import Family
from tests.contracts.settable_clock import START
from tests.contracts.sqlite_family import sqlite_family

ADDRESS = "somebody.to.be.forgotten@example.com"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "sentinel.db"


@pytest.fixture
def sqlite(path: Path) -> Family:
    """Repositories over an empty database."""
    return sqlite_family(path)


def known(family: Family) -> Contact:
    """Somebody with an address, and more."""
    (contact,) = family.contacts.put([ContactDraft(ADDRESS, {"name": "Somebody " * 200})])
    return contact


def erase(family: Family, contact: Contact) -> str:
    """As it is asked for; returns what is kept, the hash of the address."""
    entry = family.suppressions.add(Suppression(ADDRESS, SuppressionReason.BOUNCE, START))
    family.contacts.begin_erasure(contact.contact_id, START + timedelta(minutes=1))
    family.suppressions.forget(entry.suppression_id)
    family.contacts.end_erasure(contact.contact_id)
    return entry.suppression_id


def on_disk(path: Path) -> bytes:
    """All that is there."""
    return b"".join(each.read_bytes() for each in path.parent.iterdir() if each.is_file())


def test_an_erased_person_is_not_on_the_disk(path: Path, sqlite: Family) -> None:
    """Nor in a part of the file that is in no use any more, nor in the log beside it."""
    suppression_id = erase(sqlite, known(sqlite))

    left = on_disk(path)
    assert suppression_id.encode() in left
    assert ADDRESS.encode() not in left
    assert b"Somebody " not in left


def test_what_a_long_read_kept_goes_with_the_next_upkeep(path: Path, sqlite: Family) -> None:
    """Such as a backup: who erases does not wait for its end, and nobody has to erase again."""
    contact, reader = known(sqlite), SqliteDatabase(path)
    with reader.reading() as connection:
        connection.execute("SELECT count(*) FROM contacts").fetchone()
        erase(sqlite, contact)
        assert ADDRESS.encode() in on_disk(path)
    files = SqliteObjectStore(reader, SystemClock(), SystemIds(), "http://x/files")

    SqliteUpkeep(reader, files)()

    assert ADDRESS.encode() not in on_disk(path)
