"""Tell a person everything that is held about them (GDPR, article 15)."""

from dataclasses import dataclass

from domain.contact import Contact
from domain.errors import NotFound
from domain.identifiers import ContactId, SegmentId
from domain.ports.campaigns import CampaignRepository
from domain.ports.chunks import ChunkRepository
from domain.ports.contacts import ContactRepository
from domain.ports.fan_out import FanOutRepository
from domain.ports.segments import SegmentRepository
from domain.ports.suppressions import SuppressionRepository
from domain.suppression import SuppressionEntry
from domain.use_cases.delivery_walk import DeliveryPage, DeliveryWalk

SEGMENTS_A_READ = 100
CAMPAIGNS_A_PAGE = 20


@dataclass(frozen=True)
class ContactExport:
    """What is held; of the mails a page."""

    contact: Contact
    suppression: SuppressionEntry | None
    segment_ids: tuple[SegmentId, ...]
    deliveries: DeliveryPage


@dataclass(frozen=True, kw_only=True)
class ExportContact:
    """As of now."""

    contacts: ContactRepository
    suppressions: SuppressionRepository
    segments: SegmentRepository
    campaigns: CampaignRepository
    chunks: ChunkRepository
    fan_out: FanOutRepository

    def __call__(self, contact_id: ContactId, cursor: str | None) -> ContactExport:
        """Raises NotFound, InvalidInput naming `cursor`, and DependencyFault."""
        contact = next(iter(self.contacts.get([contact_id])), None)
        if contact is None:
            raise NotFound("contact", contact_id)
        walk = DeliveryWalk(self.campaigns, self.chunks, self.fan_out)
        deliveries = walk.page(contact_id, CAMPAIGNS_A_PAGE, cursor)
        return ContactExport(
            contact,
            self.suppressions.entry(contact.address),
            static_segments_with(self.segments, contact_id),
            deliveries,
        )


def static_segments_with(
    segments: SegmentRepository, contact_id: ContactId
) -> tuple[SegmentId, ...]:
    """Every segment that a contact was put into. Raises DependencyFault."""
    found: list[SegmentId] = []
    cursor = None
    while True:
        page = segments.page(SEGMENTS_A_READ, cursor)
        static = [each.segment_id for each in page.segments if each.rule is None]
        found += sorted(segments.memberships(contact_id, static))
        cursor = page.cursor
        if cursor is None:
            return tuple(found)
