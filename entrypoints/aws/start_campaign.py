"""sentinel-start-campaign: invoked by the API, by Scheduler, by the reconciler and by itself."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from entrypoints.aws.function import Event, container_on_aws, logged, time_left
from entrypoints.containers.on_aws.audience import Audience
from entrypoints.containers.on_aws.contents import Contents
from entrypoints.containers.on_aws.queue import Queue
from entrypoints.containers.on_aws.rendering import Rendering
from entrypoints.containers.on_aws.reporting import Reporting
from entrypoints.containers.on_aws.triggers import Triggers
from entrypoints.containers.starting import Starting


class Adapters(Audience, Rendering, Contents, Queue, Triggers, Reporting):
    """What it runs on."""


container = container_on_aws(Starting, Adapters, "send_queue_url", "start_campaign_lambda_arn")


@logged
def handler(event: Event, context: LambdaContext) -> None:
    """Fan the campaign out, as far as the time goes."""
    request = container.family.read_start_event()(event)
    container.start_campaign()(request, time_left(context))
