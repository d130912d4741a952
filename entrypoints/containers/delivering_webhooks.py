"""Telling endpoints."""

from dependency_injector import providers

from domain.use_cases.announce_changes import AnnounceChanges
from domain.use_cases.deliver_webhooks import DeliverWebhooks
from domain.webhook_secret import WebhookSecrets
from entrypoints.containers.use_cases import UseCases


class DeliveringWebhooks(UseCases):
    """From what campaigns leave to the receivers."""

    announce_changes: providers.Provider[AnnounceChanges] = providers.Factory(
        AnnounceChanges,
        changes=UseCases.family.campaign_changes,
        campaigns=UseCases.family.campaigns,
        fan_out=UseCases.family.fan_out,
        webhooks=UseCases.family.webhooks,
        deliveries=UseCases.family.webhook_deliveries,
        clock=UseCases.family.clock,
    )
    deliver_webhooks: providers.Provider[DeliverWebhooks] = providers.Factory(
        DeliverWebhooks,
        webhooks=UseCases.family.webhooks,
        deliveries=UseCases.family.webhook_deliveries,
        sender=UseCases.family.webhook_sender,
        secrets=providers.Factory(WebhookSecrets, UseCases.family.address_hash_key),
        clock=UseCases.family.clock,
        ids=UseCases.family.ids,
        metrics=UseCases.family.metrics,
    )
