"""What docs/cost.md says follows from the counts that are kept and from the prices."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from benchmarks import cost, prices
from benchmarks.campaign_run import Spent
from benchmarks.turns import TurnsClock
from domain import cost_estimate
from domain.path_policy import ExecutionPath

_MILLION_OF_EACH = Spent(
    table_writes=600_000,
    index_writes=400_000,
    reads=1_000_000,
    sqs_requests=1_000_000,
    ses_calls=20,
    invocations=1_000_000,
    instances=10_000,
    seconds=1_000_000,
    worker_seconds=900_000,
    worker_busy_seconds=100_000,
    duration=450_000,
    log_bytes=1_000_000_000,
    table_bytes=1_000_000_000,
    index_bytes=1_000_000_000,
)


def test_the_document_is_what_the_command_writes() -> None:
    """docs/cost.md is computed from the kept counts, the template and docs/metrics.md."""
    assert cost.DOCUMENT.read_text(encoding="utf-8") == cost.document(cost.stored()), (
        "docs/cost.md is stale: make cost, or without a new count"
        " .venv/bin/python -m benchmarks.cost --stored"
    )


def test_analytics_estimate_with_what_the_document_counts() -> None:
    """No figure that a command cannot print again: docs/cost.md has the same, under Estimate."""
    counted = cost.estimate(cost.stored())
    assert (counted.a_campaign, counted.a_recipient) == (
        cost_estimate.OTHERS_A_CAMPAIGN,
        cost_estimate.OTHERS_A_RECIPIENT,
    ), "domain/cost_estimate.py is not what was counted last: write these figures there"
    assert prices.SES.of(1_000) == float(cost_estimate.SES_A_MAIL) * 1_000
    assert prices.SCHEDULER.of(10**6) == float(cost_estimate.SCHEDULE * 10**6)


def test_the_estimate_is_about_what_was_counted() -> None:
    """For both sizes it lies above all settings, and by no more than a third above the dearest."""
    counts = cost.stored()
    for recipients in (1_000, 10_000):
        counted = [
            sum(cost.lines(spent).values())
            for setting, spent in counts.spent.items()
            if setting.recipients == recipients
        ]
        estimated = cost_estimate.other_cost(
            ExecutionPath.SCHEDULED, campaigns=1, recipients=recipients
        )
        assert max(counted) * 0.999 < estimated < max(counted) * 4 / 3


def test_each_line_is_billed_by_its_own_price() -> None:
    """A million of each is what the price list says, by hand; workers have half the memory."""
    lines = cost.lines(_MILLION_OF_EACH)

    assert {name: round(dollars, 4) for name, dollars in lines.items()} == {
        "DynamoDB, writes": 0.625,
        "DynamoDB, reads": 0.125,
        "DynamoDB, storage for 180 days": 3.0,
        "DynamoDB, their recovery": 1.2,
        "SQS": 0.4,
        "Lambda, requests": 0.2,
        "Lambda, time": pytest.approx(3.6667, abs=0.0001),
        "API and schedule": 0.0,
        "Logs and metrics in them": pytest.approx(0.53 * 1.4, abs=0.001),
        "Secrets, read": 0.05,
    }
    as_large_as_others = cost.lines(_MILLION_OF_EACH, worker_gb=0.5)
    assert as_large_as_others["Lambda, time"] == pytest.approx(6.6667, abs=0.0001)


def test_workers_take_turns_in_the_order_in_which_they_wake() -> None:
    """Minutes pass at once, and every run counts the same: nobody runs beside anybody else."""
    clock = TurnsClock()
    seen: list[tuple[str, float]] = []

    def worker(name: str, pause: int) -> None:
        for _ in range(2):
            clock.sleep(timedelta(seconds=pause))
            seen.append((name, clock.monotonic().total_seconds()))

    clock.run([lambda: worker("slow", 300), lambda: worker("fast", 200)])

    assert seen == [("fast", 200), ("slow", 300), ("fast", 400), ("slow", 600)]


def test_no_thread_of_a_worker_sleeps() -> None:
    """Time would pass while the worker is at work, and no two runs would count the same."""
    clock = TurnsClock()

    def with_threads() -> None:
        clock.sleep(timedelta(seconds=1))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(clock.sleep, timedelta(seconds=1)).result()

    with pytest.raises(RuntimeError, match="whose turn"):
        clock.run([with_threads, lambda: clock.sleep(timedelta(seconds=3))])

    clock.sleep(timedelta(seconds=1))
    assert clock.monotonic() == timedelta(seconds=4)


def test_what_a_worker_raises_ends_the_run() -> None:
    """A run in which something failed counts nothing; the others still come to their end."""
    clock = TurnsClock()

    def failing() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        clock.run([failing, lambda: clock.sleep(timedelta(seconds=1))])
