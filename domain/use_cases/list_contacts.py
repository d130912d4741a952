"""List contacts."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from domain.contact import Contact
from domain.contact_status import ContactStatus, status_of
from domain.errors import InvalidInput
from domain.key_space import WHOLE_KEY_SPACE
from domain.ports.contacts import ContactRepository
from domain.ports.suppressions import SuppressionRepository

_CURSOR = re.compile(r"[0-9a-f]{2}\.con_[0-9A-Za-z]{1,60}", re.ASCII)


@dataclass(frozen=True)
class ContactList:
    """Contacts with their status, in an order of their own. `cursor` reads on."""

    contacts: tuple[tuple[Contact, ContactStatus], ...]
    cursor: str | None

    @classmethod
    def of(
        cls, contacts: Sequence[Contact], after: str | None, suppressions: SuppressionRepository
    ) -> "ContactList":
        """With what the suppression list says now. Raises DependencyFault."""
        suppressed = suppressions.find([each.address for each in contacts])
        cursor = None if after is None else base64.urlsafe_b64encode(after.encode()).decode()
        return cls(
            tuple((each, status_of(each, suppressed.get(each.address))) for each in contacts),
            None if cursor is None else cursor.rstrip("="),
        )


@dataclass(frozen=True, kw_only=True)
class ListContacts:
    """All of them, page by page. Who is there all the while comes once."""

    contacts: ContactRepository
    suppressions: SuppressionRepository

    def __call__(self, limit: int, cursor: str | None) -> ContactList:
        """Raises InvalidInput naming `cursor`, and DependencyFault."""
        lower, upper = WHOLE_KEY_SPACE
        after = place_after(cursor)
        page = self.contacts.page(lower=lower, upper=upper, after=after, limit=limit)
        return ContactList.of(page.contacts, page.cursor, self.suppressions)


def place_after(cursor: str | None) -> str | None:
    """The member key that a list goes on after. Raises InvalidInput naming `cursor`."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        key = ""
    if not _CURSOR.fullmatch(key):
        raise InvalidInput("cursor", "Not a cursor of this list; start without one.")
    return key
