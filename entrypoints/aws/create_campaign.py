"""sentinel-create-campaign: POST /v1/campaigns, and what is done with a campaign later."""

from entrypoints.aws.function import container_on_aws
from entrypoints.containers.cloning import Cloning
from entrypoints.containers.lifecycle import Lifecycle
from entrypoints.containers.on_aws.access import ApiAccess
from entrypoints.containers.on_aws.audience import Audience
from entrypoints.containers.on_aws.chunks import Chunks
from entrypoints.containers.on_aws.idempotency import Idempotency
from entrypoints.containers.on_aws.queue import Queue
from entrypoints.containers.on_aws.rendering import Rendering
from entrypoints.containers.on_aws.reporting import Reporting
from entrypoints.containers.on_aws.series import SeriesStore
from entrypoints.containers.on_aws.starts import Starts
from entrypoints.containers.on_aws.triggers import Triggers
from entrypoints.containers.recurring import Recurring
from entrypoints.containers.settling import Settling
from entrypoints.http.api import Api
from entrypoints.http.creation import creation_routes
from entrypoints.http.lifecycle import lifecycle_routes
from entrypoints.http.series import series_change_routes
from entrypoints.http.settling import settling_routes


class Adapters(
    ApiAccess,
    Idempotency,
    Audience,
    Rendering,
    Triggers,
    Starts,
    Chunks,
    Queue,
    SeriesStore,
    Reporting,
):
    """What it runs on."""


class UseCases(Cloning, Recurring, Settling, Lifecycle):
    """What sets a campaign going, or stops it."""


container = container_on_aws(
    UseCases,
    Adapters,
    "api_keys_secret_arn",
    "send_queue_url",
    "urgent_send_queue_url",
    "start_queue_url",
    "start_campaign_lambda_arn",
    "eventbridge_role_arn",
    "schedule_group",
    "schedule_dead_letter_arn",
)
handler = Api(
    container,
    [
        creation_routes(container),
        lifecycle_routes(container),
        settling_routes(container),
        series_change_routes(container),
    ],
)
