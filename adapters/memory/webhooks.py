"""Endpoints in memory."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.memory.database import MemoryDatabase
from domain.errors import AlreadyExists, VersionConflict
from domain.identifiers import WebhookId
from domain.webhook import WebhookEndpoint


class MemoryWebhookRepository:
    """Implements `domain.ports.webhooks.WebhookRepository`."""

    def __init__(self, database: MemoryDatabase) -> None:
        """Over a shared database."""
        self._database = database

    def add(self, endpoint: WebhookEndpoint) -> None:
        """New ones only."""
        with self._database.lock:
            if endpoint.webhook_id in self._database.webhooks:
                raise AlreadyExists("webhook", endpoint.webhook_id)
            self._database.webhooks[endpoint.webhook_id] = endpoint

    def get(self, webhook_id: WebhookId) -> WebhookEndpoint | None:
        """As last written."""
        return self._database.webhooks.get(webhook_id)

    def all(self) -> Sequence[WebhookEndpoint]:
        """Ids sort by time."""
        with self._database.lock:
            return sorted(self._database.webhooks.values(), key=lambda each: each.webhook_id)

    def save(self, endpoint: WebhookEndpoint) -> WebhookEndpoint:
        """By version."""
        with self._database.lock:
            found = self._database.webhooks.get(endpoint.webhook_id)
            if found is None or found.version != endpoint.version:
                raise VersionConflict(f"webhook {endpoint.webhook_id}")
            stored = replace(endpoint, version=endpoint.version + 1)
            self._database.webhooks[endpoint.webhook_id] = stored
            return stored

    def remove(self, webhook_id: WebhookId) -> bool:
        """Once."""
        return self._database.webhooks.pop(webhook_id, None) is not None
