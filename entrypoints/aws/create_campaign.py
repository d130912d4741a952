"""sentinel-create-campaign: POST /v1/campaigns."""

from entrypoints.aws.function import container_on_aws
from entrypoints.containers.creating import Creating
from entrypoints.containers.on_aws.access import ApiAccess
from entrypoints.containers.on_aws.audience import Audience
from entrypoints.containers.on_aws.rendering import Rendering
from entrypoints.containers.on_aws.reporting import Reporting
from entrypoints.containers.on_aws.triggers import Triggers
from entrypoints.http.api import Api
from entrypoints.http.creation import creation_routes


class Adapters(ApiAccess, Audience, Rendering, Triggers, Reporting):
    """What it runs on."""


container = container_on_aws(
    Creating,
    Adapters,
    "api_keys_secret_arn",
    "start_campaign_lambda_arn",
    "eventbridge_role_arn",
    "schedule_group",
    "schedule_dead_letter_arn",
)
handler = Api(container, [creation_routes(container)])
