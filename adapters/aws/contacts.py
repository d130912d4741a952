"""Contacts in DynamoDB."""

from collections.abc import Sequence

from adapters.aws.address_hash_key import AddressHashKey
from adapters.aws.audience_records import address_to_item, contact_to_item, item_to_contact
from adapters.aws.keys import address_key, contact_key
from adapters.aws.table import Put, Table, Write, put_new
from domain.contact import Contact, ContactDraft
from domain.errors import DependencyRefused, VersionConflict
from domain.identifiers import ContactId
from domain.ports.ids import Ids

_CONTACTS_A_TRANSACTION = 50
_ATTEMPTS = 5
"""Races lost to other writers of the same new addresses before it is given up."""


class DynamoDBContactRepository:
    """Implements `domain.ports.contacts.ContactRepository`."""

    def __init__(self, table: Table, ids: Ids, address_hash_key: AddressHashKey) -> None:
        """Over one table; an address is unique by the record of its keyed hash."""
        self._table = table
        self._ids = ids
        self._address_hash_key = address_hash_key

    def put(self, drafts: Sequence[ContactDraft]) -> tuple[Contact, ...]:
        """New addresses by transaction, known ones by batch."""
        wanted = {draft.address: draft for draft in drafts}
        stored: dict[str, Contact] = {}
        for _ in range(_ATTEMPTS):
            missing = [draft for address, draft in wanted.items() if address not in stored]
            try:
                self._put_missing(missing, stored)
            except VersionConflict:
                # Another writer made one of them meanwhile: its contact id is the one to use.
                continue
            return tuple(stored[draft.address] for draft in drafts)
        raise DependencyRefused("Contacts: other writers kept making the same addresses.")

    def get(self, contact_ids: Sequence[ContactId]) -> tuple[Contact, ...]:
        """Consistent, 100 a request: who was added a moment ago must not be missed."""
        keys = {contact_id: contact_key(contact_id) for contact_id in contact_ids}
        found = self._table.batch_get(list(keys.values()), consistent=True)
        return tuple(
            item_to_contact(found[keys[contact_id]])
            for contact_id in contact_ids
            if keys[contact_id] in found
        )

    def _put_missing(self, drafts: Sequence[ContactDraft], stored: dict[str, Contact]) -> None:
        keys = {
            draft.address: address_key(self._address_hash_key(), draft.address) for draft in drafts
        }
        known = self._table.batch_get(list(keys.values()), consistent=True)
        updated = [
            Contact(
                ContactId(known[keys[draft.address]]["contact_id"]), draft.address, draft.fields
            )
            for draft in drafts
            if keys[draft.address] in known
        ]
        self._table.batch_put([contact_to_item(contact) for contact in updated])
        stored.update({contact.address: contact for contact in updated})
        new = [
            Contact(self._ids.contact_id(), draft.address, draft.fields)
            for draft in drafts
            if keys[draft.address] not in known
        ]
        for start in range(0, len(new), _CONTACTS_A_TRANSACTION):
            added = new[start : start + _CONTACTS_A_TRANSACTION]
            writes: list[Write] = []
            for contact in added:
                writes.append(put_new(address_to_item(self._address_hash_key(), contact)))
                writes.append(Put(contact_to_item(contact)))
            self._table.transact(writes)
            stored.update({contact.address: contact for contact in added})
