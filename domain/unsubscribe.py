"""Unsubscribing: the signed token in each mail's link, and what a mail owes its reader."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from domain.campaign import CampaignCategory
from domain.chunk import ChunkRef
from domain.errors import InvalidInput
from domain.identifiers import CampaignId, ContactId
from domain.recipient import Recipient
from domain.signed_tokens import SignedTokens

UNSUBSCRIBE_URL = "unsubscribe_url"
POSTAL_ADDRESS = "postal_address"

_LABEL = b"sentinel: unsubscribe tokens"
_PAYLOAD = re.compile(
    r"([A-Za-z0-9_-]{1,64})/(0|[1-9]\d{0,8})/(0|[1-9]\d{0,8})/(0|[1-9]\d{0,8})/([A-Za-z0-9_-]{1,64})",
    re.ASCII,
)


@dataclass(frozen=True)
class Mailing:
    """One mail: of which campaign, where its recipient stands, and whose contact that is."""

    chunk: ChunkRef
    position: int
    contact_id: ContactId


@dataclass(frozen=True)
class UnsubscribeTokens:
    """Tokens that only Sentinel can make, and that hold no address.

    They never expire: who wants no more mail can say so on the oldest one.
    """

    address_hash_key: Callable[[], bytes]

    def token(self, mailing: Mailing) -> str:
        """For a link. Raises DependencyFault where the key cannot be had."""
        chunk = mailing.chunk
        place = f"{chunk.campaign_id}/{chunk.range_number}/{chunk.number}/{mailing.position}"
        return self._signed.signed(f"{place}/{mailing.contact_id}".encode())

    def read(self, token: str) -> Mailing | None:
        """What `token` was made for; None if Sentinel did not make it. Raises DependencyFault."""
        payload = self._signed.payload_of(token)
        parts = None if payload is None else _PAYLOAD.fullmatch(payload)
        if parts is None:
            return None
        campaign_id, range_number, number, position, contact_id = parts.groups()
        chunk = ChunkRef(CampaignId(campaign_id), int(range_number), int(number))
        return Mailing(chunk, int(position), ContactId(contact_id))

    @property
    def _signed(self) -> SignedTokens:
        return SignedTokens(self.address_hash_key, _LABEL)


@dataclass(frozen=True, kw_only=True)
class Footer:
    """What a mail owes its reader: a way out, and where the sender can be found."""

    public_url: str
    postal_address: str

    def unsubscribe_url(self, token: str = "sample") -> str:  # noqa: S107  no password
        """Where `token` is shown; without one, a link as an example, which leads nowhere."""
        return f"{self.public_url}/u/{token}"

    def confirm_url(self, token: str) -> str:
        """Where `token` is shown."""
        return f"{self.public_url}/c/{token}"

    def merged(self, recipient: Recipient, unsubscribe_url: str) -> Recipient:
        """With the fields that every template may merge; they win over a contact's own."""
        given = {UNSUBSCRIBE_URL: unsubscribe_url, POSTAL_ADDRESS: self.postal_address}
        return replace(recipient, fields={**recipient.fields, **given})

    def lacks_address(self, category: CampaignCategory) -> bool:
        """Whether mails of that category would name no place where the sender can be found."""
        return category is CampaignCategory.MARKETING and not self.postal_address

    def check(self, category: CampaignCategory, names: frozenset[str]) -> None:
        """Whether a template that merges `names` may be sent. Raises InvalidInput.

        Marketing mail says how to be rid of it and who sends it: the law of most countries asks
        for both, and so do those who receive mail for others.
        """
        if category is not CampaignCategory.MARKETING:
            return
        missing = [name for name in (UNSUBSCRIBE_URL, POSTAL_ADDRESS) if name not in names]
        if missing:
            written = " and ".join(f"{{{{ {name} }}}}" for name in missing)
            raise InvalidInput(
                "template_id",
                f"A marketing mail needs {written}: add it to the template, or send the campaign "
                "with category transactional if it is no advertisement.",
            )
        if self.lacks_address(category):
            raise InvalidInput(
                "template_id",
                "The template merges {{ postal_address }}, and the deployment has none: set "
                "POSTAL_ADDRESS.",
            )
