"""sentinel-reconcile: invoked every minute."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from entrypoints.aws.function import Event, container_on_aws, logged, time_left
from entrypoints.containers.on_aws.analytics import Analytics
from entrypoints.containers.on_aws.audience import Audience
from entrypoints.containers.on_aws.chunks import Chunks
from entrypoints.containers.on_aws.jobs import Jobs
from entrypoints.containers.on_aws.open_work import DueWork
from entrypoints.containers.on_aws.queue import Queue
from entrypoints.containers.on_aws.rendering import Rendering
from entrypoints.containers.on_aws.reporting import Reporting
from entrypoints.containers.on_aws.sending_account import AccountQuota
from entrypoints.containers.on_aws.series import SeriesStore
from entrypoints.containers.on_aws.starts import Starts
from entrypoints.containers.on_aws.triggers import Triggers
from entrypoints.containers.reconciling import Reconciling


class Adapters(
    DueWork,
    Chunks,
    Triggers,
    Starts,
    Jobs,
    SeriesStore,
    Audience,
    Rendering,
    Queue,
    AccountQuota,
    Analytics,
    Reporting,
):
    """What it runs on."""


container = container_on_aws(
    Reconciling,
    Adapters,
    "send_queue_url",
    "urgent_send_queue_url",
    "start_queue_url",
    "start_campaign_lambda_arn",
    "run_job_lambda_arn",
    "eventbridge_role_arn",
    "schedule_group",
    "schedule_dead_letter_arn",
)


@logged
def handler(_event: Event, context: LambdaContext) -> None:
    """Look after what is due."""
    container.reconcile()(time_left=time_left(context))
