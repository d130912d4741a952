"""Metrics as Prometheus collects them: its names, its units, every process's counts."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from adapters.prometheus.exposition import PrometheusExposition
from adapters.prometheus.metrics import PrometheusMetrics
from adapters.prometheus.workers import PrometheusWorkerMetrics
from domain.backlog import Backlog, Queued
from domain.dead_letter import DeadLetterSource
from domain.ports.metrics import Retry
from domain.priority import Priority
from domain.start import Dispatch
from tests.contracts.examples import CAMPAIGN_ID
from tests.contracts.races import THREADS, race
from tests.contracts.test_metrics import (
    BEHIND,
    CASES,
    CREATED,
    EVERY_OUTCOME,
    EXPIRED,
    LATE,
    WEBHOOK_ID,
    Call,
)

ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)
NOTHING = Backlog(
    queued=dict.fromkeys(Priority, Queued()),
    schedules=0,
    overdue=timedelta(),
    dead_letters=dict.fromkeys(DeadLetterSource, 0),
)
COUNTING = """
import os, sys
from adapters.prometheus.metrics import PrometheusMetrics
from tests.contracts.test_metrics import CREATED, EVERY_OUTCOME
PrometheusMetrics(None).sends(CREATED, EVERY_OUTCOME)
print("counted", flush=True)
sys.stdin.read()
"""
UNITS = re.compile(r"_(seconds|total|recipients|messages|alive|waiting|letters)$")
"""Prometheus, "Metric and label naming": a base unit, `_total`, or what is counted."""

Samples = Mapping[str, float]


def noted(registry: CollectorRegistry) -> Samples:
    """Every sample that is not zero, as a query spells it, but for the buckets."""
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.value and not sample.name.endswith(("_bucket", "_created"))
    }


@pytest.fixture
def registry() -> CollectorRegistry:
    """An empty one."""
    return CollectorRegistry()


@pytest.mark.parametrize(
    ("call", "samples"),
    [
        (
            lambda metrics: metrics.campaign_created(CREATED),
            {"sentinel_campaigns_created_total['immediate']": 1},
        ),
        (
            lambda metrics: metrics.campaign_started(LATE),
            {
                "sentinel_campaign_start_latency_seconds_count['scheduled']": 1,
                "sentinel_campaign_start_latency_seconds_sum['scheduled']": 30,
                "sentinel_campaign_lateness_seconds_count['scheduled']": 1,
                "sentinel_campaign_lateness_seconds_sum['scheduled']": 30,
            },
        ),
        (
            lambda metrics: metrics.campaign_started(BEHIND),
            {
                "sentinel_campaign_start_latency_seconds_count['immediate']": 1,
                "sentinel_campaign_lateness_seconds_count['immediate']": 1,
            },
        ),
        (
            lambda metrics: metrics.campaign_halted(EXPIRED),
            {"sentinel_campaigns_halted_total['expired']": 1},
        ),
        (
            lambda metrics: metrics.occurrences_missed(3),
            {"sentinel_occurrences_missed_total[]": 3},
        ),
        (
            lambda metrics: metrics.sends(CREATED, EVERY_OUTCOME),
            {
                "sentinel_mails_total['accepted', 'immediate']": 5,
                "sentinel_mails_total['immediate', 'refused']": 4,
                "sentinel_mails_total['immediate', 'not_sent']": 3,
                "sentinel_mails_total['immediate', 'unknown']": 2,
                "sentinel_mails_total['blocked', 'immediate']": 1,
            },
        ),
        (
            lambda metrics: metrics.limiter_wait(CREATED, timedelta(seconds=2)),
            {
                "sentinel_limiter_wait_seconds_count['immediate']": 1,
                "sentinel_limiter_wait_seconds_sum['immediate']": 2,
            },
        ),
        (
            lambda metrics: metrics.start_dispatched(Dispatch.DIRECT),
            {"sentinel_starts_total['direct']": 1},
        ),
        (
            lambda metrics: metrics.start_dispatched(Dispatch.QUEUED),
            {"sentinel_starts_total['queued']": 1},
        ),
        (lambda metrics: metrics.start_refused(), {"sentinel_starts_total['refused']": 1}),
        (lambda metrics: metrics.retried(None, Retry.JOB), {"sentinel_retries_total['job']": 1}),
        (
            lambda metrics: metrics.webhook_failed(WEBHOOK_ID),
            {"sentinel_webhook_deliveries_failed_total[]": 1},
        ),
        (
            lambda metrics: metrics.open_work(
                unknown_held=3,
                oldest_unknown=HOUR,
                oldest_unfinished_chunk=timedelta(minutes=1),
                longest_stall=timedelta(),
            ),
            {
                "sentinel_unknown_held_recipients[]": 3,
                "sentinel_oldest_unknown_seconds[]": 3_600,
                "sentinel_oldest_unfinished_chunk_seconds[]": 60,
            },
        ),
    ],
)
def test_a_fact_is_counted_under_its_name(
    registry: CollectorRegistry, call: Call, samples: Samples
) -> None:
    """Once, in seconds, and nothing else is; no time is negative."""
    call(PrometheusMetrics(registry))

    assert noted(registry) == samples


def test_what_is_told_at_once_is_counted_whole(registry: CollectorRegistry) -> None:
    """Workers that report at the same time lose nothing."""
    metrics = PrometheusMetrics(registry)

    race(lambda _: metrics.sends(CREATED, EVERY_OUTCOME), range(THREADS))

    assert noted(registry)["sentinel_mails_total['accepted', 'immediate']"] == 5 * THREADS


def test_every_series_is_there_from_the_beginning(registry: CollectorRegistry) -> None:
    """Whatever happens adds none, so that the first of a kind is an increase; no id is a label."""
    metrics = PrometheusMetrics(registry)
    before = series(registry)

    for case in CASES:
        case.call(metrics)

    assert series(registry) == before
    assert not any(CAMPAIGN_ID in name or WEBHOOK_ID in name for name in before)


def series(registry: CollectorRegistry) -> set[str]:
    """The name and the labels of each."""
    return {
        f"{sample.name}{sorted(sample.labels.items())}"
        for family in registry.collect()
        for sample in family.samples
    }


def test_names_are_documented_and_are_prometheus_own_kind(
    registry: CollectorRegistry, tmp_path: Path
) -> None:
    """The table of docs/metrics.md has each, with its kind and its labels, and no other."""
    PrometheusMetrics(registry)
    PrometheusWorkerMetrics(registry)
    exposed = PrometheusExposition(tmp_path, lambda: NOTHING)()
    families = [*registry.collect(), *text_string_to_metric_families(exposed)]
    there_are = {
        f"{family.name}_total" if family.type == "counter" else family.name: (
            family.type,
            ", ".join(
                sorted({label for sample in family.samples for label in sample.labels} - {"le"})
            ),
        )
        for family in families
    }
    rows = [
        line.strip("| ").split(" | ")
        for line in (ROOT / "docs" / "metrics.md").read_text().splitlines()
        if line.startswith("| `sentinel_")
    ]

    assert {name.strip("`"): (kind, labels) for name, kind, labels, *_ in rows} == there_are
    assert all(UNITS.search(name) for name in there_are)


def test_the_counts_of_all_processes_are_exposed(tmp_path: Path) -> None:
    """Also of one that was killed: what it counted has happened."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    processes = [
        subprocess.Popen(  # noqa: S603  our own interpreter
            [sys.executable, "-c", COUNTING],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"counted\n"
    processes[0].send_signal(signal.SIGKILL)
    for process in processes:
        process.communicate()

    exposed = PrometheusExposition(tmp_path, lambda: NOTHING)()

    assert 'sentinel_mails_total{outcome="accepted",path="immediate"} 10.0' in exposed


def test_what_waits_is_exposed_as_it_is_now(tmp_path: Path) -> None:
    """Read at each look, by nobody's memory."""
    backlogs = iter(
        [
            NOTHING,
            Backlog(
                queued={Priority.NORMAL: Queued(7, HOUR), Priority.URGENT: Queued(2, 2 * HOUR)},
                schedules=2,
                overdue=timedelta(seconds=1.5),
                dead_letters={DeadLetterSource.SEND: 3},
            ),
        ]
    )
    expose = PrometheusExposition(tmp_path, lambda: next(backlogs))

    assert 'sentinel_send_queue_messages{priority="urgent"} 0.0' in expose()
    second = expose()

    for line in (
        'sentinel_send_queue_messages{priority="normal"} 7.0',
        'sentinel_send_queue_messages{priority="urgent"} 2.0',
        'sentinel_send_queue_oldest_message_seconds{priority="normal"} 3600.0',
        'sentinel_send_queue_oldest_message_seconds{priority="urgent"} 7200.0',
        "sentinel_schedules_waiting 2.0",
        "sentinel_schedule_overdue_seconds 1.5",
        'sentinel_dead_letters{source="send"} 3.0',
    ):
        assert f"{line}\n" in second
