"""Deliveries of webhooks in DynamoDB."""

import base64
import binascii
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from heapq import merge
from itertools import islice

from adapters.aws.table import SCHEMA, Item, Key, Table, put_new, put_version
from adapters.aws.times import (
    optional_text_to_time,
    optional_time_to_text,
    text_to_time,
    time_to_text,
)
from domain.errors import InvalidInput, VersionConflict
from domain.identifiers import WebhookEventId, WebhookId
from domain.ports.webhook_deliveries import DeliveryPage
from domain.webhook_delivery import DeliveryRef, DeliveryState, WebhookDelivery
from domain.webhook_event import WebhookEvent

_PLACE = re.compile(r"[0-9]{20}_evt_[0-9a-f]{32}")
_FIRST, _LAST = "0", "~"
"""Before and after every place."""


class DynamoDBWebhookDeliveryRepository:
    """Implements `domain.ports.webhook_deliveries.WebhookDeliveryRepository`."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def add_if_absent(self, delivery: WebhookDelivery) -> None:
        """A conditional PutItem."""
        with suppress(VersionConflict):
            self._table.put(put_new(_delivery_to_item(delivery)))

    def get(self, ref: DeliveryRef) -> WebhookDelivery | None:
        """A consistent GetItem."""
        item = self._table.get(_delivery_key(ref))
        return None if item is None else _item_to_delivery(item)

    def save(self, delivery: WebhookDelivery) -> WebhookDelivery:
        """A conditional PutItem."""
        stored = replace(delivery, version=delivery.version + 1)
        self._table.put(put_version(_delivery_to_item(stored), delivery.version))
        return stored

    def due(self, webhook_id: WebhookId, now: datetime, limit: int) -> Sequence[WebhookEventId]:
        """The endpoint's shard of the index `open_work`."""
        found = self._table.query(
            "open_shard = :shard AND next_check_at <= :now",
            {":shard": _shard(webhook_id), ":now": time_to_text(now)},
            index="open_work",
            limit=limit,
        )
        return [WebhookEventId(item["sk"].removeprefix("DELIVERY#")) for item in found]

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
        """A Query of the index `listing` for each state, merged."""
        lower = _FIRST if since is None else _digits(since)
        upper = _LAST if until is None else _digits(until)
        if cursor is not None:
            upper = min(upper, _decoded(cursor))
        found = list(
            islice(
                merge(
                    *(
                        self._of_state(webhook_id, state, lower, upper, limit + 1)
                        for state in states
                    ),
                    key=lambda item: str(item["listing_id"]),
                    reverse=True,
                ),
                limit + 1,
            )
        )
        page = found[:limit]
        return DeliveryPage(
            tuple(map(_item_to_delivery, page)),
            _encoded(page[-1]["listing_id"]) if len(found) > limit else None,
        )

    def _of_state(
        self, webhook_id: WebhookId, state: DeliveryState, lower: str, upper: str, limit: int
    ) -> Sequence[Item]:
        if lower >= upper:
            return ()
        found = self._table.query(
            "listing = :listing AND listing_id BETWEEN :lower AND :upper",
            {":listing": _listing(webhook_id, state), ":lower": lower, ":upper": upper},
            index="listing",
            backwards=True,
            limit=limit + 1,
        )
        # BETWEEN takes the upper bound in.
        return [item for item in found if item["listing_id"] < upper][:limit]


def _listing(webhook_id: WebhookId, state: DeliveryState) -> str:
    return f"deliveries#{webhook_id}#{state}"


def _digits(moment: datetime) -> str:
    """Sorts as the times do."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S%f")


def _encoded(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    """Raises InvalidInput."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        place = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        place = ""
    if not _PLACE.fullmatch(place):
        raise InvalidInput("cursor", "Not a cursor of this list; start without one.")
    return place


def _delivery_key(ref: DeliveryRef) -> Key:
    return f"WEBHOOK#{ref.webhook_id}", f"DELIVERY#{ref.event_id}"


def _shard(webhook_id: WebhookId) -> str:
    """Of an endpoint's deliveries in the index of open work: none waits for another's."""
    return f"webhook#{webhook_id}"


def _delivery_to_item(delivery: WebhookDelivery) -> Item:
    pk, sk = _delivery_key(delivery.ref)
    is_open = delivery.next_attempt_at is not None
    item = {
        "pk": pk,
        "sk": sk,
        "schema": SCHEMA,
        "listing": _listing(delivery.ref.webhook_id, delivery.state),
        "listing_id": f"{_digits(delivery.occurred_at)}_{delivery.ref.event_id}",
        "webhook_id": delivery.ref.webhook_id,
        "event_id": delivery.ref.event_id,
        "event": delivery.event.value,
        "body": delivery.body,
        "occurred_at": time_to_text(delivery.occurred_at),
        # Not `state`: the index of campaigns by state would have it.
        "delivery_state": delivery.state.value,
        "attempts": delivery.attempts,
        "last_attempt_at": optional_time_to_text(delivery.last_attempt_at),
        "status": delivery.status,
        "error": delivery.error,
        "open_shard": _shard(delivery.ref.webhook_id) if is_open else None,
        "next_check_at": optional_time_to_text(delivery.next_attempt_at),
        "version": delivery.version,
        "expires_at": int(delivery.expires_at.timestamp()),
    }
    return {name: value for name, value in item.items() if value is not None}


def _item_to_delivery(item: Item) -> WebhookDelivery:
    return WebhookDelivery(
        ref=DeliveryRef(WebhookId(item["webhook_id"]), WebhookEventId(item["event_id"])),
        event=WebhookEvent(item["event"]),
        body=item["body"],
        occurred_at=text_to_time(item["occurred_at"]),
        state=DeliveryState(item["delivery_state"]),
        next_attempt_at=optional_text_to_time(item.get("next_check_at")),
        attempts=int(item["attempts"]),
        last_attempt_at=optional_text_to_time(item.get("last_attempt_at")),
        status=int(item["status"]) if "status" in item else None,
        error=item.get("error"),
        version=int(item["version"]),
    )
