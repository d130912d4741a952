"""Who is not to be mailed."""

from dependency_injector import providers

from adapters.aws.suppressions import DynamoDBSuppressionRepository
from domain.ports.suppressions import SuppressionRepository
from entrypoints.containers.on_aws.hash_key import HashKey
from entrypoints.containers.on_aws.store import Store


class Suppressions(HashKey):
    """The suppression list."""

    suppressions: providers.Provider[SuppressionRepository] = providers.ThreadSafeSingleton(
        DynamoDBSuppressionRepository, Store.table, HashKey.address_hash_key
    )
