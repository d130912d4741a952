"""sentinel-reconcile: invoked every minute."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from entrypoints.aws.function import Event, container_on_aws, logged, time_left

_container = container_on_aws(
    "send_queue_url",
    "start_campaign_lambda_arn",
    "eventbridge_role_arn",
    "schedule_group",
    "schedule_dead_letter_arn",
)


@logged
def handler(_event: Event, context: LambdaContext) -> None:
    """Look after what is due."""
    _container.reconcile()(time_left=time_left(context))
