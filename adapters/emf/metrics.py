"""Metrics as lines of a log."""

import logging
from collections.abc import Mapping
from datetime import timedelta

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from domain.campaign import Campaign
from domain.identifiers import WebhookId
from domain.outcome import OutcomeCounts
from domain.ports.metrics import Retry
from domain.start import Dispatch

logger = logging.getLogger(__name__)

NAMESPACE = "Sentinel"
UNITS: Mapping[str, MetricUnit] = {
    "CampaignsCreated": MetricUnit.Count,
    "StartsDirect": MetricUnit.Count,
    "StartsQueued": MetricUnit.Count,
    "StartsRefused": MetricUnit.Count,
    "StartLatency": MetricUnit.Milliseconds,
    "Lateness": MetricUnit.Milliseconds,
    "CampaignsHalted": MetricUnit.Count,
    "OccurrencesMissed": MetricUnit.Count,
    "MailsAccepted": MetricUnit.Count,
    "MailsRefused": MetricUnit.Count,
    "MailsNotSent": MetricUnit.Count,
    "MailsUnknown": MetricUnit.Count,
    "MailsBlocked": MetricUnit.Count,
    "LimiterWait": MetricUnit.Milliseconds,
    "Retries": MetricUnit.Count,
    "UnknownHeld": MetricUnit.Count,
    "OldestUnknown": MetricUnit.Seconds,
    "OldestUnfinishedChunk": MetricUnit.Seconds,
    "LongestStall": MetricUnit.Seconds,
    "WebhooksFailed": MetricUnit.Count,
}
"""Every metric, with its unit (docs/metrics.md)."""

_DISPATCHED: Mapping[Dispatch, str] = {
    Dispatch.DIRECT: "StartsDirect",
    Dispatch.QUEUED: "StartsQueued",
}
_TIMES = {
    MetricUnit.Milliseconds: timedelta(milliseconds=1),
    MetricUnit.Seconds: timedelta(seconds=1),
}


class EmfMetrics:
    """Implements `domain.ports.metrics.Metrics`: a line on stdout a call, in `NAMESPACE`.

    Of Powertools' ways the ephemeral one: dimensions are each call's own, and nothing waits for
    the end of an invocation that may never come.
    """

    def __init__(self, stage: str) -> None:
        """`stage` is a dimension of everything."""
        self._stage = stage

    def campaign_created(self, campaign: Campaign) -> None:
        """`CampaignsCreated`."""
        self._of_campaign(campaign, {"CampaignsCreated": 1})

    def start_dispatched(self, way: Dispatch) -> None:
        """`StartsDirect` or `StartsQueued`."""
        self._emit({_DISPATCHED[way]: 1}, {"stage": self._stage})

    def start_refused(self) -> None:
        """`StartsRefused`."""
        self._emit({"StartsRefused": 1}, {"stage": self._stage})

    def campaign_started(self, campaign: Campaign) -> None:
        """`StartLatency`, from when it could have started, and `Lateness`, from `schedule_at`."""
        if campaign.started_at is None:
            return
        self._of_campaign(
            campaign,
            {
                "StartLatency": campaign.started_at - campaign.startable_at,
                "Lateness": campaign.started_at - campaign.schedule_at,
            },
        )

    def campaign_halted(self, campaign: Campaign) -> None:
        """`CampaignsHalted`, of the stage alone: it is what an alarm watches."""
        self._emit(
            {"CampaignsHalted": 1},
            {"stage": self._stage},
            {"campaign_id": campaign.campaign_id, "state": campaign.state.value},
        )

    def occurrences_missed(self, count: int) -> None:
        """`OccurrencesMissed`, of the stage alone: it is what an alarm watches."""
        self._emit({"OccurrencesMissed": count}, {"stage": self._stage})

    def sends(self, campaign: Campaign, outcomes: OutcomeCounts) -> None:
        """`Mails…`, one metric an outcome."""
        counts = {
            "MailsAccepted": outcomes.accepted,
            "MailsRefused": outcomes.refused,
            "MailsNotSent": outcomes.not_sent,
            "MailsUnknown": outcomes.unknown,
            "MailsBlocked": outcomes.blocked,
        }
        self._of_campaign(campaign, {name: count for name, count in counts.items() if count})

    def limiter_wait(self, campaign: Campaign, wait: timedelta) -> None:
        """`LimiterWait`."""
        self._of_campaign(campaign, {"LimiterWait": wait})

    def retried(self, campaign: Campaign | None, what: Retry) -> None:
        """`Retries`; of the stage alone where it was of no campaign."""
        if campaign is None:
            self._emit({"Retries": 1}, {"stage": self._stage}, {"retry": what.value})
            return
        self._of_campaign(campaign, {"Retries": 1}, {"retry": what.value})

    def webhook_failed(self, webhook_id: WebhookId) -> None:
        """`WebhooksFailed`."""
        self._emit({"WebhooksFailed": 1}, {"stage": self._stage}, {"webhook_id": webhook_id})

    def open_work(
        self,
        *,
        unknown_held: int,
        oldest_unknown: timedelta,
        oldest_unfinished_chunk: timedelta,
        longest_stall: timedelta,
    ) -> None:
        """Four metrics of the stage."""
        self._emit(
            {
                "UnknownHeld": unknown_held,
                "OldestUnknown": oldest_unknown,
                "OldestUnfinishedChunk": oldest_unfinished_chunk,
                "LongestStall": longest_stall,
            },
            {"stage": self._stage},
        )

    def _of_campaign(
        self,
        campaign: Campaign,
        values: Mapping[str, int | timedelta],
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self._emit(
            values,
            {"stage": self._stage, "path": campaign.execution_path.value},
            {"campaign_id": campaign.campaign_id, **(metadata or {})},
        )

    def _emit(
        self,
        values: Mapping[str, int | timedelta],
        dimensions: Mapping[str, str],
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        if not values:
            return
        try:
            # An empty service, or POWERTOOLS_SERVICE_NAME would become a dimension.
            line = EphemeralMetrics(namespace=NAMESPACE, service="")
            for name, value in values.items():
                line.add_metric(name, UNITS[name], _number(value, UNITS[name]))
            for name, dimension in dimensions.items():
                line.add_dimension(name, dimension)
            for name, text in (metadata or {}).items():
                line.add_metadata(name, text)
            line.flush_metrics()
        except Exception:
            # Whatever is wrong with a metric, or with stdout, mails are not to wait for it.
            logger.exception("Not noted as a metric: %s", ", ".join(values))


def _number(value: int | timedelta, unit: MetricUnit) -> float:
    """In `unit`; a clock that is behind another makes no time negative."""
    return max(value / _TIMES[unit], 0) if isinstance(value, timedelta) else value
