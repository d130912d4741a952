"""Read a contact."""

from dataclasses import dataclass

from domain.contact import Contact
from domain.contact_status import ContactStatus, status_of
from domain.errors import NotFound
from domain.identifiers import ContactId
from domain.ports.contacts import ContactRepository
from domain.ports.suppressions import SuppressionRepository


@dataclass(frozen=True, kw_only=True)
class ReadContact:
    """With its status."""

    contacts: ContactRepository
    suppressions: SuppressionRepository

    def __call__(self, contact_id: ContactId) -> tuple[Contact, ContactStatus]:
        """Raises NotFound and DependencyFault."""
        contact = next(iter(self.contacts.get([contact_id])), None)
        if contact is None:
            raise NotFound("contact", contact_id)
        suppressed = self.suppressions.find([contact.address])
        return contact, status_of(contact, suppressed.get(contact.address))
