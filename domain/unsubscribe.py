"""Unsubscribing: the signed token in each mail's link."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from domain.chunk import ChunkRef
from domain.identifiers import CampaignId, ContactId
from domain.signed_tokens import SignedTokens

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
