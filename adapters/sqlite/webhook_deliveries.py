"""Deliveries of webhooks in SQLite."""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.paging import page_of
from adapters.sqlite.records import decode, encode
from adapters.sqlite.times import optional_to_column, to_column
from domain.errors import InvalidInput, VersionConflict
from domain.identifiers import WebhookEventId, WebhookId
from domain.ports.webhook_deliveries import DeliveryPage
from domain.webhook_delivery import DeliveryRef, DeliveryState, WebhookDelivery

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


class SqliteWebhookDeliveryRepository:
    """Implements `domain.ports.webhook_deliveries.WebhookDeliveryRepository`."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add_if_absent(self, delivery: WebhookDelivery) -> None:
        """The first one stays; those that have expired when its event occurred go."""
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM webhook_deliveries WHERE expires_at <= ?",
                (to_column(delivery.occurred_at),),
            )
            connection.execute(
                "INSERT INTO webhook_deliveries (state, occurred_at, next_attempt_at, expires_at,"
                " version, record, webhook_id, event_id)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                _columns(delivery),
            )

    def get(self, ref: DeliveryRef) -> WebhookDelivery | None:
        """As last committed."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT record FROM webhook_deliveries WHERE webhook_id = ? AND event_id = ?",
                (ref.webhook_id, ref.event_id),
            ).fetchone()
        return None if row is None else decode(row[0], WebhookDelivery)

    def save(self, delivery: WebhookDelivery) -> WebhookDelivery:
        """By version."""
        stored = replace(delivery, version=delivery.version + 1)
        with self._database.writing() as connection:
            updated = connection.execute(
                "UPDATE webhook_deliveries SET state = ?, occurred_at = ?, next_attempt_at = ?,"
                " expires_at = ?, version = ?, record = ?"
                " WHERE webhook_id = ? AND event_id = ? AND version = ?",
                (*_columns(stored), delivery.version),
            )
            if updated.rowcount == 0:
                raise VersionConflict(f"delivery {delivery.ref.event_id}")
        return stored

    def due(self, webhook_id: WebhookId, now: datetime, limit: int) -> Sequence[WebhookEventId]:
        """Longest due first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT event_id FROM webhook_deliveries"
                " WHERE webhook_id = ? AND next_attempt_at <= ?"
                " ORDER BY next_attempt_at LIMIT ?",
                (webhook_id, to_column(now), limit),
            ).fetchall()
        return [WebhookEventId(event_id) for (event_id,) in rows]

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
        """Newest first, merged of each state's; a cursor is the id of the last one shown."""
        lower = to_column(since or _FIRST)
        with self._database.reading() as connection:
            upper = min((to_column(until or _LAST), ""), _place(connection, webhook_id, cursor))
            found = [
                row
                for state in states
                for row in connection.execute(
                    "SELECT occurred_at, event_id, record FROM webhook_deliveries"
                    " WHERE webhook_id = ? AND state = ? AND occurred_at >= ?"
                    " AND (occurred_at, event_id) < (?, ?)"
                    " ORDER BY occurred_at DESC, event_id DESC LIMIT ?",
                    (webhook_id, state, lower, *upper, limit + 1),
                )
            ]
        rows = [(event_id, record) for _, event_id, record in sorted(found, reverse=True)]
        page, following = page_of(rows, limit)
        return DeliveryPage(tuple(decode(each, WebhookDelivery) for each in page), following)


def _place(
    connection: sqlite3.Connection, webhook_id: WebhookId, cursor: str | None
) -> tuple[int, str]:
    """What sorts after all that is still to be shown. Raises InvalidInput."""
    if cursor is None:
        return to_column(_LAST), ""
    row = connection.execute(
        "SELECT occurred_at FROM webhook_deliveries WHERE webhook_id = ? AND event_id = ?",
        (webhook_id, cursor),
    ).fetchone()
    if row is None:
        raise InvalidInput("cursor", "Not a cursor of this list; start without one.")
    return row[0], cursor


def _columns(delivery: WebhookDelivery) -> tuple[object, ...]:
    return (
        delivery.state,
        to_column(delivery.occurred_at),
        optional_to_column(delivery.next_attempt_at),
        to_column(delivery.expires_at),
        delivery.version,
        encode(delivery),
        delivery.ref.webhook_id,
        delivery.ref.event_id,
    )
