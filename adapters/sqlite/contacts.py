"""Contacts in SQLite."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.paging import in_key_range, page_of
from adapters.sqlite.parameters import ANY_OF, listed
from adapters.sqlite.records import decode, encode
from adapters.sqlite.times import optional_to_column
from domain.contact import Contact, ContactDraft
from domain.erasure import Erasure
from domain.errors import VersionConflict
from domain.identifiers import ContactId
from domain.key_space import member_key
from domain.ports.contacts import ContactPage
from domain.ports.ids import Ids
from domain.suppression import suppression_id_of


class SqliteContactRepository:
    """Implements `domain.ports.contacts.ContactRepository`."""

    def __init__(self, database: SqliteDatabase, ids: Ids) -> None:
        """Over a shared database."""
        self._database = database
        self._ids = ids

    def put(self, drafts: Sequence[ContactDraft]) -> tuple[Contact, ...]:
        """One transaction: all, or nothing."""
        # Of two of one address the later counts.
        wanted = {draft.address: draft for draft in drafts}
        with self._database.writing() as connection:
            known = {each.address: each for each in _select(connection, "address", wanted)}
            stored = {
                address: self._given(connection, known.get(address), draft)
                for address, draft in wanted.items()
            }
        return tuple(stored[draft.address] for draft in drafts)

    def get(self, contact_ids: Sequence[ContactId]) -> tuple[Contact, ...]:
        """By their member keys."""
        with self._database.reading() as connection:
            rows = _select(connection, "member_key", map(member_key, contact_ids))
        found = {each.contact_id: each for each in rows}
        return tuple(found[each] for each in contact_ids if each in found)

    def find(self, address: str) -> Contact | None:
        """By the address."""
        return next(iter(self.find_all([address])), None)

    def find_all(self, addresses: Sequence[str]) -> tuple[Contact, ...]:
        """By the addresses."""
        with self._database.reading() as connection:
            return _select(connection, "address", addresses)

    def save(self, contact: Contact) -> Contact:
        """By revision."""
        with self._database.writing() as connection:
            return _update(connection, contact)

    def begin_erasure(self, contact_id: ContactId, next_check_at: datetime) -> Erasure | None:
        """The contact goes with the transaction that notes it."""
        with self._database.writing() as connection:
            contact = next(iter(_select(connection, "member_key", [member_key(contact_id)])), None)
            if contact is None:
                return _select_erasure(connection, contact_id)
            suppression_id = suppression_id_of(self._database.hash_key, contact.address)
            erasure = Erasure(contact_id, suppression_id, next_check_at=next_check_at)
            connection.execute(
                "DELETE FROM contacts WHERE member_key = ?", (member_key(contact_id),)
            )
            connection.execute(
                "INSERT INTO erasures (next_check_at, record, contact_id) VALUES (?, ?, ?)",
                _erasure_columns(erasure),
            )
            return erasure

    def note_erasure(self, erasure: Erasure) -> None:
        """The last one counts."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE erasures SET next_check_at = ?, record = ? WHERE contact_id = ?",
                _erasure_columns(erasure),
            )

    def end_erasure(self, contact_id: ContactId) -> None:
        """Nothing stays: not in the log either, unless it is read; then upkeep sees to it."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM erasures WHERE contact_id = ?", (contact_id,))
        self._database.empty_log()

    def page(self, *, lower: str, upper: str, after: str | None, limit: int) -> ContactPage:
        """A part of the table, which is in key order."""
        condition, bounds = in_key_range("member_key", lower=lower, upper=upper, after=after)
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT member_key, record FROM contacts WHERE {condition}"  # noqa: S608  no value
                " ORDER BY member_key LIMIT ?",
                (*bounds, limit + 1),
            ).fetchall()
        page, following = page_of(rows, limit)
        return ContactPage(tuple(decode(each, Contact) for each in page), following)

    def _given(
        self, connection: sqlite3.Connection, known: Contact | None, draft: ContactDraft
    ) -> Contact:
        if known is None:
            contact = Contact.new(self._ids.contact_id(), draft)
            _insert(connection, contact)
            return contact
        contact = known.given(draft)
        return known if contact is known else _update(connection, contact)


def _select(
    connection: sqlite3.Connection, column: str, values: Iterable[str]
) -> tuple[Contact, ...]:
    rows = connection.execute(
        f"SELECT record FROM contacts WHERE {column} {ANY_OF}",  # noqa: S608  no value
        (listed(values),),
    )
    return tuple(decode(record, Contact) for (record,) in rows)


def _insert(connection: sqlite3.Connection, contact: Contact) -> None:
    connection.execute(
        "INSERT INTO contacts (member_key, address, revision, record) VALUES (?, ?, ?, ?)",
        (member_key(contact.contact_id), contact.address, contact.revision, encode(contact)),
    )


def _update(connection: sqlite3.Connection, contact: Contact) -> Contact:
    """By revision; returns it as stored. Raises VersionConflict."""
    stored = replace(contact, revision=contact.revision + 1)
    updated = connection.execute(
        "UPDATE contacts SET revision = ?, record = ? WHERE member_key = ? AND revision = ?",
        (stored.revision, encode(stored), member_key(contact.contact_id), contact.revision),
    )
    if updated.rowcount == 0:
        raise VersionConflict(f"contact {contact.contact_id}")
    return stored


def _select_erasure(connection: sqlite3.Connection, contact_id: ContactId) -> Erasure | None:
    row = connection.execute(
        "SELECT record FROM erasures WHERE contact_id = ?", (contact_id,)
    ).fetchone()
    return None if row is None else decode(row[0], Erasure)


def _erasure_columns(erasure: Erasure) -> tuple[object, ...]:
    return optional_to_column(erasure.next_check_at), encode(erasure), erasure.contact_id
