"""Set an immediate campaign going: the direct way, or over the start queue (docs/bursts.md)."""

import logging
from dataclasses import dataclass

from domain.errors import DependencyFault, Overloaded
from domain.identifiers import CampaignId
from domain.ports.admission import AdmissionControl
from domain.ports.clock import Clock
from domain.ports.invoker import Invoker
from domain.ports.metrics import Metrics
from domain.ports.start_queue import StartQueue
from domain.start import Dispatch

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class DispatchStart:
    """As many as admission control lets through are invoked; the others are queued."""

    admission: AdmissionControl
    invoker: Invoker
    start_queue: StartQueue
    clock: Clock
    metrics: Metrics

    def choose(self, key_id: str | None, *, immediate_only: bool = False) -> Dispatch:
        """The way that a start asked for by this API key is to go; a place in it is taken.

        Raises Overloaded where it would be queued, and is `immediate_only`. A fault of admission
        control holds nobody up: the queue takes everybody in, and what may not be queued goes the
        direct way.
        """
        try:
            wait = self.admission.admit(key_id, self.clock.now())
        except DependencyFault as fault:
            way = Dispatch.DIRECT if immediate_only else Dispatch.QUEUED
            logger.warning("Nobody tells whether a start is admitted; %s: %s", way, fault)
            return way
        if wait is None:
            return Dispatch.DIRECT
        if immediate_only:
            self.metrics.start_refused()
            raise Overloaded(wait)
        return Dispatch.QUEUED

    def __call__(self, campaign_id: CampaignId, way: Dispatch) -> Dispatch:
        """Returns the way that it went: what could not be invoked is queued.

        Raises DependencyFault where it went neither way; the reconciler goes on.
        """
        if way is Dispatch.DIRECT and not self._invoked(campaign_id):
            way = Dispatch.QUEUED
        if way is Dispatch.QUEUED:
            self.start_queue.put(campaign_id)
        self.metrics.start_dispatched(way)
        return way

    def _invoked(self, campaign_id: CampaignId) -> bool:
        """Whether it certainly was; one that was and is queued, too, starts once all the same."""
        try:
            self.invoker.start(campaign_id)
        except DependencyFault as fault:
            logger.warning(
                "Not invoked, and queued instead: %s", fault, extra={"campaign_id": campaign_id}
            )
            return False
        return True
