"""sentinel-create-campaign: POST /v1/campaigns."""

from entrypoints.aws.function import container_on_aws
from entrypoints.http.api import Api

handler = Api(
    container_on_aws(
        "api_keys_secret_arn",
        "start_campaign_lambda_arn",
        "eventbridge_role_arn",
        "schedule_group",
        "schedule_dead_letter_arn",
    )
)
