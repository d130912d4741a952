"""The contract of `domain.ports.metrics`, and the lines that CloudWatch reads."""

import io
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from adapters.emf.metrics import UNITS, EmfMetrics
from adapters.memory.metrics import MemoryMetrics, Report
from domain.campaign import CampaignState
from domain.identifiers import WebhookId
from domain.outcome import (
    Accepted,
    AccountBlocked,
    NotSent,
    Outcome,
    OutcomeCounts,
    Refused,
    Unknown,
)
from domain.path_policy import ExecutionPath
from domain.ports.metrics import Metrics, Retry
from domain.start import Dispatch
from tests.contracts.examples import CAMPAIGN_ID, a_campaign
from tests.contracts.races import THREADS, race
from tests.contracts.settable_clock import START

Line = dict[str, Any]  # Any: JSON
Call = Callable[[Metrics], None]

SECOND = timedelta(seconds=1)
CREATED = a_campaign()
STARTED = replace(CREATED, started_at=START + 1.5 * SECOND)
LATE = replace(
    CREATED,
    execution_path=ExecutionPath.SCHEDULED,
    schedule_at=START + timedelta(hours=1),
    started_at=START + timedelta(hours=1, seconds=30),
)
OVERTAKEN = replace(LATE, created_at=LATE.schedule_at + 10 * SECOND)
EARLY = replace(CREATED, schedule_at=START + 20 * SECOND, started_at=START + 2 * SECOND)
BEHIND = replace(CREATED, started_at=START - SECOND)
EXPIRED = replace(CREATED, state=CampaignState.EXPIRED)
EVERY_OUTCOME = OutcomeCounts(accepted=5, refused=4, not_sent=3, unknown=2, blocked=1)

OF_CAMPAIGN = {"stage": "test", "path": "immediate"}
OF_SCHEDULED = {"stage": "test", "path": "scheduled"}
OF_STAGE = {"stage": "test"}
WEBHOOK_ID = WebhookId("whk_1")


class Case(NamedTuple):
    """A call, and what its line has: dimensions, what else there is to read, units and values."""

    call: Call
    dimensions: dict[str, str]
    more: dict[str, str]
    values: dict[str, tuple[str, float]]


OF_NO_CAMPAIGN = {
    "OccurrencesMissed",
    "StartsDirect",
    "StartsQueued",
    "StartsRefused",
    "UnknownHeld",
    "WebhooksFailed",
}
CASES = [
    Case(
        lambda metrics: metrics.campaign_created(CREATED),
        OF_CAMPAIGN,
        {},
        {"CampaignsCreated": ("Count", 1)},
    ),
    Case(
        lambda metrics: metrics.start_dispatched(Dispatch.DIRECT),
        {"stage": "test"},
        {},
        {"StartsDirect": ("Count", 1)},
    ),
    Case(
        lambda metrics: metrics.start_dispatched(Dispatch.QUEUED),
        {"stage": "test"},
        {},
        {"StartsQueued": ("Count", 1)},
    ),
    Case(
        lambda metrics: metrics.start_refused(),
        {"stage": "test"},
        {},
        {"StartsRefused": ("Count", 1)},
    ),
    Case(
        lambda metrics: metrics.campaign_started(STARTED),
        OF_CAMPAIGN,
        {},
        {"StartLatency": ("Milliseconds", 1500), "Lateness": ("Milliseconds", 1500)},
    ),
    Case(
        lambda metrics: metrics.campaign_started(LATE),
        OF_SCHEDULED,
        {},
        {"StartLatency": ("Milliseconds", 30_000), "Lateness": ("Milliseconds", 30_000)},
    ),
    Case(
        lambda metrics: metrics.campaign_started(OVERTAKEN),
        OF_SCHEDULED,
        {},
        {"StartLatency": ("Milliseconds", 20_000), "Lateness": ("Milliseconds", 30_000)},
    ),
    Case(
        lambda metrics: metrics.campaign_started(EARLY),
        OF_CAMPAIGN,
        {},
        {"StartLatency": ("Milliseconds", 2_000), "Lateness": ("Milliseconds", 0)},
    ),
    Case(
        lambda metrics: metrics.campaign_started(BEHIND),
        OF_CAMPAIGN,
        {},
        {"StartLatency": ("Milliseconds", 0), "Lateness": ("Milliseconds", 0)},
    ),
    Case(
        lambda metrics: metrics.campaign_halted(EXPIRED),
        OF_STAGE,
        {"state": "expired"},
        {"CampaignsHalted": ("Count", 1)},
    ),
    Case(
        lambda metrics: metrics.occurrences_missed(3),
        OF_STAGE,
        {},
        {"OccurrencesMissed": ("Count", 3)},
    ),
    Case(
        lambda metrics: metrics.webhook_failed(WEBHOOK_ID),
        OF_STAGE,
        {"webhook_id": WEBHOOK_ID},
        {"WebhooksFailed": ("Count", 1)},
    ),
    Case(
        lambda metrics: metrics.sends(CREATED, EVERY_OUTCOME),
        OF_CAMPAIGN,
        {},
        {
            "MailsAccepted": ("Count", 5),
            "MailsRefused": ("Count", 4),
            "MailsNotSent": ("Count", 3),
            "MailsUnknown": ("Count", 2),
            "MailsBlocked": ("Count", 1),
        },
    ),
    Case(
        lambda metrics: metrics.sends(CREATED, OutcomeCounts(accepted=50)),
        OF_CAMPAIGN,
        {},
        {"MailsAccepted": ("Count", 50)},
    ),
    Case(
        lambda metrics: metrics.limiter_wait(CREATED, timedelta()),
        OF_CAMPAIGN,
        {},
        {"LimiterWait": ("Milliseconds", 0)},
    ),
    Case(
        lambda metrics: metrics.retried(CREATED, Retry.CHUNK),
        OF_CAMPAIGN,
        {"retry": "chunk"},
        {"Retries": ("Count", 1)},
    ),
    Case(
        lambda metrics: metrics.open_work(
            unknown_held=3,
            oldest_unknown=timedelta(hours=1),
            oldest_unfinished_chunk=timedelta(minutes=1),
            longest_stall=timedelta(),
        ),
        OF_STAGE,
        {},
        {
            "UnknownHeld": ("Count", 3),
            "OldestUnknown": ("Seconds", 3600),
            "OldestUnfinishedChunk": ("Seconds", 60),
            "LongestStall": ("Seconds", 0),
        },
    ),
]


