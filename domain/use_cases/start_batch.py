"""Start the campaigns of one batch of the start queue."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.ports.clock import Clock
from domain.ports.start_queue import StartDelivery, StartQueue
from domain.use_cases.start_campaign import StartCampaign

logger = logging.getLogger(__name__)

TURN = timedelta(seconds=20)
"""Of one start, while others wait: one that takes longer goes on in an invocation of its own."""


@dataclass(frozen=True, kw_only=True)
class StartBatch:
    """One campaign after the other; each fails on its own."""

    start: StartCampaign
    start_queue: StartQueue
    clock: Clock

    def __call__(
        self, deliveries: Sequence[StartDelivery], time_left: timedelta | None = None
    ) -> Sequence[StartDelivery]:
        """Returns the deliveries that are dealt with; the others are to come again.

        The first is begun however little time there is. What `time_left` does not suffice for
        goes back to the queue, under messages of its own.
        """
        deadline = None if time_left is None else self.clock.monotonic() + time_left
        done: list[StartDelivery] = []
        for delivery in deliveries:
            request = delivery.request
            left = TURN if deadline is None else deadline - self.clock.monotonic()
            try:
                if left > timedelta() or delivery is deliveries[0]:
                    self.start(request, min(TURN, left))
                else:
                    self.start_queue.put(request.campaign_id)
            except Exception:
                # A fault, or a defect that this campaign alone brings out: its neighbours go on.
                logger.exception(
                    "Start left on the queue", extra={"campaign_id": request.campaign_id}
                )
            else:
                done.append(delivery)
        return done
