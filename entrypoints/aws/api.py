"""sentinel-api: every other route of the API."""

from entrypoints.aws.function import container_on_aws
from entrypoints.http.api import Api

handler = Api(container_on_aws("api_keys_secret_arn", "address_hash_key_secret_arn"))
