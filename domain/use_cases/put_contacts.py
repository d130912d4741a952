"""Create or update contacts."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.contact import Contact, ContactDraft
from domain.errors import InvalidInput
from domain.ports.contacts import ContactRepository

MAX_CONTACTS = 500


@dataclass(frozen=True, kw_only=True)
class PutContacts:
    """One contact for each address."""

    contacts: ContactRepository

    def __call__(self, drafts: Sequence[ContactDraft]) -> tuple[Contact, ...]:
        """One contact for each draft, in order. Raises InvalidInput and DependencyFault."""
        if len(drafts) > MAX_CONTACTS:
            raise InvalidInput("contacts", f"At most {MAX_CONTACTS} contacts in one call.")
        return self.contacts.put(drafts)
