"""Analytics of campaigns."""

from dependency_injector import providers

from adapters.aws.analytics import DynamoDBAnalyticsRepository
from domain.ports.analytics import AnalyticsRepository
from entrypoints.containers.on_aws.store import Store


class Analytics(Store):
    """A line for each."""

    analytics: providers.Provider[AnalyticsRepository] = providers.ThreadSafeSingleton(
        DynamoDBAnalyticsRepository, Store.table
    )
