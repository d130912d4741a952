"""What is due."""

from dependency_injector import providers

from adapters.aws.open_work import DynamoDBOpenWork
from domain.ports.open_work import OpenWork
from entrypoints.containers.on_aws.store import Store


class DueWork(Store):
    """For the reconciler."""

    open_work: providers.Provider[OpenWork] = providers.ThreadSafeSingleton(
        DynamoDBOpenWork, Store.table
    )
