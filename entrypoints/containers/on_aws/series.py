"""Series: where they are kept."""

from dependency_injector import providers

from adapters.aws.series import DynamoDBSeriesRepository
from domain.ports.series import SeriesRepository
from entrypoints.containers.on_aws.store import Store


class SeriesStore(Store):
    """Their records."""

    series: providers.Provider[SeriesRepository] = providers.ThreadSafeSingleton(
        DynamoDBSeriesRepository, Store.table
    )
