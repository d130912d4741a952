"""Contacts in memory."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.database import MemoryDatabase, suppression_id
from domain.contact import Contact, ContactDraft
from domain.erasure import Erasure
from domain.errors import VersionConflict
from domain.identifiers import ContactId
from domain.key_space import member_key
from domain.ports.contacts import ContactPage
from domain.ports.ids import Ids


class MemoryContactRepository:
    """Implements `domain.ports.contacts.ContactRepository`."""

    def __init__(self, database: MemoryDatabase, ids: Ids) -> None:
        """Over a shared database."""
        self._database = database
        self._ids = ids

    def put(self, drafts: Sequence[ContactDraft]) -> tuple[Contact, ...]:
        """All, or nothing."""
        with self._database.lock:
            # Of two of one address the later counts; and all are checked before one is written.
            wanted = {draft.address: draft for draft in drafts}
            given = {address: self._given(draft) for address, draft in wanted.items()}
            stored = {address: self._store(contact) for address, contact in given.items()}
            return tuple(stored[draft.address] for draft in drafts)

    def get(self, contact_ids: Sequence[ContactId]) -> tuple[Contact, ...]:
        """Those that exist."""
        contacts = self._database.contacts
        return tuple(contacts[each] for each in contact_ids if each in contacts)

    def find(self, address: str) -> Contact | None:
        """By the address."""
        with self._database.lock:
            contact_id = self._database.contacts_by_address.get(address)
            return None if contact_id is None else self._database.contacts[contact_id]

    def find_all(self, addresses: Sequence[str]) -> tuple[Contact, ...]:
        """By the addresses."""
        found = (self.find(address) for address in addresses)
        return tuple(contact for contact in found if contact is not None)

    def save(self, contact: Contact) -> Contact:
        """By revision."""
        with self._database.lock:
            stored = self._database.contacts.get(contact.contact_id)
            if stored is None or stored.revision != contact.revision:
                raise VersionConflict(f"contact {contact.contact_id}")
            saved = replace(contact, revision=contact.revision + 1)
            self._database.contacts[contact.contact_id] = saved
            return saved

    def begin_erasure(self, contact_id: ContactId, next_check_at: datetime) -> Erasure | None:
        """At one instant."""
        with self._database.lock:
            contact = self._database.contacts.pop(contact_id, None)
            if contact is not None:
                del self._database.contacts_by_address[contact.address]
                del self._database.contact_keys[member_key(contact_id)]
                self._database.erasures[contact_id] = Erasure(
                    contact_id, suppression_id(contact.address), next_check_at=next_check_at
                )
            return self._database.erasures.get(contact_id)

    def note_erasure(self, erasure: Erasure) -> None:
        """The last one counts."""
        with self._database.lock:
            if erasure.contact_id in self._database.erasures:
                self._database.erasures[erasure.contact_id] = erasure

    def end_erasure(self, contact_id: ContactId) -> None:
        """Nothing stays."""
        self._database.erasures.pop(contact_id, None)

    def page(self, *, lower: str, upper: str, after: str | None, limit: int) -> ContactPage:
        """In key order."""
        with self._database.lock:
            keys = self._database.contact_keys.in_order()
            start = bisect_left(keys, lower)
            if after is not None:
                start = max(start, bisect_right(keys, after))
            end = bisect_left(keys, upper)
            page = keys[start : min(end, start + limit)]
            return ContactPage(
                self.get([self._database.contact_keys[key] for key in page]),
                page[-1] if page and start + limit < end else None,
            )

    def _given(self, draft: ContactDraft) -> Contact:
        known = self.find(draft.address)
        if known is None:
            return Contact.new(self._ids.contact_id(), draft)
        return known.given(draft)

    def _store(self, contact: Contact) -> Contact:
        stored = self._database.contacts.get(contact.contact_id)
        if stored is not None:
            return stored if contact is stored else self.save(contact)
        self._database.contacts_by_address[contact.address] = contact.contact_id
        self._database.contacts[contact.contact_id] = contact
        self._database.contact_keys[member_key(contact.contact_id)] = contact.contact_id
        return contact
