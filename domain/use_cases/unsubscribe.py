"""Take somebody off the mailings, as they ask by the link in one of them."""

import logging
from dataclasses import dataclass
from enum import StrEnum

from domain.address import normalise_address
from domain.errors import InvalidInput
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.contacts import ContactRepository
from domain.ports.suppressions import SuppressionRepository
from domain.suppression import Suppression, SuppressionReason, SuppressionScope
from domain.unsubscribe import Mailing, UnsubscribeTokens

logger = logging.getLogger(__name__)


class UnsubscribeResult(StrEnum):
    """What became of it."""

    DONE = "done"
    NOBODY = "nobody"
    """The token is Sentinel's, and nothing is known any more of whom it was made for."""
    NO_TOKEN = "no token"  # noqa: S105  a result


@dataclass(frozen=True, kw_only=True)
class Unsubscribe:
    """Whoever holds the mail may: that is what the link is for, and undoing it is easy."""

    tokens: UnsubscribeTokens
    chunks: ChunkRepository
    contacts: ContactRepository
    suppressions: SuppressionRepository
    clock: Clock

    def __call__(self, token: str, scope: SuppressionScope) -> UnsubscribeResult:
        """Suppress the address that was mailed.

        However often it is asked for, it is one entry. Raises DependencyFault.
        """
        mailing = self.tokens.read(token)
        if mailing is None:
            return UnsubscribeResult.NO_TOKEN
        address = self._address(mailing)
        if address is not None:
            entry = self.suppressions.add(
                Suppression(address, SuppressionReason.UNSUBSCRIBE, self.clock.now(), scope)
            )
            if self._address(mailing) is None:
                # Erased meanwhile. An erasure that is not seen here takes the address off itself.
                self.suppressions.forget(entry.suppression_id)
        logger.info(
            "Unsubscribed from %s",
            scope,
            extra={
                "campaign_id": mailing.chunk.campaign_id,
                "contact_id": mailing.contact_id,
                "known": address is not None,
            },
        )
        return UnsubscribeResult.NOBODY if address is None else UnsubscribeResult.DONE

    def _address(self, mailing: Mailing) -> str | None:
        """As it was mailed; of a campaign that is no longer kept, the contact's."""
        loaded = self.chunks.load(mailing.chunk)
        if loaded is not None:
            recipients = loaded[1].recipients
            if mailing.position < len(recipients):
                found = recipients[mailing.position]
                if found.contact_id == mailing.contact_id and _is_address(found.address):
                    return found.address
        contacts = self.contacts.get([mailing.contact_id])
        return contacts[0].address if contacts else None


def _is_address(text: str) -> bool:
    """Erasure leaves something else in its place."""
    try:
        return normalise_address(text) == text
    except InvalidInput:
        return False
