"""Put contacts into a static segment."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import InvalidInput, NotFound, UnknownReference
from domain.identifiers import ContactId, SegmentId, shown
from domain.ports.contacts import ContactRepository
from domain.ports.segments import SegmentRepository

MAX_MEMBERS = 500


@dataclass(frozen=True, kw_only=True)
class AddMembers:
    """Who is in it already stays once."""

    segments: SegmentRepository
    contacts: ContactRepository

    def __call__(self, segment_id: SegmentId, contact_ids: Sequence[ContactId]) -> None:
        """Raises NotFound, InvalidInput (then nobody was put in) and DependencyFault."""
        if len(contact_ids) > MAX_MEMBERS:
            raise InvalidInput("contact_ids", f"At most {MAX_MEMBERS} contacts in one call.")
        segment = self.segments.get(segment_id)
        if segment is None:
            raise NotFound("segment", segment_id)
        if segment.rule is not None:
            raise InvalidInput("contact_ids", "The segment has a rule: who fits it is in it.")
        known = {contact.contact_id for contact in self.contacts.get(contact_ids)}
        for index, contact_id in enumerate(contact_ids):
            if contact_id not in known:
                raise UnknownReference(
                    f"contact_ids/{index}", f"No contact {shown(contact_id)}; create it first."
                )
        self.segments.add_members(segment_id, contact_ids)
