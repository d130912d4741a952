"""Read how the campaigns of each path did."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from domain.errors import InvalidInput
from domain.path_analytics import PathSummary
from domain.path_policy import ExecutionPath
from domain.ports.analytics import AnalyticsRepository
from domain.ports.clock import Clock

MAX_DAYS = 92
"""Read in one call, each of them a query."""
USUAL_DAYS = 30

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Period(StrEnum):
    """What campaigns are put together by."""

    DAY = "day"
    """Each UTC day by itself."""
    TOTAL = "total"
    """All days as one."""


@dataclass(frozen=True)
class PathAnalytics:
    """From `since` to `until`, both days within it; `as_of` is the oldest of the summaries'."""

    since: date
    until: date
    period: Period
    summaries: Sequence[PathSummary]
    as_of: datetime | None


@dataclass(frozen=True, kw_only=True)
class ReadPathAnalytics:
    """From the lines alone, one query a day: its cost does not grow with the recipients."""

    analytics: AnalyticsRepository
    clock: Clock

    def __call__(
        self, *, since: str | None = None, until: str | None = None, period: Period = Period.TOTAL
    ) -> PathAnalytics:
        """Both paths of each period, oldest first, those without a campaign too.

        Days are written as 2026-11-19 and are UTC's; up to today and 30 days where they are left
        out. Raises InvalidInput, DependencyFault.
        """
        last = self._last(until)
        first = _day("since", since) if since is not None else _days_before(last, USUAL_DAYS - 1)
        if first > last:
            raise InvalidInput("since", "It is after until; choose an earlier day.")
        if (last - first).days >= MAX_DAYS:
            raise InvalidInput(
                "since",
                f"More than {MAX_DAYS} days up to until; choose a later day, or an earlier until.",
            )
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        by_day = {day: self.analytics.of_day(day) for day in days}
        if period is Period.DAY:
            summaries = [
                PathSummary.of(path, day, lines)
                for day, lines in by_day.items()
                for path in ExecutionPath
            ]
        else:
            lines = [line for of_day in by_day.values() for line in of_day]
            summaries = [PathSummary.of(path, None, lines) for path in ExecutionPath]
        moments = [each.as_of for each in summaries if each.as_of is not None]
        return PathAnalytics(first, last, period, summaries, min(moments, default=None))

    def _last(self, until: str | None) -> date:
        if until is None:
            return self.clock.now().astimezone(UTC).date()
        return _day("until", until)


def _day(field: str, text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidInput(field, "No such day; write it as 2026-11-19.")


def _days_before(day: date, count: int) -> date:
    return date.fromordinal(max(1, day.toordinal() - count))
