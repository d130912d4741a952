"""What the campaigns of a path did together, and over which days."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.memory.analytics import MemoryAnalyticsRepository
from adapters.memory.database import MemoryDatabase
from domain.campaign import CampaignState
from domain.errors import InvalidInput
from domain.identifiers import CampaignId
from domain.path_analytics import PathSummary, Percentiles
from domain.path_line import LineRef, PathLine
from domain.path_policy import ExecutionPath
from domain.tally import Tally
from domain.use_cases.read_path_analytics import MAX_DAYS, Period, ReadPathAnalytics
from tests.unit.sentinel import NOW, SettableClock

TODAY = NOW.date()
SECOND = timedelta(seconds=1)


def a_line(  # noqa: PLR0913  what tests are about
    number: int = 0,
    *,
    day: date = TODAY,
    path: ExecutionPath = ExecutionPath.IMMEDIATE,
    state: CampaignState = CampaignState.SENT,
    start_latency_ms: int | None = 100,
    sending_ms: int | None = 10_000,
    tally: Tally | None = None,
    as_of: datetime = NOW,
) -> PathLine:
    """Sent to a hundred."""
    counts = Tally(sent=100) if tally is None else tally
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return PathLine(
        ref=LineRef(day, CampaignId(f"cmp_{number}")),
        path=path,
        state=state,
        started_at=None if start_latency_ms is None else moment,
        ended_at=moment,
        start_latency_ms=start_latency_ms,
        lateness_ms=None if start_latency_ms is None else 2 * start_latency_ms,
        sending_ms=sending_ms,
        recipients=counts.recipients,
        tally=counts,
        as_of=as_of,
    )


def of_immediate(*lines: PathLine) -> PathSummary:
    """Of all days."""
    return PathSummary.of(ExecutionPath.IMMEDIATE, None, lines)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=300))
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values: list[int]) -> None:
    """Nearest rank, counted by hand: it is one of the values, and exact for any number of them."""
    found = Percentiles.of(values)
    for percent, value in ((50, found.p50), (95, found.p95), (99, found.p99)):
        reached = [
            each
            for each in values
            if Fraction(sum(other <= each for other in values), len(values))
            >= Fraction(percent, 100)
        ]
        assert value == min(reached)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, (1, 1, 1)), (2, (1, 2, 2)), (20, (10, 19, 20)), (100, (50, 95, 99)), (101, (51, 96, 100))],
)
def test_percentiles_of_one_to_so_many(count: int, expected: tuple[int, int, int]) -> None:
    """As the textbook has them."""
    found = Percentiles.of(range(count, 0, -1))
    assert (found.p50, found.p95, found.p99) == expected


def test_nothing_has_no_percentiles_and_no_rate() -> None:
    """Not a zero, which would say that it was fast."""
    summary = of_immediate()
    nothing = Percentiles(p50=None, p95=None, p99=None)
    assert (summary.campaigns, summary.recipients, summary.sending_ms) == (0, 0, 0)
    assert (summary.start_latency_ms, summary.lateness_ms) == (nothing, nothing)
    assert (summary.mails_per_second, summary.median_mails_per_second) == (None, None)
    assert (summary.ses_cost, summary.other_cost, summary.as_of) == (0, 0, None)


def test_a_summary_counts_the_campaigns_of_its_path_by_how_they_ended() -> None:
    """Those of the other path are not in it, in no figure."""
    states = [*CampaignState, CampaignState.SENT]
    lines = [a_line(number, state=state) for number, state in enumerate(states)]
    other = a_line(
        99, path=ExecutionPath.SCHEDULED, start_latency_ms=9_999, as_of=NOW - timedelta(days=9)
    )
    summary = of_immediate(*lines, other)
    assert summary.campaigns == len(states)
    assert dict(summary.ends) == {
        CampaignState.SENT: 2,
        CampaignState.CANCELLED: 1,
        CampaignState.EXPIRED: 1,
        CampaignState.FAILED: 1,
    }
    assert summary.under_way == 3
    assert (summary.start_latency_ms.p99, summary.lateness_ms.p99) == (100, 200)
    assert summary.as_of == NOW


def test_who_never_started_is_in_no_percentile() -> None:
    """It has no latency: it would else count as the fastest, or as the slowest."""
    expired = a_line(1, state=CampaignState.EXPIRED, start_latency_ms=None, sending_ms=None)
    summary = of_immediate(a_line(0, start_latency_ms=700), expired)
    assert (summary.campaigns, summary.started) == (2, 1)
    assert summary.start_latency_ms == Percentiles(p50=700, p95=700, p99=700)


def test_outcomes_are_added_up_and_the_rest_is_pending() -> None:
    """Count by count."""
    first = Tally(sent=5, failed=1, unknown=2, suppressed=3, skipped=4, delivered=4, bounced=1)
    under_way = replace(a_line(1, tally=Tally(sent=50, complained=1)), recipients=80)
    summary = of_immediate(a_line(0, tally=first), under_way)
    assert summary.tally == first + Tally(sent=50, complained=1)
    assert (summary.recipients, summary.pending) == (95, 30)


def test_throughput_is_of_all_mails_in_all_the_time_and_of_the_campaign_in_the_middle() -> None:
    """A large slow campaign weighs by its mails in the one, and as one in the other."""
    summary = of_immediate(
        a_line(0, tally=Tally(sent=100), sending_ms=10_000),
        a_line(1, tally=Tally(sent=100), sending_ms=5_000),
        a_line(2, tally=Tally(sent=9_800), sending_ms=985_000),
    )
    assert summary.sending_ms == 1_000_000
    assert summary.mails_per_second == pytest.approx(10.0)
    assert summary.median_mails_per_second == pytest.approx(10.0)
    slow = of_immediate(
        a_line(0, tally=Tally(sent=100), sending_ms=1_000),
        a_line(1, tally=Tally(sent=100), sending_ms=1_000),
        a_line(2, tally=Tally(sent=800), sending_ms=98_000),
    )
    assert slow.mails_per_second == pytest.approx(10.0)
    assert slow.median_mails_per_second == pytest.approx(100.0)


def test_what_stood_still_or_mailed_nobody_is_in_no_throughput() -> None:
    """A pause of a day is no slow sending, and an empty segment no fast one."""
    paused = a_line(1, sending_ms=None)
    empty = a_line(2, tally=Tally(), sending_ms=50)
    instant = a_line(3, sending_ms=0)
    summary = of_immediate(a_line(0), paused, empty, instant)
    assert (summary.sending_ms, summary.mails_per_second) == (10_000, 10.0)
    assert summary.median_mails_per_second == pytest.approx(10.0)


def test_a_summary_is_as_old_as_its_oldest_line() -> None:
    """Whoever reads it knows that nothing in it is older."""
    old = NOW - timedelta(days=3)
    assert of_immediate(a_line(0), a_line(1, as_of=old), a_line(2)).as_of == old


def reading(*lines: PathLine) -> ReadPathAnalytics:
    """The use case over these lines, at `NOW`."""
    analytics = MemoryAnalyticsRepository(MemoryDatabase())
    for line in lines:
        analytics.save(line)
    return ReadPathAnalytics(analytics=analytics, clock=SettableClock())


def test_days_are_within_the_range_at_both_ends() -> None:
    """The day before the first and the day after the last are not read."""
    days = [date(2026, 2, 27) + timedelta(days=number) for number in range(4)]
    read = reading(*(a_line(number, day=day) for number, day in enumerate(days)))
    found = read(since="2026-02-28", until="2026-03-01")
    assert [summary.campaigns for summary in found.summaries] == [2, 0]


def test_by_day_every_day_has_both_paths_also_without_campaigns() -> None:
    """So that whoever draws them needs to fill no gap; oldest first."""
    scheduled = ExecutionPath.SCHEDULED
    read = reading(
        a_line(0, day=date(2026, 2, 28)), a_line(1, day=date(2026, 3, 2), path=scheduled)
    )
    found = read(since="2026-02-28", until="2026-03-02", period=Period.DAY)
    assert [(each.day, each.path, each.campaigns) for each in found.summaries] == [
        (date(2026, 2, 28), ExecutionPath.IMMEDIATE, 1),
        (date(2026, 2, 28), scheduled, 0),
        (date(2026, 3, 1), ExecutionPath.IMMEDIATE, 0),
        (date(2026, 3, 1), scheduled, 0),
        (date(2026, 3, 2), ExecutionPath.IMMEDIATE, 0),
        (date(2026, 3, 2), scheduled, 1),
    ]


def test_without_days_it_is_thirty_up_to_today() -> None:
    """Today is in it."""
    found = reading()()
    assert (found.since, found.until) == (TODAY - timedelta(days=29), TODAY)
    found = reading()(until="2026-01-10")
    assert (found.since, found.until) == (date(2025, 12, 12), date(2026, 1, 10))


def test_the_longest_range_is_read_and_a_day_more_is_refused() -> None:
    """Each day is a query: the bound is told, with what to do."""
    first = TODAY - timedelta(days=MAX_DAYS - 1)
    found = reading(a_line(0, day=first))(since=first.isoformat(), period=Period.DAY)
    assert len(found.summaries) == 2 * MAX_DAYS
    assert found.summaries[0].campaigns == 1
    with pytest.raises(InvalidInput, match="92 days") as refused:
        reading()(since=(first - timedelta(days=1)).isoformat())
    assert refused.value.field == "since"


@pytest.mark.parametrize(
    ("since", "until", "field"),
    [
        ("2026-03-01", "2026-02-28", "since"),
        ("2026-02-30", None, "since"),
        (None, "2026-13-01", "until"),
        ("20260301", None, "since"),
        ("2026-W09-1", None, "since"),
        ("2026-03-01T00:00:00Z", None, "since"),
        ("yesterday", None, "since"),
        ("", None, "since"),
        (None, "\u0662026-03-01", "until"),
        ("0000-01-01", None, "since"),
    ],
)
def test_what_is_no_day_or_no_range_is_refused(
    since: str | None, until: str | None, field: str
) -> None:
    """By name."""
    with pytest.raises(InvalidInput) as refused:
        reading()(since=since, until=until)
    assert refused.value.field == field


def test_the_first_days_of_the_calendar_are_days_too() -> None:
    """Nothing breaks where thirty days before do not exist."""
    assert reading()(until="0001-01-02").since == date(1, 1, 1)
