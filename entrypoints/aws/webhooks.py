"""sentinel-webhooks: invoked every minute."""

from datetime import timedelta

from aws_lambda_powertools.utilities.typing import LambdaContext

from entrypoints.aws.function import Event, container_on_aws, logged
from entrypoints.containers.delivering_webhooks import DeliveringWebhooks
from entrypoints.containers.on_aws.reporting import Reporting
from entrypoints.containers.on_aws.webhook_sending import WebhookSending


class Adapters(WebhookSending, Reporting):
    """What it runs on."""


container = container_on_aws(DeliveringWebhooks, Adapters, "address_hash_key_secret_arn")


_ANNOUNCING = timedelta(seconds=20)
_DELIVERING = timedelta(seconds=25)
"""To begin with something: the last round may take half a minute more, and so ends as the next
invocation comes. What is left is that one's."""


@logged
def handler(_event: Event, _context: LambdaContext) -> None:
    """Write down what is to be told, and tell it."""
    container.announce_changes()(_ANNOUNCING)
    container.deliver_webhooks()(_DELIVERING)
