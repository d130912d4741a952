"""Double opt-in: the link that confirms an address, and the mail that it is in."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.footer import POSTAL_ADDRESS, Footer
from domain.identifiers import ContactId
from domain.merge_fields import MergeFields
from domain.sending_identities import readable
from domain.signed_tokens import SignedTokens
from domain.template import Content

CONFIRM_URL = "confirm_url"
SENDER = "sender"
LINK_LIFETIME = timedelta(days=7)
CONSENT_SOURCE = "double opt-in"

_LABEL = b"sentinel: confirmation tokens"
_PAYLOAD = re.compile(r"([A-Za-z0-9_-]{1,64})/([1-9]\d{0,11})", re.ASCII)


@dataclass(frozen=True)
class Asking:
    """A mail that asks somebody to confirm, and when it was made: to the second."""

    contact_id: ContactId
    at: datetime

    def has_expired(self, now: datetime) -> bool:
        """Whether its link confirms nothing any more."""
        return now >= self.at + LINK_LIFETIME


@dataclass(frozen=True)
class ConfirmationTokens:
    """Tokens that only Sentinel can make, and that hold no address.

    A contact's address never changes, so that its id says which address was written to.
    """

    address_hash_key: Callable[[], bytes]

    def token(self, asking: Asking) -> str:
        """For a link. Raises DependencyFault where the key cannot be had."""
        return self._signed.signed(f"{asking.contact_id}/{int(asking.at.timestamp())}".encode())

    def read(self, token: str) -> Asking | None:
        """What `token` was made for; None if Sentinel did not make it. Raises DependencyFault."""
        payload = self._signed.payload_of(token)
        parts = None if payload is None else _PAYLOAD.fullmatch(payload)
        if parts is None:
            return None
        return Asking(ContactId(parts[1]), datetime.fromtimestamp(int(parts[2]), UTC))

    @property
    def _signed(self) -> SignedTokens:
        return SignedTokens(self.address_hash_key, _LABEL)


def confirmation_fields(footer: Footer, sender: str, token: str = "sample") -> MergeFields:  # noqa: S107  no password
    """What the mail that asks may merge; without a token a link as an example, of no use."""
    return {
        CONFIRM_URL: footer.confirm_url(token),
        POSTAL_ADDRESS: footer.postal_address,
        SENDER: readable(sender),
    }


DEFAULT_CONTENT = Content(
    "Please confirm your address",
    (
        "<p>Somebody, we hope you, asked for mail from {{ sender }} to this address.</p>\n"
        '<p><a href="{{ confirm_url }}">Yes, this is my address, and I want it</a></p>\n'
        "<p>If it was not you, do nothing: without your answer there will be no mail. The link "
        "works for 7 days.</p>\n"
        "<p>{{ sender }}{% if postal_address %}<br>{{ postal_address }}{% endif %}</p>\n"
    ),
    (
        "Somebody, we hope you, asked for mail from {{ sender }} to this address.\n\n"
        "If it is yours, and you want it, open this and confirm:\n{{ confirm_url }}\n\n"
        "If it was not you, do nothing: without your answer there will be no mail. The link "
        "works for 7 days.\n\n"
        "{{ sender }}{% if postal_address %}\n{{ postal_address }}{% endif %}\n"
    ),
)
"""What is mailed where the deployment and the request name no template."""
