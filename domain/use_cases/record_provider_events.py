"""Write down what the provider tells of mails that it took."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from domain.address import normalise_address
from domain.campaign import Campaign
from domain.chunk import Chunk, ChunkRef
from domain.errors import InvalidInput, VersionConflict
from domain.identifiers import CampaignId, SuppressionId
from domain.outcome import OutcomeCounts
from domain.ports.chunks import ChunkRepository
from domain.ports.clock import Clock
from domain.ports.metrics import Metrics
from domain.ports.provider_events import EventDelivery
from domain.ports.suppressions import SuppressionRepository
from domain.provider_event import ProviderEvent, ProviderEventKind
from domain.recipient import RecipientState
from domain.suppression import Suppression, SuppressionReason
from domain.use_cases.announce_outcomes import AnnounceOutcomes
from domain.use_cases.count_soft_bounces import CountSoftBounces
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
    count: CountSoftBounces
    announce: AnnounceOutcomes

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
                logger.exception("Events left on the queue", extra=ref.names)
                failed.add(ref)
        for campaign_id in finished:
            self.finish.or_leave(campaign_id)
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
                self._suppress(ref, events, None)
                return False
            campaign, chunk = loaded
            self._suppress(ref, events, chunk)
            self._forget_erased(ref, self.count(chunk, events))
            noted = chunk.note(events)
            if noted == chunk:
                return False
            self.announce(chunk, noted, events)
            try:
                stored = self.chunks.save(noted.since(chunk, self.clock.now()), chunk)
            except VersionConflict:
                continue
            self._report(campaign, chunk, stored)
            return stored.is_finished and not chunk.is_finished
        raise VersionConflict("The chunk kept changing.")

    def _suppress(
        self, ref: ChunkRef, events: Sequence[ProviderEvent], chunk: Chunk | None
    ) -> None:
        """Before the flag is written: who reads the flag finds the address on the list."""
        added: list[tuple[int, SuppressionId]] = []
        for event in events:
            reason = _SUPPRESSING.get(event.kind)
            if reason is None:
                continue
            for address in _addresses(event, chunk):
                entry = self.suppressions.add(Suppression(address, reason, event.at))
                added.append((event.position, entry.suppression_id))
        self._forget_erased(ref, added)

    def _forget_erased(self, ref: ChunkRef, added: Sequence[tuple[int, SuppressionId]]) -> None:
        """Read after adding: an erasure that is not seen here takes the address off itself."""
        if not added:
            return
        loaded = self.chunks.load(ref)
        recipients = () if loaded is None else loaded[1].recipients
        for position, suppression_id in added:
            if position < len(recipients) and recipients[position].is_erased:
                self.suppressions.forget(suppression_id)

    def _report(self, campaign: Campaign, before: Chunk, after: Chunk) -> None:
        proved = sum(
            one.state is not RecipientState.SENT and other.state is RecipientState.SENT
            for one, other in zip(before.progress, after.progress, strict=True)
        )
        if proved:
            self.metrics.sends(campaign, OutcomeCounts(accepted=proved))
            logger.info("Proved by the provider: %d sent", proved, extra=after.ref.names)


def _addresses(event: ProviderEvent, chunk: Chunk | None) -> Sequence[str]:
    """As they are mailed, or as the provider wrote them; none where this was told before."""
    if chunk is not None and event.position < len(chunk.recipients):
        if event.flag in chunk.progress[event.position].flags:
            return ()
        recipient = chunk.recipients[event.position]
        if not recipient.is_erased:
            return (recipient.address,)
    return [each for text in event.addresses for each in _normalised(text)]


def _normalised(text: str) -> Sequence[str]:
    try:
        return (normalise_address(text),)
    except InvalidInput:
        return ()
