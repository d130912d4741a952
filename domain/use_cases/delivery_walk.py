"""What the history, the export and the erasure of a person share: the way through campaigns.

No record leads from a person to the mails: one for each recipient would cost a write each. They
are found in each campaign by halving, since chunks are in the order of member keys.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from domain.campaign import Campaign
from domain.chunk import Chunk, ChunkRef
from domain.fan_out import FanOutRange
from domain.identifiers import ContactId
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.fan_out import FanOutRepository
from domain.recipient import Recipient, RecipientProgress
from domain.use_cases.chunk_walk import ChunkGone, chunk_with


@dataclass(frozen=True)
class Delivery:
    """A person in a campaign: where, and how far."""

    campaign: Campaign
    chunk: Chunk
    position: int

    @property
    def recipient(self) -> Recipient:
        """As it was fanned out, or redacted."""
        return self.chunk.recipients[self.position]

    @property
    def progress(self) -> RecipientProgress:
        """How far it is."""
        return self.chunk.progress[self.position]


@dataclass(frozen=True)
class DeliveryPage:
    """Of the newest campaigns first; `cursor` reads on, however few these are."""

    deliveries: tuple[Delivery, ...]
    cursor: str | None


@dataclass(frozen=True)
class DeliveryWalk:
    """As far as campaigns' chunks are still kept."""

    campaigns: CampaignRepository
    chunks: ChunkRepository
    fan_out: FanOutRepository

    def page(self, contact_id: ContactId, limit: int, cursor: str | None) -> DeliveryPage:
        """Of so many campaigns. Raises InvalidInput naming `cursor`, and DependencyFault."""
        page = self.campaigns.page(None, limit, cursor)
        found = []
        for campaign in page.campaigns:
            ranges = self.fan_out.progress(campaign.campaign_id).ranges
            delivery = self.delivery(campaign, ranges, contact_id)
            found += [] if delivery is None else [delivery]
        return DeliveryPage(tuple(found), page.cursor)

    def delivery(
        self, campaign: Campaign, ranges: tuple[FanOutRange, ...], contact_id: ContactId
    ) -> Delivery | None:
        """None where the person is not in it, or it is kept no longer. Raises DependencyFault."""
        with suppress(ChunkGone):
            chunk = chunk_with(ranges, contact_id, self._load_all)
            if chunk is not None:
                ids = [each.contact_id for each in chunk.recipients]
                return Delivery(campaign, chunk, ids.index(contact_id))
        return None

    def _load_all(self, refs: Sequence[ChunkRef]) -> Mapping[ChunkRef, Chunk]:
        return {ref: chunk for ref, (_, chunk) in self.chunks.load_all(refs).items()}
