"""Count the mails of a person that came back for a passing reason, and give up in the end."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.chunk import Chunk
from domain.contact import Contact
from domain.errors import VersionConflict
from domain.identifiers import ContactId, SuppressionId
from domain.ports.contacts import ContactRepository
from domain.ports.suppressions import SuppressionRepository
from domain.provider_event import ProviderEvent, ProviderEventKind
from domain.recipient import RecipientFlag
from domain.suppression import Suppression, SuppressionReason

logger = logging.getLogger(__name__)

_COUNTED = frozenset({ProviderEventKind.SOFT_BOUNCE, ProviderEventKind.DELIVERY})
_ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True)
class CountSoftBounces:
    """On the contact, by campaign: told again after a crash, a mail counts once all the same."""

    contacts: ContactRepository
    suppressions: SuppressionRepository
    limit: int
    """So many mails in a row suppress the address; 0 counts only."""

    def __call__(
        self, chunk: Chunk, events: Sequence[ProviderEvent]
    ) -> Sequence[tuple[int, SuppressionId]]:
        """Before the flags are written, which say that it is done.

        Returns whose address was suppressed, by position. Raises VersionConflict and
        DependencyFault: it may be repeated.
        """
        told: dict[int, list[ProviderEvent]] = {}
        for event in events:
            if _is_news(chunk, event):
                told.setdefault(event.position, []).append(event)
        if not told:
            return ()
        ids = {position: chunk.recipients[position].contact_id for position in told}
        found = {each.contact_id: each for each in self.contacts.get(list(ids.values()))}
        added: list[tuple[int, SuppressionId]] = []
        for position, news in told.items():
            contact = found.get(ids[position])
            counted = None if contact is None else self._count(contact, chunk, position, news)
            at = None if counted is None else counted.soft_bounces.given_up_at(self.limit)
            if counted is not None and at is not None:
                added.append((position, self._give_up(counted, at)))
        return added

    def _count(
        self, contact: Contact, chunk: Chunk, position: int, news: Sequence[ProviderEvent]
    ) -> Contact | None:
        """As stored; None where the person was erased meanwhile, or nothing bounced."""
        campaign_id = chunk.ref.campaign_id
        bounced = [each.at for each in news if each.kind is ProviderEventKind.SOFT_BOUNCE]
        delivered = [each.at for each in news if each.kind is ProviderEventKind.DELIVERY]
        if RecipientFlag.DELIVERED in chunk.progress[position].flags:
            # It arrived: what comes back is an answer, by a machine.
            return None
        stored: Contact | None = contact
        for _ in range(_ATTEMPTS):
            if stored is None:
                return None
            after = stored.soft_bounces
            for at in bounced:
                after = after.bounced(campaign_id, at)
            for at in delivered:
                after = after.delivered(campaign_id, at)
            if after == stored.soft_bounces:
                return stored if bounced else None
            try:
                return self.contacts.save(replace(stored, soft_bounces=after))
            except VersionConflict:
                stored = self._again(stored.contact_id)
        raise VersionConflict("The contact kept changing.")

    def _again(self, contact_id: ContactId) -> Contact | None:
        return next(iter(self.contacts.get([contact_id])), None)

    def _give_up(self, contact: Contact, at: datetime) -> SuppressionId:
        entry = self.suppressions.add(
            Suppression(contact.address, SuppressionReason.SOFT_BOUNCES, at)
        )
        logger.info(
            "Given up after %d soft bounces",
            contact.soft_bounces.count,
            extra={"contact_id": contact.contact_id},
        )
        return entry.suppression_id


def _is_news(chunk: Chunk, event: ProviderEvent) -> bool:
    """Whether it counts, of somebody who is known, and was not told before."""
    if event.kind not in _COUNTED or event.position >= len(chunk.recipients):
        return False
    is_known = not chunk.recipients[event.position].is_erased
    return is_known and event.flag not in chunk.progress[event.position].flags
