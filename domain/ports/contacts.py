"""Where contacts are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.contact import Contact, ContactDraft
from domain.erasure import Erasure
from domain.identifiers import ContactId


@dataclass(frozen=True)
class ContactPage:
    """Contacts in the order of their member keys. `cursor` is the key to read on after."""

    contacts: tuple[Contact, ...]
    cursor: str | None


class ContactRepository(Protocol):
    """One contact per normalised address. Every method raises DependencyFault."""

    def put(self, drafts: Sequence[ContactDraft]) -> tuple[Contact, ...]:
        """Create or update the contact of each address; one result for each draft, in order.

        An address seen before keeps its contact id and becomes what `Contact.given` makes of it;
        of two drafts of one address the later counts. The revision moves where something changes.
        Idempotent but for the ids of new contacts; two writers of one address agree on one
        contact. A contact tells by `created_by` and `changed_by` what became of a draft with an
        origin, also when that was put before. Not atomic: after a fault some drafts may be
        stored, and all may be put again.

        Raises InvalidInput naming `fields` where a draft adds too many to one of them, and then
        that one is not written, and of the others none unless somebody else was writing them,
        too: put one by one, they tell which it is.
        """
        ...

    def get(self, contact_ids: Sequence[ContactId]) -> tuple[Contact, ...]:
        """Those of `contact_ids` that exist, in the order asked for."""
        ...

    def find(self, address: str) -> Contact | None:
        """The contact with this normalised address; strongly consistent."""
        ...

    def find_all(self, addresses: Sequence[str]) -> tuple[Contact, ...]:
        """The contacts with these normalised addresses, as far as there are any, in any order."""
        ...

    def save(self, contact: Contact) -> Contact:
        """Write a contact of the same address if the stored revision is still `contact`'s.

        Returns it as stored, of the next revision. Raises VersionConflict, and then nothing was
        written. A write whose answer was lost and that was repeated underneath counts as the
        success it was.
        """
        ...

    def begin_erasure(self, contact_id: ContactId, next_check_at: datetime) -> Erasure | None:
        """Take the contact and its address away, and note that an erasure is under way.

        It is due for the reconciler at `next_check_at`. Both or neither. One that is under way
        already is returned as it was noted; None where there is neither contact nor erasure.
        """
        ...

    def note_erasure(self, erasure: Erasure) -> None:
        """How far it is, and when it is due; nothing is written where it has ended."""
        ...

    def end_erasure(self, contact_id: ContactId) -> None:
        """Nothing stays."""
        ...

    def page(self, *, lower: str, upper: str, after: str | None, limit: int) -> ContactPage:
        """Contacts with a member key from `lower` to before `upper` and past `after`, in key order.

        Strongly consistent: who was put a moment ago is there. Fewer than `limit` may come with a
        cursor; no cursor means that there are no more.
        """
        ...
