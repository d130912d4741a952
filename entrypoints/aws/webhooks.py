"""sentinel-webhooks: invoked every minute."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from entrypoints.aws.function import Event, container_on_aws, logged, time_left
from entrypoints.containers.delivering_webhooks import DeliveringWebhooks
from entrypoints.containers.on_aws.reporting import Reporting
from entrypoints.containers.on_aws.webhook_sending import WebhookSending


class Adapters(WebhookSending, Reporting):
    """What it runs on."""


container = container_on_aws(DeliveringWebhooks, Adapters, "address_hash_key_secret_arn")


@logged
def handler(_event: Event, context: LambdaContext) -> None:
    """Write down what is to be told, and tell it."""
    container.announce_changes()(time_left(context))
    container.deliver_webhooks()(time_left(context))