@pytest.fixture(params=[MemoryMetrics, lambda: EmfMetrics("test")], ids=["memory", "emf"])
def metrics(request: pytest.FixtureRequest) -> Metrics:
    """Of each family."""
    made: Metrics = request.param()
    return made


def lines(capsys: pytest.CaptureFixture[str]) -> list[Line]:
    """What was written since the last look."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("call", [case.call for case in CASES])
def test_every_fact_is_noted_once(
    metrics: Metrics, call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    """One call, one note."""
    call(metrics)

    noted = metrics.reports if isinstance(metrics, MemoryMetrics) else lines(capsys)
    assert len(noted) == 1


def test_what_is_told_at_once_is_noted_whole(
    metrics: Metrics, capsys: pytest.CaptureFixture[str]
) -> None:
    """Workers that report at the same time lose nothing."""
    race(lambda _: metrics.sends(CREATED, EVERY_OUTCOME), range(THREADS))

    if isinstance(metrics, MemoryMetrics):
        assert len(metrics.reports) == THREADS
    else:
        assert capsys.readouterr().out.count('"MailsBlocked":[1.0]') == THREADS


@pytest.mark.parametrize("call", [case.call for case in CASES])
def test_nothing_is_raised(
    metrics: Metrics,
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where stdout is closed the metric is lost, the log says so, and delivery goes on."""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stdout", closed)

    with caplog.at_level(logging.ERROR):
        call(metrics)

    assert bool(caplog.records) == isinstance(metrics, EmfMetrics)


@pytest.mark.parametrize("case", CASES)
def test_a_line_of_the_embedded_metric_format(
    case: Case,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exactly these dimensions, units and values, whatever service the environment names."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "sentinel")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Other")

    case.call(EmfMetrics("test"))

    (line,) = lines(capsys)
    assert isinstance(line["_aws"].pop("Timestamp"), int)
    of_none = OF_NO_CAMPAIGN & case.values.keys()
    campaign = {} if of_none else {"campaign_id": CAMPAIGN_ID}
    assert line == {
        "_aws": {
            "CloudWatchMetrics": [
                {
                    "Namespace": "Sentinel",
                    "Dimensions": [list(case.dimensions)],
                    "Metrics": [
                        {"Name": name, "Unit": unit} for name, (unit, _) in case.values.items()
                    ],
                }
            ]
        },
        **case.dimensions,
        **case.more,
        **campaign,
        **{name: [value] for name, (_, value) in case.values.items()},
    }


def test_no_line_without_a_metric(capsys: pytest.CaptureFixture[str]) -> None:
    """A micro-batch of which nobody was sent to is no line."""
    EmfMetrics("test").sends(CREATED, OutcomeCounts())

    assert lines(capsys) == []


def test_the_documented_metrics_are_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """The table of docs/metrics.md has every metric, with its unit and its dimensions."""
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
    # The other table is Prometheus': test_prometheus_metrics.py.
    table, _, _ = page.partition("## On one machine")
    rows = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    documented = {name.strip(" `"): (unit, dimensions) for name, unit, dimensions, *_ in rows}

    emitted: dict[str, tuple[str, str]] = {}
    for case in CASES:
        case.call(EmfMetrics("test"))
    for line in lines(capsys):
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        (dimensions,) = directive["Dimensions"]
        for metric in directive["Metrics"]:
            emitted[metric["Name"]] = (metric["Unit"], ", ".join(dimensions))

    assert documented == emitted
    assert list(documented) == list(UNITS)


def test_outcomes_are_counted() -> None:
    """Each under its own name."""
    outcomes: list[Outcome] = [
        Accepted("m"),
        *[Refused("no")] * 2,
        *[NotSent("later")] * 3,
        *[Unknown("timeout")] * 4,
        *[AccountBlocked("suspended")] * 5,
    ]
    assert OutcomeCounts.of(outcomes) == OutcomeCounts(
        accepted=1, refused=2, not_sent=3, unknown=4, blocked=5
    )


def test_memory_keeps_the_latest() -> None:
    """However long a process runs, it keeps so many."""
    metrics = MemoryMetrics(limit=2)
    for seconds in range(3):
        metrics.limiter_wait(CREATED, timedelta(seconds=seconds))
    metrics.retried(CREATED, Retry.SEND)

    assert metrics.reports == (
        Report("limiter_wait", CREATED, {"wait": timedelta(seconds=2)}),
        Report("retried", CREATED, {"what": Retry.SEND}),
    )
    assert metrics.of("retried") == [metrics.reports[1]]
