"""What is noted of the processes that send."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class PrometheusWorkerMetrics:
    """Of the process that supervises them."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        """As `adapters.prometheus.metrics`."""
        self._alive = Gauge(
            "sentinel_workers_alive",
            "Processes that send.",
            multiprocess_mode="mostrecent",
            registry=registry,
        )
        self._restarts = Counter(
            "sentinel_worker_restarts",
            "Workers that ended without being asked to.",
            registry=registry,
        )

    def alive(self, count: int) -> None:
        """So many there are now."""
        self._alive.set(count)

    def restarted(self) -> None:
        """One ended, and another is started."""
        self._restarts.inc()
