"""sentinel-start-campaign: invoked by the API, by Scheduler, by the reconciler and by itself."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from entrypoints.aws.function import Event, container_on_aws, logged, time_left

_container = container_on_aws("send_queue_url", "start_campaign_lambda_arn")


@logged
def handler(event: Event, context: LambdaContext) -> None:
    """Fan the campaign out, as far as the time goes."""
    request = _container.family.read_start_event()(event)
    _container.start_campaign()(request, time_left(context))
