"""Files that are too large for a request."""

from dependency_injector import providers

from adapters.aws.object_store import S3ObjectStore
from domain.ports.object_store import ObjectStore
from entrypoints.containers.on_aws.store import Store


class Files(Store):
    """In S3."""

    object_store: providers.Provider[ObjectStore] = providers.ThreadSafeSingleton(
        S3ObjectStore, Store.clients, Store.settings.provided.files_bucket, Store.clock
    )
