"""What stays of an erased person in the file of a SQLite database: nothing."""

from datetime import timedelta
from pathlib import Path

from domain.contact import ContactDraft
from domain.suppression import Suppression, SuppressionReason
from tests.contracts.settable_clock import START
from tests.contracts.sqlite_family import sqlite_family
from tests.contracts.test_sqlite_plans import database_of

ADDRESS = "somebody.to.be.forgotten@example.com"


def test_an_erased_person_is_not_in_the_file(tmp_path: Path) -> None:
    """Nor in a part of it that is in no use any more, once the log is in the file."""
    path = tmp_path / "sentinel.db"
    family = sqlite_family(path)
    (contact,) = family.contacts.put([ContactDraft(ADDRESS, {"name": "Somebody " * 200})])
    entry = family.suppressions.add(Suppression(ADDRESS, SuppressionReason.BOUNCE, START))

    family.contacts.begin_erasure(contact.contact_id, START + timedelta(minutes=1))
    family.suppressions.forget(entry.suppression_id)
    family.contacts.end_erasure(contact.contact_id)
    with database_of(family).reading() as connection:
        pass
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    left = b"".join(each.read_bytes() for each in tmp_path.iterdir() if each.is_file())
    assert entry.suppression_id.encode() in left
    assert ADDRESS.encode() not in left
    assert b"Somebody " not in left
