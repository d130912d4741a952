"""Write down what the provider tells of mails that it took."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from domain.campaign import Campaign
from domain.chunk import Chunk, ChunkRef
from domain.contact import normalise_address
from domain.errors import DependencyFault, InvalidInput, VersionConflict
from domain.identifiers import CampaignId
from domain.outcome import OutcomeCounts
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.metrics import Metrics
from domain.ports.provider_events import EventDelivery
from domain.ports.suppressions import SuppressionRepository
from domain.provider_event import ProviderEvent, ProviderEventKind
from domain.recipient import RecipientState
from domain.suppression import Suppression, SuppressionReason
from domain.use_cases.finish_campaign import FinishCampaign

logger = logging.getLogger(__name__)

_SUPPRESSING = {
    ProviderEventKind.HARD_BOUNCE: SuppressionReason.BOUNCE,
    ProviderEventKind.COMPLAINT: SuppressionReason.COMPLAINT,
}
_WRITE_ATTEMPTS = 10
"""Lost races in a row, to a worker that is at the same chunk; then the messages come again."""


@dataclass(frozen=True, kw_only=True)
class RecordProviderEvents:
    """Events of docs/delivery.md: they come twice, late, early and in any order."""

    chunks: ChunkRepository
    suppressions: SuppressionRepository
    clock: Clock
    metrics: Metrics
    finish: FinishCampaign

    def __call__(self, deliveries: Sequence[EventDelivery]) -> Sequence[EventDelivery]:
        """Returns the deliveries that are dealt with; the others are to come again.

        One write a chunk, none where nothing changes. What fails keeps no other chunk waiting.
        """
        events: dict[ChunkRef, list[ProviderEvent]] = {}
        for delivery in deliveries:
            for event in delivery.events:
                events.setdefault(event.chunk, []).append(event)
        failed: set[ChunkRef] = set()
        finished: dict[CampaignId, None] = {}
        for ref, found in events.items():
            try:
                if self._record(ref, found):
                    finished[ref.campaign_id] = None
            except Exception:
                # A fault, or a defect that this chunk alone brings out.
                logger.exception("Events left on the queue", extra=_names(ref))
                failed.add(ref)
        for campaign_id in finished:
            self._check(campaign_id)
        return [
            delivery
            for delivery in deliveries
            if not any(event.chunk in failed for event in delivery.events)
        ]

    def _record(self, ref: ChunkRef, events: Sequence[ProviderEvent]) -> bool:
        """Whether that finished the chunk."""
        for _ in range(_WRITE_ATTEMPTS):
            loaded = self.chunks.load(ref)
            if loaded is None:
                # Kept no longer, or never: whom not to mail again is worth knowing all the same.
                self._suppress(events, None)
                return False
            campaign, chunk = loaded
            self._suppress(events, chunk)
            noted = chunk.note(events)
            if noted == chunk:
                return False
            try:
                stored = self.chunks.save(noted.since(chunk, self.clock.now()), chunk)
            except VersionConflict:
                continue
            self._report(campaign, chunk, stored)
            return stored.is_finished and not chunk.is_finished
        raise VersionConflict("The chunk kept changing.")

    def _suppress(self, events: Sequence[ProviderEvent], chunk: Chunk | None) -> None:
        """Before the flag is written: who reads the flag finds the address on the list."""
        for event in events:
            reason = _SUPPRESSING.get(event.kind)
            if reason is None:
                continue
            for address in _addresses(event, chunk):
                self.suppressions.add(Suppression(address, reason, event.at))

    def _report(self, campaign: Campaign, before: Chunk, after: Chunk) -> None:
        proved = sum(
            one.state is not RecipientState.SENT and other.state is RecipientState.SENT
            for one, other in zip(before.progress, after.progress, strict=True)
        )
        if proved:
            self.metrics.sends(campaign, OutcomeCounts(accepted=proved))
            logger.info("Proved by the provider: %d sent", proved, extra=_names(after.ref))

    def _check(self, campaign_id: CampaignId) -> None:
        try:
            self.finish(campaign_id)
        except DependencyFault:
            logger.exception(
                "Not checked whether it is sent; the reconciler will",
                extra={"campaign_id": campaign_id},
            )


def _addresses(event: ProviderEvent, chunk: Chunk | None) -> Sequence[str]:
    """As they are mailed; none where this was told before."""
    if chunk is None or event.position >= len(chunk.recipients):
        return [each for text in event.addresses for each in _normalised(text)]
    if event.flag in chunk.progress[event.position].flags:
        return ()
    recipient = chunk.recipients[event.position]
    return () if recipient.is_erased else (recipient.address,)


def _normalised(text: str) -> Sequence[str]:
    try:
        return (normalise_address(text),)
    except InvalidInput:
        return ()


def _names(ref: ChunkRef) -> dict[str, object]:
    return {"campaign_id": ref.campaign_id, "range": ref.range_number, "chunk": ref.number}
