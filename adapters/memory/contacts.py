"""Contacts in memory."""

from collections.abc import Sequence

from adapters.memory.database import MemoryDatabase
from domain.contact import Contact, ContactDraft
from domain.identifiers import ContactId
from domain.ports.ids import Ids


class MemoryContactRepository:
    """Implements `domain.ports.contacts.ContactRepository`."""

    def __init__(self, database: MemoryDatabase, ids: Ids) -> None:
        """Over a shared database."""
        self._database = database
        self._ids = ids

    def put(self, drafts: Sequence[ContactDraft]) -> tuple[Contact, ...]:
        """One contact for each address."""
        with self._database.lock:
            return tuple(self._put(draft) for draft in drafts)

    def get(self, contact_ids: Sequence[ContactId]) -> tuple[Contact, ...]:
        """Those that exist."""
        contacts = self._database.contacts
        return tuple(contacts[each] for each in contact_ids if each in contacts)

    def _put(self, draft: ContactDraft) -> Contact:
        known = self._database.contacts_by_address.get(draft.address)
        contact = Contact(known or self._ids.contact_id(), draft.address, draft.fields)
        self._database.contacts_by_address[draft.address] = contact.contact_id
        self._database.contacts[contact.contact_id] = contact
        return contact
