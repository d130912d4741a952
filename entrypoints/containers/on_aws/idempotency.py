"""Requests that are sent again."""

from dependency_injector import providers

from adapters.aws.idempotency import DynamoDBIdempotencyRepository
from domain.ports.idempotency import IdempotencyRepository
from entrypoints.containers.on_aws.store import Store


class Idempotency(Store):
    """What each POST was answered."""

    idempotency: providers.Provider[IdempotencyRepository] = providers.ThreadSafeSingleton(
        DynamoDBIdempotencyRepository, Store.table
    )
