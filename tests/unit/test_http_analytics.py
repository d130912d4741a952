"""GET /v1/analytics/paths."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.campaign import CampaignState
from domain.path_policy import ExecutionPath
from domain.tally import Tally
from tests.unit.sentinel import NOW
from tests.unit.test_http_gateway import Gateway
from tests.unit.test_path_analytics import a_line

PATHS = "/v1/analytics/paths"


def test_both_paths_are_told_flat_with_every_figure() -> None:
    """What a client draws or prints, without looking into anything nested."""
    gateway = Gateway()
    analytics = gateway.container.family.analytics()
    counts = Tally(
        sent=980,
        failed=4,
        unknown=1,
        suppressed=10,
        skipped=5,
        finished_chunks=20,
        delivered=900,
        bounced=7,
        complained=2,
    )
    analytics.save(a_line(0, tally=counts, start_latency_ms=250, sending_ms=70_000))
    expired = a_line(1, state=CampaignState.EXPIRED, start_latency_ms=None, tally=Tally())
    analytics.save(replace(expired, as_of=NOW - timedelta(hours=1), sending_ms=None))
    analytics.save(replace(a_line(2, state=CampaignState.PAUSED), recipients=150, sending_ms=None))

    told = gateway.get(PATHS, "since=2026-03-01").json

    immediate, scheduled = told.pop("items")
    assert told == {
        "since": "2026-03-01",
        "until": "2026-03-02",
        "period": "total",
        "as_of": "2026-03-02T08:00:00Z",
    }
    assert immediate.pop("cost_usd") > immediate["cost_ses_usd"]
    assert immediate == {
        "day": None,
        "path": "immediate",
        "campaigns": 3,
        "campaigns_started": 2,
        "campaigns_under_way": 1,
        "campaigns_sent": 1,
        "campaigns_cancelled": 0,
        "campaigns_expired": 1,
        "campaigns_failed": 0,
        "start_latency_p50_ms": 100,
        "start_latency_p95_ms": 250,
        "start_latency_p99_ms": 250,
        "lateness_p50_ms": 200,
        "lateness_p95_ms": 500,
        "lateness_p99_ms": 500,
        "recipients": 1_150,
        "recipients_pending": 50,
        "recipients_sent": 1_080,
        "recipients_failed": 4,
        "recipients_unknown": 1,
        "recipients_suppressed": 10,
        "recipients_skipped": 5,
        "recipients_delivered": 900,
        "recipients_bounced": 7,
        "recipients_complained": 2,
        "sending_seconds": 70.0,
        "mails_per_second": 14.0,
        "mails_per_second_median": 14.0,
        "cost_ses_usd": 0.1081,
        "as_of": "2026-03-02T08:00:00Z",
    }
    assert scheduled["path"] == "scheduled"
    assert (scheduled["campaigns"], scheduled["cost_usd"]) == (0, 0)
    assert (scheduled["start_latency_p50_ms"], scheduled["as_of"]) == (None, None)


def test_a_scheduled_campaign_costs_its_schedule_more() -> None:
    """A dollar for a million starts, as docs/cost.md has it."""
    gateway = Gateway()
    analytics = gateway.container.family.analytics()
    for number in range(100):
        for path in ExecutionPath:
            analytics.save(a_line(number + 1_000 * (path is ExecutionPath.SCHEDULED), path=path))

    immediate, scheduled = gateway.get(PATHS).json["items"]

    assert scheduled["cost_usd"] - immediate["cost_usd"] == pytest.approx(0.0001)


def test_by_day_each_item_tells_its_day() -> None:
    """Both paths of a day, then of the next."""
    items = Gateway().get(PATHS, "since=2026-03-01&period=day").json["items"]

    assert [(item["day"], item["path"]) for item in items] == [
        ("2026-03-01", "immediate"),
        ("2026-03-01", "scheduled"),
        ("2026-03-02", "immediate"),
        ("2026-03-02", "scheduled"),
    ]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("since=2025-01-01", "/since"),
        ("since=2026-03-03", "/since"),
        ("since=tomorrow", "/since"),
        ("since=2026-02-30", "/since"),
        ("until=2026-3-1", "/until"),
        ("until=2026-03-01T00:00:00Z", "/until"),
        ("period=week", "/period"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused(query: str, pointer: str) -> None:
    """By name, with the remedy."""
    assert Gateway().get(PATHS, query).refuses(pointer)
