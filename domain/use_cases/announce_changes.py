"""Tell endpoints of the changes of campaigns' states: write what is to be delivered."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.campaign_history import ChangeKind, ChangeRef, StateChange
from domain.ports.campaign_changes import CampaignChanges
from domain.ports.campaigns import CampaignRepository
from domain.ports.clock import Clock
from domain.ports.fan_out import FanOutRepository
from domain.ports.webhook_deliveries import WebhookDeliveryRepository
from domain.ports.webhooks import WebhookRepository
from domain.use_cases.tell_webhooks import tell
from domain.webhook import WebhookEndpoint
from domain.webhook_event import (
    Occurrence,
    campaign_data,
    event_id_of,
    event_of,
    occurrence_of,
)

logger = logging.getLogger(__name__)

_AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class AnnounceChanges:
    """A change is taken away once its deliveries are there: broken off, it is done again."""

    changes: CampaignChanges
    campaigns: CampaignRepository
    fan_out: FanOutRepository
    webhooks: WebhookRepository
    deliveries: WebhookDeliveryRepository
    clock: Clock

    def __call__(self, time_left: timedelta | None = None) -> int:
        """All that are there, as far as the time goes; returns how many.

        What fails does not keep the others. Raises DependencyFault where nothing can be read.
        """
        deadline = None if time_left is None else self.clock.monotonic() + time_left
        seen: set[ChangeRef] = set()
        while True:
            due = self.changes.due(_AT_ONCE + len(seen))
            fresh = [ref for ref in due if ref not in seen]
            if not fresh:
                return len(seen)
            endpoints = self.webhooks.all()
            for ref in fresh:
                if deadline is not None and self.clock.monotonic() >= deadline:
                    return len(seen)
                seen.add(ref)
                try:
                    self._announce(ref, endpoints)
                except Exception:
                    # A fault, or a record that cannot be read: it stays, for the next time.
                    logger.exception("Not announced yet", extra={"campaign_id": ref.campaign_id})

    def _announce(self, ref: ChangeRef, endpoints: Sequence[WebhookEndpoint]) -> None:
        change = self.changes.get(ref)
        if change is None:
            return
        event = event_of(change)
        wanting = [each for each in endpoints if each.wants(event)]
        told = self._occurrence(ref, change) if wanting else None
        if told is not None:
            tell(self.deliveries, wanting, told, self.clock.now())
        self.changes.remove(ref)

    def _occurrence(self, ref: ChangeRef, change: StateChange) -> Occurrence | None:
        campaign = self.campaigns.get(ref.campaign_id)
        if campaign is None:
            return None
        progress = (
            self.fan_out.progress(ref.campaign_id) if change.kind is ChangeKind.SENT else None
        )
        return occurrence_of(
            event_id_of(ref.campaign_id, ref.number),
            event_of(change),
            change.at,
            campaign_data(campaign, change, progress),
        )
