"""sentinel-api: every other route of the API."""

from entrypoints.aws.function import container_on_aws
from entrypoints.containers.on_aws.access import ApiAccess
from entrypoints.containers.on_aws.analytics import Analytics
from entrypoints.containers.on_aws.audience import Audience
from entrypoints.containers.on_aws.chunks import Chunks
from entrypoints.containers.on_aws.dead_letters import DeadLetterQueues
from entrypoints.containers.on_aws.files import Files
from entrypoints.containers.on_aws.idempotency import Idempotency
from entrypoints.containers.on_aws.mail import Mail
from entrypoints.containers.on_aws.rendering import Rendering
from entrypoints.containers.on_aws.series import SeriesStore
from entrypoints.containers.on_aws.suppressions import Suppressions
from entrypoints.containers.on_aws.webhooks import Webhooks
from entrypoints.containers.serving import Serving
from entrypoints.http.api import Api
from entrypoints.http.routes import all_routes


class Adapters(
    ApiAccess,
    Idempotency,
    Audience,
    Rendering,
    Chunks,
    Suppressions,
    Mail,
    DeadLetterQueues,
    SeriesStore,
    Files,
    Analytics,
    Webhooks,
):
    """What it runs on."""


container = container_on_aws(
    Serving,
    Adapters,
    "api_keys_secret_arn",
    "address_hash_key_secret_arn",
    "sender",
    "files_bucket",
    "run_job_lambda_arn",
    "deployment_name",
    "send_queue_url",
    "urgent_send_queue_url",
    "start_campaign_lambda_arn",
)
handler = Api(container, all_routes(container))
