"""Metrics as Prometheus collects them."""

from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from domain.campaign import Campaign, CampaignState
from domain.identifiers import WebhookId
from domain.outcome import OutcomeCounts
from domain.path_policy import ExecutionPath
from domain.ports.metrics import Retry
from domain.start import Dispatch

_HALTED = (CampaignState.EXPIRED, CampaignState.FAILED, CampaignState.PAUSED)
_REFUSED = "refused"
_OUTCOMES = ("accepted", "refused", "not_sent", "unknown", "blocked")
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600, 3_600)


class PrometheusMetrics:
    """Implements `domain.ports.metrics.Metrics`; names and labels are in docs/metrics.md.

    No label is an id: each value would be a time series for ever. All series are there from the
    beginning, so that a first event is an increase (Prometheus, "Instrumentation").
    """

    def __init__(self, registry: CollectorRegistry | None) -> None:
        """Into `registry`; None where each of several processes writes to files instead."""
        self._created = Counter(
            "sentinel_campaigns_created", "Campaigns stored.", ["path"], registry=registry
        )
        self._starts = Counter(
            "sentinel_starts",
            "Immediate starts, by the way that they went; those refused were not to be queued.",
            ["way"],
            registry=registry,
        )
        self._start_latency = Histogram(
            "sentinel_campaign_start_latency_seconds",
            "From when a campaign could have started to its first start.",
            ["path"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._lateness = Histogram(
            "sentinel_campaign_lateness_seconds",
            "From a campaign's schedule_at to its first start.",
            ["path"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._halted = Counter(
            "sentinel_campaigns_halted",
            "Campaigns that expired, failed or were paused by their account: each needs a person.",
            ["state"],
            registry=registry,
        )
        self._missed = Counter(
            "sentinel_occurrences_missed",
            "Occurrences of series that got no campaign: each needs a person.",
            registry=registry,
        )
        self._mails = Counter(
            "sentinel_mails",
            "What became of attempts to send a mail.",
            ["path", "outcome"],
            registry=registry,
        )
        self._limiter_wait = Histogram(
            "sentinel_limiter_wait_seconds",
            "How long a grant of the rate limit had to be waited for.",
            ["path"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._retries = Counter(
            "sentinel_retries", "What was done once more.", ["retry"], registry=registry
        )
        self._webhooks_failed = Counter(
            "sentinel_webhook_deliveries_failed",
            "Deliveries to webhooks that were given up.",
            registry=registry,
        )
        self._unknown_held = _gauge(
            "sentinel_unknown_held_recipients",
            "Recipients held as unknown in campaigns that were sent in the last seven days.",
            registry,
        )
        self._oldest_unknown = _gauge(
            "sentinel_oldest_unknown_seconds",
            "How long ago the first of these campaigns ended.",
            registry,
        )
        self._oldest_chunk = _gauge(
            "sentinel_oldest_unfinished_chunk_seconds",
            "Age of the oldest chunk that was due for a look and should have been sent.",
            registry,
        )
        self._longest_stall = _gauge(
            "sentinel_longest_stall_seconds",
            "The longest time for which a campaign that should be getting on has not.",
            registry,
        )
        self._begin()

    def campaign_created(self, campaign: Campaign) -> None:
        """By path."""
        self._created.labels(campaign.execution_path).inc()

    def start_dispatched(self, way: Dispatch) -> None:
        """By way."""
        self._starts.labels(way).inc()

    def start_refused(self) -> None:
        """As a way, too."""
        self._starts.labels(_REFUSED).inc()

    def campaign_started(self, campaign: Campaign) -> None:
        """Both times, of which neither is negative."""
        if campaign.started_at is None:
            return
        path = campaign.execution_path
        self._start_latency.labels(path).observe(
            _seconds(campaign.started_at - campaign.startable_at)
        )
        self._lateness.labels(path).observe(_seconds(campaign.started_at - campaign.schedule_at))

    def campaign_halted(self, campaign: Campaign) -> None:
        """By state."""
        self._halted.labels(campaign.state).inc()

    def occurrences_missed(self, count: int) -> None:
        """Counted."""
        self._missed.inc(count)

    def sends(self, campaign: Campaign, outcomes: OutcomeCounts) -> None:
        """By path and outcome."""
        for name in _OUTCOMES:
            self._mails.labels(campaign.execution_path, name).inc(getattr(outcomes, name))

    def limiter_wait(self, campaign: Campaign, wait: timedelta) -> None:
        """By path."""
        self._limiter_wait.labels(campaign.execution_path).observe(_seconds(wait))

    def retried(self, campaign: Campaign | None, what: Retry) -> None:  # noqa: ARG002  no label
        """By what."""
        self._retries.labels(what).inc()

    def webhook_failed(self, webhook_id: WebhookId) -> None:  # noqa: ARG002  no label
        """Counted; the log names the webhook."""
        self._webhooks_failed.inc()

    def open_work(
        self,
        *,
        unknown_held: int,
        oldest_unknown: timedelta,
        oldest_unfinished_chunk: timedelta,
        longest_stall: timedelta,
    ) -> None:
        """As of the last pass."""
        self._unknown_held.set(unknown_held)
        self._oldest_unknown.set(_seconds(oldest_unknown))
        self._oldest_chunk.set(_seconds(oldest_unfinished_chunk))
        self._longest_stall.set(_seconds(longest_stall))

    def _begin(self) -> None:
        for way in (*Dispatch, _REFUSED):
            self._starts.labels(way)
        for path in ExecutionPath:
            self._created.labels(path)
            self._start_latency.labels(path)
            self._lateness.labels(path)
            self._limiter_wait.labels(path)
            for outcome in _OUTCOMES:
                self._mails.labels(path, outcome)
        for state in _HALTED:
            self._halted.labels(state)
        for retry in Retry:
            self._retries.labels(retry)


def _gauge(name: str, documentation: str, registry: CollectorRegistry | None) -> Gauge:
    # One process of several has a reconciler; those of the others never said anything.
    return Gauge(name, documentation, multiprocess_mode="mostrecent", registry=registry)


def _seconds(time: timedelta) -> float:
    """A clock that is behind another makes no time negative."""
    return max(time.total_seconds(), 0)
