"""Find a contact by its address."""

from dataclasses import dataclass

from domain.address import normalise_address
from domain.contact import Contact
from domain.contact_status import ContactStatus, status_of
from domain.errors import NotFound
from domain.ports.contacts import ContactRepository
from domain.ports.suppressions import SuppressionRepository


@dataclass(frozen=True, kw_only=True)
class LookUpContact:
    """With its status."""

    contacts: ContactRepository
    suppressions: SuppressionRepository

    def __call__(self, address: str) -> tuple[Contact, ContactStatus]:
        """`address` in any spelling. Raises InvalidInput, NotFound and DependencyFault."""
        contact = self.contacts.find(normalise_address(address))
        if contact is None:
            # The error must not repeat it.
            raise NotFound("contact", "of that address")
        suppressed = self.suppressions.find([contact.address])
        return contact, status_of(contact, suppressed.get(contact.address))
