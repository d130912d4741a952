"""What leaves for endpoints."""

from dependency_injector import providers

from adapters.aws.campaign_changes import DynamoDBCampaignChanges
from adapters.web.webhook_sender import HttpWebhookSender
from domain.ports.campaign_changes import CampaignChanges
from domain.ports.webhook_sender import WebhookSender
from entrypoints.containers.on_aws.hash_key import HashKey
from entrypoints.containers.on_aws.store import Store
from entrypoints.containers.on_aws.webhooks import Webhooks


class WebhookSending(Webhooks, HashKey):
    """For the one who delivers."""

    campaign_changes: providers.Provider[CampaignChanges] = providers.ThreadSafeSingleton(
        DynamoDBCampaignChanges, Store.table
    )
    webhook_sender: providers.Provider[WebhookSender] = providers.ThreadSafeSingleton(
        HttpWebhookSender,
        Store.clock.provided.monotonic,
        allow_private=Store.settings.provided.webhooks_to_private_addresses,
    )
