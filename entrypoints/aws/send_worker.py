"""sentinel-send-worker: invoked with messages of the send queue."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from entrypoints.aws.function import Event, container_on_aws, logged, time_left

_container = container_on_aws("address_hash_key_secret_arn", "send_queue_url", "sender")


@logged
def handler(event: Event, context: LambdaContext) -> dict[str, object]:
    """Send the chunks they name; what is not dealt with comes again (ReportBatchItemFailures)."""
    batch = _container.family.read_queue_event()(event)
    answer: dict[str, object] = batch.answer(
        _container.send_batch()(batch.deliveries, time_left(context))
    )
    return answer
