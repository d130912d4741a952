"""Deliveries of webhooks in memory."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.database import MemoryDatabase
from domain.errors import InvalidInput, VersionConflict
from domain.identifiers import WebhookEventId, WebhookId
from domain.ports.webhook_deliveries import DeliveryPage
from domain.webhook_delivery import DeliveryRef, DeliveryState, WebhookDelivery


class MemoryWebhookDeliveryRepository:
    """Implements `domain.ports.webhook_deliveries.WebhookDeliveryRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add_if_absent(self, delivery: WebhookDelivery) -> None:
        """The first one stays."""
        with self._database.lock:
            self._database.webhook_deliveries.setdefault(delivery.ref, delivery)

    def get(self, ref: DeliveryRef) -> WebhookDelivery | None:
        """As last written."""
        return self._database.webhook_deliveries.get(ref)

    def save(self, delivery: WebhookDelivery) -> WebhookDelivery:
        """By version."""
        with self._database.lock:
            found = self._database.webhook_deliveries.get(delivery.ref)
            if found is None or found.version != delivery.version:
                raise VersionConflict(f"delivery {delivery.ref.event_id}")
            stored = replace(delivery, version=delivery.version + 1)
            self._database.webhook_deliveries[delivery.ref] = stored
            return stored

    def due(self, webhook_id: WebhookId, now: datetime, limit: int) -> Sequence[WebhookEventId]:
        """Longest due first."""
        found = sorted(
            (each.next_attempt_at, each.ref.event_id)
            for each in self._of(webhook_id)
            if each.next_attempt_at is not None and each.next_attempt_at <= now
        )
        return [event_id for _, event_id in found[:limit]]

    def page(  # noqa: PLR0913  as the port has it
        self,
        webhook_id: WebhookId,
        states: Collection[DeliveryState],
        limit: int,
        cursor: str | None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> DeliveryPage:
        """Sorted anew each time; a cursor is the id of the last one shown."""
        everything = sorted(self._of(webhook_id), key=_place, reverse=True)
        start = 0
        if cursor is not None:
            ids: list[str] = [each.ref.event_id for each in everything]
            if cursor not in ids:
                raise InvalidInput("cursor", "Not a cursor of this list; start without one.")
            start = ids.index(cursor) + 1
        found = [
            each
            for each in everything[start:]
            if each.state in states
            and (since is None or each.occurred_at >= since)
            and (until is None or each.occurred_at < until)
        ]
        page = tuple(found[:limit])
        return DeliveryPage(page, page[-1].ref.event_id if len(found) > limit else None)

    def _of(self, webhook_id: WebhookId) -> Sequence[WebhookDelivery]:
        with self._database.lock:
            return [
                each
                for each in self._database.webhook_deliveries.values()
                if each.ref.webhook_id == webhook_id
            ]


def _place(delivery: WebhookDelivery) -> tuple[datetime, WebhookEventId]:
    return delivery.occurred_at, delivery.ref.event_id
