"""sentinel-run-job: invoked by the API, by the reconciler and by itself."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from entrypoints.aws.function import Event, container_on_aws, logged, time_left
from entrypoints.containers.on_aws.audience import Audience
from entrypoints.containers.on_aws.chunks import Chunks
from entrypoints.containers.on_aws.files import Files
from entrypoints.containers.on_aws.jobs import Jobs
from entrypoints.containers.on_aws.suppressions import Suppressions
from entrypoints.containers.running_jobs import RunningJobs


class Adapters(Audience, Suppressions, Chunks, Jobs, Files):
    """What it runs on."""


container = container_on_aws(
    RunningJobs,
    Adapters,
    "address_hash_key_secret_arn",
    "files_bucket",
    "run_job_lambda_arn",
)


@logged
def handler(event: Event, context: LambdaContext) -> None:
    """Go on with the job, as far as the time goes."""
    container.run_job()(container.family.read_job_event()(event), time_left(context))
