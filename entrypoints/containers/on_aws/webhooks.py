"""Endpoints, and what they are to be told."""

from dependency_injector import providers

from adapters.aws.webhook_deliveries import DynamoDBWebhookDeliveryRepository
from adapters.aws.webhooks import DynamoDBWebhookRepository
from domain.ports.webhook_deliveries import WebhookDeliveryRepository
from domain.ports.webhooks import WebhookRepository
from entrypoints.containers.on_aws.store import Store


class Webhooks(Store):
    """For whoever writes an event down, and the API."""

    webhooks: providers.Provider[WebhookRepository] = providers.ThreadSafeSingleton(
        DynamoDBWebhookRepository, Store.table
    )
    webhook_deliveries: providers.Provider[WebhookDeliveryRepository] = (
        providers.ThreadSafeSingleton(DynamoDBWebhookDeliveryRepository, Store.table)
    )
