"""sentinel-send-worker: invoked with messages of the send queue."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from entrypoints.aws.function import Event, container_on_aws, logged, time_left
from entrypoints.containers.on_aws.chunks import Chunks
from entrypoints.containers.on_aws.contents import Contents
from entrypoints.containers.on_aws.mail import Mail
from entrypoints.containers.on_aws.queue import Queue
from entrypoints.containers.on_aws.rendering import Rendering
from entrypoints.containers.on_aws.reporting import Reporting
from entrypoints.containers.sending import Sending


class Adapters(Chunks, Contents, Rendering, Queue, Mail, Reporting):
    """What it runs on."""


container = container_on_aws(
    Sending,
    Adapters,
    "address_hash_key_secret_arn",
    "send_queue_url",
    "urgent_send_queue_url",
    "sender",
    "public_url",
)


@logged
def handler(event: Event, context: LambdaContext) -> dict[str, object]:
    """Send the chunks they name; what is not dealt with comes again (ReportBatchItemFailures)."""
    batch = container.family.read_queue_event()(event)
    answer: dict[str, object] = batch.answer(
        container.send_batch()(batch.deliveries, time_left(context))
    )
    return answer
