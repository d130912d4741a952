"""Tell endpoints of what became of recipients' mails."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.chunk import Chunk
from domain.ports.clock import Clock
from domain.ports.webhook_deliveries import WebhookDeliveryRepository
from domain.ports.webhooks import WebhookRepository
from domain.provider_event import ProviderEvent, ProviderEventKind
from domain.use_cases.tell_webhooks import tell
from domain.webhook_event import WebhookEvent, event_id_of, occurrence_of, recipient_data

_EVENTS = {
    ProviderEventKind.HARD_BOUNCE: WebhookEvent.RECIPIENT_BOUNCED,
    ProviderEventKind.COMPLAINT: WebhookEvent.RECIPIENT_COMPLAINED,
}


@dataclass(frozen=True, kw_only=True)
class AnnounceOutcomes:
    """Before the recipient's flag is written: who finds the flag finds the deliveries.

    Endpoints are only read where something is to be told.
    """

    webhooks: WebhookRepository
    deliveries: WebhookDeliveryRepository
    clock: Clock

    def __call__(self, before: Chunk, noted: Chunk, events: Sequence[ProviderEvent]) -> None:
        """Of each bounce and complaint that is new with `noted`. Raises DependencyFault."""
        fresh = [each for each in events if _is_new(each, before, noted)]
        if not fresh:
            return
        endpoints = self.webhooks.all()
        for event in fresh:
            kind = _EVENTS[event.kind]
            wanting = [each for each in endpoints if each.wants(kind)]
            if not wanting:
                continue
            ref = event.chunk
            recipient = noted.recipients[event.position]
            told = occurrence_of(
                event_id_of(ref.campaign_id, ref.range_number, ref.number, event.position, kind),
                kind,
                event.at,
                recipient_data(ref.campaign_id, recipient.contact_id),
            )
            tell(self.deliveries, wanting, told, self.clock.now())


def _is_new(event: ProviderEvent, before: Chunk, noted: Chunk) -> bool:
    if event.kind not in _EVENTS or event.position >= len(noted.recipients):
        return False
    return (
        event.flag in noted.progress[event.position].flags
        and event.flag not in before.progress[event.position].flags
        and not noted.recipients[event.position].is_erased
    )
