"""What is mailed."""

from dependency_injector import providers

from adapters.aws.contents import DynamoDBContentRepository
from domain.ports.contents import ContentRepository
from entrypoints.containers.on_aws.store import Store


class Contents(Store):
    """Frozen at a campaign's start."""

    contents: providers.Provider[ContentRepository] = providers.ThreadSafeSingleton(
        DynamoDBContentRepository, Store.table
    )
