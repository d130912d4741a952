"""Endpoints in DynamoDB."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.aws.keys import WEBHOOKS, webhook_key
from adapters.aws.table import SCHEMA, Item, Table, put_new, put_version
from adapters.aws.times import (
    optional_text_to_time,
    optional_time_to_text,
    text_to_time,
    time_to_text,
)
from domain.errors import AlreadyExists, VersionConflict
from domain.identifiers import WebhookId
from domain.webhook import WebhookEndpoint
from domain.webhook_event import WebhookEvent


class DynamoDBWebhookRepository:
    """Implements `domain.ports.webhooks.WebhookRepository`: one partition."""

    def __init__(self, table: Table) -> None:
        """Over one table."""
        self._table = table

    def add(self, endpoint: WebhookEndpoint) -> None:
        """A conditional PutItem."""
        try:
            self._table.put(put_new(_endpoint_to_item(endpoint)))
        except VersionConflict as error:
            raise AlreadyExists("webhook", endpoint.webhook_id) from error

    def get(self, webhook_id: WebhookId) -> WebhookEndpoint | None:
        """A consistent GetItem."""
        item = self._table.get(webhook_key(webhook_id))
        return None if item is None else _item_to_endpoint(item)

    def all(self) -> Sequence[WebhookEndpoint]:
        """A consistent Query; ids sort by time."""
        found = self._table.query("pk = :pk", {":pk": WEBHOOKS}, consistent=True)
        return [_item_to_endpoint(item) for item in found]

    def save(self, endpoint: WebhookEndpoint) -> WebhookEndpoint:
        """A conditional PutItem."""
        stored = replace(endpoint, version=endpoint.version + 1)
        self._table.put(put_version(_endpoint_to_item(stored), endpoint.version))
        return stored

    def remove(self, webhook_id: WebhookId) -> bool:
        """A DeleteItem."""
        return self._table.delete(webhook_key(webhook_id)) is not None


def _endpoint_to_item(endpoint: WebhookEndpoint) -> Item:
    pk, sk = webhook_key(endpoint.webhook_id)
    item = {
        "pk": pk,
        "sk": sk,
        "schema": SCHEMA,
        "webhook_id": endpoint.webhook_id,
        "url": endpoint.url,
        "events": [each.value for each in endpoint.events],
        "created_at": time_to_text(endpoint.created_at),
        "description": endpoint.description,
        "disabled_reason": endpoint.disabled_reason,
        "failing_since": optional_time_to_text(endpoint.failing_since),
        "secret_version": endpoint.secret_version,
        "rotated_at": optional_time_to_text(endpoint.rotated_at),
        "revision": endpoint.revision,
        "version": endpoint.version,
    }
    return {name: value for name, value in item.items() if value is not None}


def _item_to_endpoint(item: Item) -> WebhookEndpoint:
    return WebhookEndpoint(
        webhook_id=WebhookId(item["webhook_id"]),
        url=item["url"],
        events=tuple(map(WebhookEvent, item["events"])),
        created_at=text_to_time(item["created_at"]),
        description=item["description"],
        disabled_reason=item.get("disabled_reason"),
        failing_since=optional_text_to_time(item.get("failing_since")),
        secret_version=int(item["secret_version"]),
        rotated_at=optional_text_to_time(item.get("rotated_at")),
        revision=int(item["revision"]),
        version=int(item["version"]),
    )
