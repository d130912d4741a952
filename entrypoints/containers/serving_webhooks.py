"""What the API does of webhooks."""

from dependency_injector import providers

from domain.use_cases.create_webhook import CreateWebhook
from domain.use_cases.edit_webhook import EditWebhook, RotateWebhookSecret
from domain.use_cases.replay_webhooks import ReplayWebhooks
from domain.use_cases.send_test_webhook import SendTestWebhook
from domain.webhook_secret import WebhookSecrets
from entrypoints.containers.use_cases import UseCases


class ServingWebhooks(UseCases):
    """All but what leaves."""

    webhook_secrets: providers.Provider[WebhookSecrets] = providers.Factory(
        WebhookSecrets, UseCases.family.address_hash_key
    )
    create_webhook: providers.Provider[CreateWebhook] = providers.Factory(
        CreateWebhook,
        webhooks=UseCases.family.webhooks,
        clock=UseCases.family.clock,
        ids=UseCases.family.ids,
        allow_private=UseCases.settings.provided.webhooks_to_private_addresses,
    )
    edit_webhook: providers.Provider[EditWebhook] = providers.Factory(
        EditWebhook,
        webhooks=UseCases.family.webhooks,
        allow_private=UseCases.settings.provided.webhooks_to_private_addresses,
    )
    rotate_webhook_secret: providers.Provider[RotateWebhookSecret] = providers.Factory(
        RotateWebhookSecret, webhooks=UseCases.family.webhooks, clock=UseCases.family.clock
    )
    send_test_webhook: providers.Provider[SendTestWebhook] = providers.Factory(
        SendTestWebhook,
        webhooks=UseCases.family.webhooks,
        deliveries=UseCases.family.webhook_deliveries,
        clock=UseCases.family.clock,
        ids=UseCases.family.ids,
    )
    replay_webhooks: providers.Provider[ReplayWebhooks] = providers.Factory(
        ReplayWebhooks,
        webhooks=UseCases.family.webhooks,
        deliveries=UseCases.family.webhook_deliveries,
        clock=UseCases.family.clock,
    )
