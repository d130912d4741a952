"""Send the chunks of one batch of messages."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.chunk import ChunkRef
from domain.identifiers import CampaignId
from domain.ports.clock import Clock
from domain.ports.queue import Delivery
from domain.priority import Priority
from domain.use_cases.finish_campaign import FinishCampaign
from domain.use_cases.send_chunks import SendChunks

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SendBatch:
    """The chunks of a campaign together; one check for each of which one was finished."""

    send_chunks: SendChunks
    finish: FinishCampaign
    clock: Clock

    def __call__(
        self, deliveries: Sequence[Delivery], time_left: timedelta | None = None
    ) -> Sequence[Delivery]:
        """Returns the deliveries that are dealt with; the others are to come again.

        With `time_left` no attempt is begun that might not be recorded before that has passed:
        what it does not suffice for waits on the queue under messages of its own.
        """
        deadline = None if time_left is None else self.clock.monotonic() + time_left
        together: dict[tuple[CampaignId, Priority | None], list[ChunkRef]] = {}
        for delivery in deliveries:
            key = delivery.chunk.campaign_id, delivery.priority
            together.setdefault(key, []).append(delivery.chunk)
        left: set[ChunkRef] = set()
        for (campaign_id, lane), refs in together.items():
            finished, failed = self._send(refs, lane, deadline)
            left |= failed
            if finished:
                self.finish.or_leave(campaign_id)
        return [delivery for delivery in deliveries if delivery.chunk not in left]

    def _send(
        self, refs: Sequence[ChunkRef], lane: Priority | None, deadline: timedelta | None
    ) -> tuple[frozenset[ChunkRef], frozenset[ChunkRef]]:
        """Those that are finished, and those whose messages are to come again."""
        try:
            return self.send_chunks(refs, deadline, lane), frozenset()
        except Exception:
            # A fault, or a defect that one chunk alone brings out: its neighbours go on.
            logger.exception("Chunks left on the queue", extra={"campaign_id": refs[0].campaign_id})
        if len(refs) == 1:
            return frozenset(), frozenset(refs)
        each_alone = [self._send([ref], lane, deadline) for ref in refs]
        return (
            frozenset().union(*(finished for finished, _ in each_alone)),
            frozenset().union(*(failed for _, failed in each_alone)),
        )
