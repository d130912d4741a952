"""List the mails of one person."""

from dataclasses import dataclass

from domain.errors import NotFound
from domain.identifiers import ContactId
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.contacts import ContactRepository
from domain.ports.fan_out import FanOutRepository
from domain.use_cases.delivery_walk import DeliveryPage, DeliveryWalk


@dataclass(frozen=True, kw_only=True)
class ListDeliveries:
    """In which campaigns a contact was, and how far each of its mails is."""

    contacts: ContactRepository
    campaigns: CampaignRepository
    chunks: ChunkRepository
    fan_out: FanOutRepository

    def __call__(self, contact_id: ContactId, limit: int, cursor: str | None) -> DeliveryPage:
        """Of `limit` campaigns, newest first.

        Raises NotFound, InvalidInput naming `cursor`, and DependencyFault.
        """
        if not self.contacts.get([contact_id]):
            raise NotFound("contact", contact_id)
        walk = DeliveryWalk(self.campaigns, self.chunks, self.fan_out)
        return walk.page(contact_id, limit, cursor)
