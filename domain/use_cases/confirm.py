"""Take somebody's word, by the link in the mail that asked for it, that the address is theirs."""

import logging
from dataclasses import dataclass
from enum import StrEnum

from domain.confirmation import CONSENT_SOURCE, Asking, ConfirmationTokens
from domain.contact import Consent, Contact
from domain.errors import VersionConflict
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.suppressions import SuppressionRepository
from domain.suppression import SuppressionReason, SuppressionScope

logger = logging.getLogger(__name__)

_ATTEMPTS = 5


class ConfirmResult(StrEnum):
    """What became of it."""

    DONE = "done"
    """Mail comes from now on; also where it was confirmed before."""
    HELD_BACK = "held back"
    """Confirmed, and something else keeps mail back from the address."""
    EXPIRED = "expired"
    NOBODY = "nobody"
    """The token is Sentinel's, and whom it was made for was erased."""
    NO_TOKEN = "no token"  # noqa: S105  a result


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """Whoever reads the mailbox may: that is what is asked."""

    tokens: ConfirmationTokens
    contacts: ContactRepository
    suppressions: SuppressionRepository
    clock: Clock

    def __call__(self, token: str) -> ConfirmResult:
        """However often it is asked for, it is one consent.

        It takes back what the reader unsubscribed from before the mail was made, and nothing
        else: no bounce, complaint or operator's entry. Raises VersionConflict and DependencyFault.
        """
        asking = self.tokens.read(token)
        result = ConfirmResult.NO_TOKEN if asking is None else self._confirm(asking)
        logger.info(
            "Confirmation: %s",
            result,
            extra={"contact_id": None if asking is None else asking.contact_id},
        )
        return result

    def _confirm(self, asking: Asking) -> ConfirmResult:
        for _ in range(_ATTEMPTS):
            contact = next(iter(self.contacts.get([asking.contact_id])), None)
            if contact is None:
                return ConfirmResult.NOBODY
            if contact.confirmation is None:
                # Done before: a later unsubscribing is not taken back by an old link.
                return self._as_it_is(contact)
            if asking.has_expired(self.clock.now()):
                return ConfirmResult.EXPIRED
            # Before the contact: until that is written, all of it can be repeated.
            self._lift(contact, asking)
            consent = Consent(CONSENT_SOURCE, self.clock.now())
            try:
                return self._as_it_is(self.contacts.save(contact.with_consent(consent)))
            except VersionConflict:
                continue
        raise VersionConflict("The contact kept changing.")

    def _lift(self, contact: Contact, asking: Asking) -> None:
        entry = self.suppressions.entry(contact.address)
        if (
            entry is not None
            and entry.reason is SuppressionReason.UNSUBSCRIBE
            and entry.scope is SuppressionScope.MARKETING
            and entry.since < asking.at
        ):
            self.suppressions.lift(entry)

    def _as_it_is(self, contact: Contact) -> ConfirmResult:
        entry = self.suppressions.entry(contact.address)
        return ConfirmResult.DONE if entry is None else ConfirmResult.HELD_BACK
