"""Metrics kept in the process."""

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from threading import Lock

from domain.campaign import Campaign
from domain.identifiers import WebhookId
from domain.outcome import OutcomeCounts
from domain.ports.metrics import Retry
from domain.start import Dispatch

Value = int | timedelta | str


@dataclass(frozen=True, slots=True)
class Report:
    """One call: the name of the method, the campaign as it was then, and what was told of it."""

    what: str
    campaign: Campaign | None = None
    values: dict[str, Value] = field(default_factory=dict)


class MemoryMetrics:
    """Implements `domain.ports.metrics.Metrics`; `reports` are the latest calls, oldest first."""

    def __init__(self, limit: int = 1_000) -> None:
        """Nothing reported; the latest `limit` calls are kept."""
        self._lock = Lock()
        self._reports: deque[Report] = deque(maxlen=limit)

    @property
    def reports(self) -> Sequence[Report]:
        """As many as are kept."""
        with self._lock:
            return tuple(self._reports)

    def of(self, what: str) -> Sequence[Report]:
        """Those of one method."""
        return [report for report in self.reports if report.what == what]

    def campaign_created(self, campaign: Campaign) -> None:
        """Kept."""
        self._keep(Report("campaign_created", campaign))

    def start_dispatched(self, way: Dispatch) -> None:
        """Kept."""
        self._keep(Report("start_dispatched", values={"way": way}))

    def start_refused(self) -> None:
        """Kept."""
        self._keep(Report("start_refused"))

    def campaign_started(self, campaign: Campaign) -> None:
        """Kept."""
        self._keep(Report("campaign_started", campaign))

    def campaign_halted(self, campaign: Campaign) -> None:
        """Kept."""
        self._keep(Report("campaign_halted", campaign))

    def occurrences_missed(self, count: int) -> None:
        """Kept."""
        self._keep(Report("occurrences_missed", values={"count": count}))

    def sends(self, campaign: Campaign, outcomes: OutcomeCounts) -> None:
        """Kept, without zeros."""
        counts = {name: count for name, count in asdict(outcomes).items() if count}
        self._keep(Report("sends", campaign, counts))

    def limiter_wait(self, campaign: Campaign, wait: timedelta) -> None:
        """Kept."""
        self._keep(Report("limiter_wait", campaign, {"wait": wait}))

    def retried(self, campaign: Campaign | None, what: Retry) -> None:
        """Kept."""
        self._keep(Report("retried", campaign, {"what": what}))

    def webhook_failed(self, webhook_id: WebhookId) -> None:
        """Kept."""
        self._keep(Report("webhook_failed", values={"webhook_id": webhook_id}))

    def open_work(
        self,
        *,
        unknown_held: int,
        oldest_unknown: timedelta,
        oldest_unfinished_chunk: timedelta,
        longest_stall: timedelta,
    ) -> None:
        """Kept."""
        values: dict[str, Value] = {
            "unknown_held": unknown_held,
            "oldest_unknown": oldest_unknown,
            "oldest_unfinished_chunk": oldest_unfinished_chunk,
            "longest_stall": longest_stall,
        }
        self._keep(Report("open_work", values=values))

    def _keep(self, report: Report) -> None:
        with self._lock:
            self._reports.append(report)
