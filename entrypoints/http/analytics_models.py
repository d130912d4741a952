"""Bodies of the routes of analytics."""

from datetime import date

from pydantic import Field

from domain.campaign import CampaignState
from domain.path_analytics import PathSummary
from domain.path_policy import ExecutionPath
from domain.use_cases.read_path_analytics import PathAnalytics, Period
from entrypoints.http.models import Answer, Utc, example_of, shown_by


class PathSummaryBody(Answer):
    """Campaigns of one path in one period, flat.

    A campaign is counted on the UTC day of its first start, or of its end where it never started.
    """

    model_config = shown_by(
        {
            "day": None,
            "path": "immediate",
            "campaigns": 12,
            "campaigns_started": 12,
            "campaigns_under_way": 0,
            "campaigns_sent": 11,
            "campaigns_cancelled": 1,
            "campaigns_expired": 0,
            "campaigns_failed": 0,
            "start_latency_p50_ms": 240,
            "start_latency_p95_ms": 910,
            "start_latency_p99_ms": 910,
            "lateness_p50_ms": 240,
            "lateness_p95_ms": 910,
            "lateness_p99_ms": 910,
            "recipients": 24_000,
            "recipients_pending": 0,
            "recipients_sent": 23_870,
            "recipients_failed": 20,
            "recipients_unknown": 2,
            "recipients_suppressed": 98,
            "recipients_skipped": 10,
            "recipients_delivered": 23_700,
            "recipients_bounced": 25,
            "recipients_complained": 1,
            "sending_seconds": 1_720.5,
            "mails_per_second": 13.874,
            "mails_per_second_median": 13.902,
            "cost_usd": 2.462,
            "cost_ses_usd": 2.387,
            "as_of": "2026-11-30T09:00:00Z",
        },
    )

    day: date | None = Field(description="The UTC day; null for all days as one.")
    path: ExecutionPath
    campaigns: int = Field(description="That started, or ended without a start.")
    campaigns_started: int
    campaigns_under_way: int = Field(description="Started, and sending or paused.")
    campaigns_sent: int
    campaigns_cancelled: int
    campaigns_expired: int
    campaigns_failed: int
    start_latency_p50_ms: int | None = Field(
        description="From when it could have started to its first start; null of none."
    )
    start_latency_p95_ms: int | None
    start_latency_p99_ms: int | None
    lateness_p50_ms: int | None = Field(
        description="From its schedule_at to its first start, not below 0; null of none."
    )
    lateness_p95_ms: int | None
    lateness_p99_ms: int | None
    recipients: int
    recipients_pending: int
    recipients_sent: int
    recipients_failed: int
    recipients_unknown: int
    recipients_suppressed: int
    recipients_skipped: int
    recipients_delivered: int = Field(description="Of those sent, as far as the provider told.")
    recipients_bounced: int = Field(description="Likewise.")
    recipients_complained: int = Field(description="Likewise.")
    sending_seconds: float = Field(
        description="From first start to end, of campaigns sent without a pause, added up."
    )
    mails_per_second: float | None = Field(
        description="Their mails by that time; null where there is none."
    )
    mails_per_second_median: float | None = Field(description="Of these campaigns.")
    cost_usd: float = Field(description="An estimate: SES and everything else.")
    cost_ses_usd: float = Field(description="SES alone, of it.")
    as_of: Utc | None = Field(
        description="When the oldest of its figures was read; null without campaigns."
    )

    @classmethod
    def of(cls, summary: PathSummary) -> "PathSummaryBody":
        """From the domain's."""
        tally = summary.tally
        return cls(
            day=summary.day,
            path=summary.path,
            campaigns=summary.campaigns,
            campaigns_started=summary.started,
            campaigns_under_way=summary.under_way,
            campaigns_sent=summary.ends[CampaignState.SENT],
            campaigns_cancelled=summary.ends[CampaignState.CANCELLED],
            campaigns_expired=summary.ends[CampaignState.EXPIRED],
            campaigns_failed=summary.ends[CampaignState.FAILED],
            start_latency_p50_ms=summary.start_latency_ms.p50,
            start_latency_p95_ms=summary.start_latency_ms.p95,
            start_latency_p99_ms=summary.start_latency_ms.p99,
            lateness_p50_ms=summary.lateness_ms.p50,
            lateness_p95_ms=summary.lateness_ms.p95,
            lateness_p99_ms=summary.lateness_ms.p99,
            recipients=summary.recipients,
            recipients_pending=summary.pending,
            recipients_sent=tally.sent,
            recipients_failed=tally.failed,
            recipients_unknown=tally.unknown,
            recipients_suppressed=tally.suppressed,
            recipients_skipped=tally.skipped,
            recipients_delivered=tally.delivered,
            recipients_bounced=tally.bounced,
            recipients_complained=tally.complained,
            sending_seconds=summary.sending_ms / 1_000,
            mails_per_second=_rounded(summary.mails_per_second),
            mails_per_second_median=_rounded(summary.median_mails_per_second),
            cost_usd=round(summary.ses_cost + summary.other_cost, 6),
            cost_ses_usd=round(summary.ses_cost, 6),
            as_of=summary.as_of,
        )


class PathAnalyticsBody(Answer):
    """Both paths of each period, oldest first."""

    model_config = shown_by(
        {
            "since": "2026-11-01",
            "until": "2026-11-30",
            "period": "total",
            "as_of": "2026-11-30T09:00:00Z",
            "items": [example_of(PathSummaryBody)],
        },
    )

    since: date = Field(description="The first UTC day.")
    until: date = Field(description="The last UTC day.")
    period: Period
    as_of: Utc | None = Field(
        description="When the oldest of all figures was read; null without campaigns."
    )
    items: list[PathSummaryBody]

    @classmethod
    def of(cls, analytics: PathAnalytics) -> "PathAnalyticsBody":
        """From the domain's."""
        return cls(
            since=analytics.since,
            until=analytics.until,
            period=analytics.period,
            as_of=analytics.as_of,
            items=[PathSummaryBody.of(each) for each in analytics.summaries],
        )


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 3)
