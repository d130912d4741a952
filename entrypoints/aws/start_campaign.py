"""sentinel-start-campaign: invoked by the API, Scheduler and itself, and with the start queue."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from domain.start import StartRequest
from entrypoints.aws.function import Event, container_on_aws, logged, time_left
from entrypoints.containers.on_aws.audience import Audience
from entrypoints.containers.on_aws.contents import Contents
from entrypoints.containers.on_aws.queue import Queue
from entrypoints.containers.on_aws.rendering import Rendering
from entrypoints.containers.on_aws.reporting import Reporting
from entrypoints.containers.on_aws.starts import QueuedStarts
from entrypoints.containers.on_aws.triggers import Triggers
from entrypoints.containers.starting import Starting


class Adapters(Audience, Rendering, Contents, Queue, Triggers, QueuedStarts, Reporting):
    """What it runs on."""


container = container_on_aws(
    Starting,
    Adapters,
    "send_queue_url",
    "urgent_send_queue_url",
    "start_queue_url",
    "start_campaign_lambda_arn",
)


@logged
def handler(event: Event, context: LambdaContext) -> dict[str, object] | None:
    """Fan out the campaign, or those of a batch, as far as the time goes.

    What of a batch is not dealt with comes again (ReportBatchItemFailures).
    """
    asked = container.family.read_start_event()(event)
    if isinstance(asked, StartRequest):
        container.start_campaign()(asked, time_left(context))
        return None
    answer: dict[str, object] = asked.answer(
        container.start_batch()(asked.deliveries, time_left(context))
    )
    return answer
