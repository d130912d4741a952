"""Contacts in DynamoDB."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from adapters.aws.address_hash_key import AddressHashKey
from adapters.aws.contact_records import (
    address_key,
    address_to_item,
    contact_to_item,
    erasure_to_item,
    item_to_contact,
    item_to_erasure,
)
from adapters.aws.keys import contact_key, contact_place, erasure_key
from adapters.aws.table import Delete, Put, Table, Write, put_new, put_version
from domain.contact import Contact, ContactDraft
from domain.erasure import Erasure
from domain.errors import DependencyRefused, VersionConflict
from domain.identifiers import ContactId
from domain.key_space import member_key
from domain.ports.contacts import ContactPage
from domain.ports.ids import Ids
from domain.suppression import suppression_id_of

_CONTACTS_A_TRANSACTION = 50
_UPDATES_A_TRANSACTION = 100
_PARTITIONS = "0123456789abcdef"
_ATTEMPTS = 12
"""Races lost to other writers of the same contacts before it is given up."""


class DynamoDBContactRepository:
    """Implements `domain.ports.contacts.ContactRepository`."""

    def __init__(self, table: Table, ids: Ids, address_hash_key: AddressHashKey) -> None:
        """Over one table; an address is unique by the record of its keyed hash."""
        self._table = table
        self._ids = ids
        self._address_hash_key = address_hash_key

    def put(self, drafts: Sequence[ContactDraft]) -> tuple[Contact, ...]:
        """By transactions; a known one that does not change is not written."""
        wanted = {draft.address: draft for draft in drafts}
        stored: dict[str, Contact] = {}
        for attempt in range(_ATTEMPTS):
            self._table.back_off(attempt)
            missing = [draft for address, draft in wanted.items() if address not in stored]
            try:
                self._put_missing(missing, stored)
            except VersionConflict:
                # Another writer made one of them meanwhile, whose contact id is the one to use, or
                # changed it.
                continue
            return tuple(stored[draft.address] for draft in drafts)
        raise DependencyRefused("Contacts: other writers kept writing the same ones.")

    def get(self, contact_ids: Sequence[ContactId]) -> tuple[Contact, ...]:
        """Consistent, 100 a request: who was added a moment ago must not be missed."""
        keys = {contact_id: contact_key(contact_id) for contact_id in contact_ids}
        found = self._table.batch_get(list(keys.values()), consistent=True)
        return tuple(
            item_to_contact(found[keys[contact_id]])
            for contact_id in contact_ids
            if keys[contact_id] in found
        )

    def find(self, address: str) -> Contact | None:
        """Two consistent reads: of the address, then of its contact."""
        item = self._table.get(address_key(self._address_hash_key(), address))
        if item is None:
            return None
        return next(iter(self.get([ContactId(item["contact_id"])])), None)

    def find_all(self, addresses: Sequence[str]) -> tuple[Contact, ...]:
        """Consistent, 100 a request: the addresses, then their contacts."""
        hash_key = self._address_hash_key()
        keys = [address_key(hash_key, each) for each in dict.fromkeys(addresses)]
        found = self._table.batch_get(keys, consistent=True)
        return self.get([ContactId(item["contact_id"]) for item in found.values()])

    def save(self, contact: Contact) -> Contact:
        """A conditional PutItem."""
        saved = replace(contact, revision=contact.revision + 1)
        self._table.put(put_version(contact_to_item(saved), contact.revision))
        return saved

    def begin_erasure(self, contact_id: ContactId, next_check_at: datetime) -> Erasure | None:
        """One transaction: contact, address, and the erasure's record."""
        for attempt in range(_ATTEMPTS):
            self._table.back_off(attempt)
            contact = next(iter(self.get([contact_id])), None)
            if contact is None:
                item = self._table.get(erasure_key(contact_id))
                return None if item is None else item_to_erasure(item)
            hash_key = self._address_hash_key()
            erasure = Erasure(
                contact_id,
                suppression_id_of(hash_key, contact.address),
                next_check_at=next_check_at,
            )
            try:
                self._table.transact(
                    [
                        Delete(
                            contact_key(contact_id),
                            "#version = :version",
                            {"#version": "version"},
                            {":version": contact.revision},
                        ),
                        Delete(address_key(hash_key, contact.address)),
                        Put(erasure_to_item(erasure)),
                    ]
                )
            except VersionConflict:
                continue
            return erasure
        raise DependencyRefused("Contacts: other writers kept writing the same one.")

    def note_erasure(self, erasure: Erasure) -> None:
        """A PutItem, where there is one."""
        with suppress(VersionConflict):
            self._table.put(Put(erasure_to_item(erasure), "attribute_exists(pk)"))

    def end_erasure(self, contact_id: ContactId) -> None:
        """A DeleteItem."""
        self._table.delete(erasure_key(contact_id))

    def page(self, *, lower: str, upper: str, after: str | None, limit: int) -> ContactPage:
        """A consistent Query of each partition that the bounds touch, until there are enough."""
        found: list[Contact] = []
        for digit in _PARTITIONS:
            first, last = max(lower, f"{digit}0"), min(upper, f"{digit}g")
            if first >= last or (after is not None and after >= last):
                continue
            found += self._within(first, last, after, limit + 1 - len(found))
            if len(found) > limit:
                page = tuple(found[:limit])
                return ContactPage(page, member_key(page[-1].contact_id))
        return ContactPage(tuple(found), None)

    def _within(self, lower: str, upper: str, after: str | None, limit: int) -> list[Contact]:
        pk, end = contact_place(upper)
        return [
            item_to_contact(item)
            for item in self._table.query(
                "pk = :pk AND sk BETWEEN :lower AND :upper",
                {":pk": pk, ":lower": contact_place(lower)[1], ":upper": end},
                consistent=True,
                limit=limit,
                start=contact_place(after) if after is not None and after >= lower else None,
            )
            if item["sk"] != end
        ]

    def _put_missing(self, drafts: Sequence[ContactDraft], stored: dict[str, Contact]) -> None:
        keys = {
            address_key(self._address_hash_key(), draft.address): draft.address for draft in drafts
        }
        addresses = self._table.batch_get(list(keys), consistent=True)
        known = {
            contact.address: contact
            for contact in self.get([ContactId(item["contact_id"]) for item in addresses.values()])
        }
        known_drafts = [draft for draft in drafts if draft.address in known]
        new_drafts = [draft for draft in drafts if draft.address not in known]
        changed: list[tuple[Contact, Write]] = []
        for draft in known_drafts:
            before = known[draft.address]
            after = before.given(draft)
            if after is before:
                stored[draft.address] = before
                continue
            after = replace(after, revision=before.revision + 1)
            changed.append((after, put_version(contact_to_item(after), before.revision)))
        for start in range(0, len(changed), _UPDATES_A_TRANSACTION):
            some = changed[start : start + _UPDATES_A_TRANSACTION]
            self._table.transact([write for _, write in some])
            stored.update({contact.address: contact for contact, _ in some})
        new = [Contact.new(self._ids.contact_id(), draft) for draft in new_drafts]
        for start in range(0, len(new), _CONTACTS_A_TRANSACTION):
            added = new[start : start + _CONTACTS_A_TRANSACTION]
            writes: list[Write] = []
            for contact in added:
                writes.append(put_new(address_to_item(self._address_hash_key(), contact)))
                writes.append(put_new(contact_to_item(contact)))
            self._table.transact(writes)
            stored.update({contact.address: contact for contact in added})
