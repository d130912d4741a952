"""Where contacts are kept."""

from collections.abc import Sequence
from typing import Protocol

from domain.contact import Contact, ContactDraft
from domain.identifiers import ContactId


class ContactRepository(Protocol):
    """One contact per normalised address. Every method raises DependencyFault."""

    def put(self, drafts: Sequence[ContactDraft]) -> tuple[Contact, ...]:
        """Create or update the contact of each address; one result for each draft, in order.

        An address seen before keeps its contact id and gets the new fields. Idempotent but for
        the ids of new contacts; two writers of one address agree on one contact. Not atomic:
        after a fault some drafts may be stored, and all may be put again.
        """
        ...

    def get(self, contact_ids: Sequence[ContactId]) -> tuple[Contact, ...]:
        """Those of `contact_ids` that exist, in the order asked for."""
        ...
