"""What Prometheus is answered: the counts of all processes, and the state as it is now."""

from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from domain.backlog import Backlog


class _BacklogCollector(Collector):
    """Read when it is asked for, so that it is never older than the answer."""

    def __init__(self, read: Callable[[], Backlog]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """Gauges."""
        backlog = self._read()
        messages = GaugeMetricFamily(
            "sentinel_send_queue_messages",
            "Chunks on the send queue, those with a worker included.",
            labels=["priority"],
        )
        oldest = GaugeMetricFamily(
            "sentinel_send_queue_oldest_message_seconds",
            "Age of the oldest of them; 0 where there is none.",
            labels=["priority"],
        )
        for priority, queued in backlog.queued.items():
            messages.add_metric([priority], queued.messages)
            oldest.add_metric([priority], queued.oldest.total_seconds())
        yield messages
        yield oldest
        yield GaugeMetricFamily(
            "sentinel_schedules_waiting", "Schedules that have not fired.", backlog.schedules
        )
        yield GaugeMetricFamily(
            "sentinel_schedule_overdue_seconds",
            "How long the longest due of them has been due; 0 where none is.",
            backlog.overdue.total_seconds(),
        )
        dead = GaugeMetricFamily(
            "sentinel_dead_letters", "What was given up, and waits for a person.", labels=["source"]
        )
        for source, count in backlog.dead_letters.items():
            dead.add_metric([source], count)
        yield dead


class PrometheusExposition:
    """The text format, of all processes that write into one directory."""

    def __init__(self, directory: Path, backlog: Callable[[], Backlog]) -> None:
        """`directory` is that of PROMETHEUS_MULTIPROC_DIR."""
        self._directory = directory
        self._backlog = _BacklogCollector(backlog)

    def __call__(self) -> str:
        """Raises DependencyFault where the state cannot be read."""
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._directory))
        registry.register(self._backlog)
        return generate_latest(registry).decode()
