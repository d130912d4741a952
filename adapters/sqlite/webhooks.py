"""Endpoints in SQLite."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.records import decode, encode
from domain.errors import AlreadyExists, VersionConflict
from domain.identifiers import WebhookId
from domain.webhook import WebhookEndpoint


class SqliteWebhookRepository:
    """Implements `domain.ports.webhooks.WebhookRepository`."""

    def __init__(self, database: SqliteDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, endpoint: WebhookEndpoint) -> None:
        """New ones only."""
        with self._database.writing() as connection:
            inserted = connection.execute(
                "INSERT INTO webhooks (version, record, webhook_id) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                _columns(endpoint),
            )
            if inserted.rowcount == 0:
                raise AlreadyExists("webhook", endpoint.webhook_id)

    def get(self, webhook_id: WebhookId) -> WebhookEndpoint | None:
        """As last committed."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT record FROM webhooks WHERE webhook_id = ?", (webhook_id,)
            ).fetchone()
        return None if row is None else decode(row[0], WebhookEndpoint)

    def all(self) -> Sequence[WebhookEndpoint]:
        """Ids sort by time."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT record FROM webhooks ORDER BY webhook_id").fetchall()
        return [decode(record, WebhookEndpoint) for (record,) in rows]

    def save(self, endpoint: WebhookEndpoint) -> WebhookEndpoint:
        """By version."""
        stored = replace(endpoint, version=endpoint.version + 1)
        with self._database.writing() as connection:
            updated = connection.execute(
                "UPDATE webhooks SET version = ?, record = ? WHERE webhook_id = ? AND version = ?",
                (*_columns(stored), endpoint.version),
            )
            if updated.rowcount == 0:
                raise VersionConflict(f"webhook {endpoint.webhook_id}")
        return stored

    def remove(self, webhook_id: WebhookId) -> bool:
        """Once."""
        with self._database.writing() as connection:
            removed = connection.execute("DELETE FROM webhooks WHERE webhook_id = ?", (webhook_id,))
            return removed.rowcount == 1


def _columns(endpoint: WebhookEndpoint) -> tuple[object, ...]:
    return endpoint.version, encode(endpoint), endpoint.webhook_id
