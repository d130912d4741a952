"""Metrics."""

from dependency_injector import providers

from adapters.emf.metrics import EmfMetrics
from domain.ports.metrics import Metrics
from entrypoints.containers.on_aws.store import Store


class Reporting(Store):
    """As lines of the log."""

    metrics: providers.Provider[Metrics] = providers.ThreadSafeSingleton(
        EmfMetrics, Store.settings.provided.stage
    )
