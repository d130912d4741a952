"""Send the chunks of one batch of messages."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.chunk import ChunkRef
from domain.ports.clock import Clock
from domain.ports.queue import Delivery
from domain.use_cases.finish_campaign import FinishCampaign
from domain.use_cases.send_chunk import SendChunk

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SendBatch:
    """One chunk after the other; then one check for each campaign of which one was finished."""

    send_chunk: SendChunk
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
        finished: list[ChunkRef] = []
        done: list[Delivery] = []
        for delivery in deliveries:
            try:
                if self.send_chunk(delivery.chunk, deadline):
                    finished.append(delivery.chunk)
            except Exception:
                # A fault, or a defect that this chunk alone brings out: its neighbours go on.
                logger.exception(
                    "Chunk left on the queue", extra={"campaign_id": delivery.chunk.campaign_id}
                )
            else:
                done.append(delivery)
        for campaign_id in dict.fromkeys(ref.campaign_id for ref in finished):
            self.finish.or_leave(campaign_id)
        return done
