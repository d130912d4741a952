"""What the API tells of the two paths."""

from dependency_injector import providers

from domain.use_cases.read_path_analytics import ReadPathAnalytics
from entrypoints.containers.use_cases import UseCases


class ServingAnalytics(UseCases):
    """Only to read."""

    read_path_analytics: providers.Provider[ReadPathAnalytics] = providers.Factory(
        ReadPathAnalytics, analytics=UseCases.family.analytics, clock=UseCases.family.clock
    )
