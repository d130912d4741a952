"""How the campaigns of each path did, from their lines."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import TypeVar

from domain.campaign import FINAL_STATES, CampaignState
from domain.cost_estimate import other_cost, ses_cost
from domain.path_line import PathLine
from domain.path_policy import ExecutionPath
from domain.tally import Tally

Value = TypeVar("Value", int, float)


@dataclass(frozen=True, kw_only=True)
class Percentiles:
    """By nearest rank: each is a value that was measured; None of nothing."""

    p50: int | None
    p95: int | None
    p99: int | None

    @classmethod
    def of(cls, values: Iterable[int]) -> "Percentiles":
        """Of any number of values, in any order."""
        ranked = sorted(values)
        return cls(p50=_ranked(ranked, 50), p95=_ranked(ranked, 95), p99=_ranked(ranked, 99))


@dataclass(frozen=True, kw_only=True)
class PathSummary:
    """What the campaigns of one path in one period did together; `day` is None for all days.

    `under_way` are those without an end. `sending_ms`, `mails_per_second` (all mails by all the
    time) and `median_mails_per_second` (of campaigns, by nearest rank) are of those that were sent
    in one go, to anybody. `as_of` is the oldest of the lines'. Costs are estimates, in US dollars.
    """

    path: ExecutionPath
    day: date | None
    campaigns: int
    started: int
    under_way: int
    ends: Counter[CampaignState]
    start_latency_ms: Percentiles
    lateness_ms: Percentiles
    recipients: int
    pending: int
    tally: Tally
    sending_ms: int
    mails_per_second: float | None
    median_mails_per_second: float | None
    ses_cost: float
    other_cost: float
    as_of: datetime | None

    @classmethod
    def of(cls, path: ExecutionPath, day: date | None, lines: Sequence[PathLine]) -> "PathSummary":
        """Of those of `lines` that took this path."""
        lines = [each for each in lines if each.path is path]
        ends = Counter(each.state for each in lines if each.state in FINAL_STATES)
        tally = reduce(Tally.__add__, (each.tally for each in lines), Tally())
        recipients = sum(each.recipients for each in lines)
        timed = [(each.tally.sent, each.sending_ms) for each in lines if each.sending_ms]
        rates = [sent * 1_000 / taken for sent, taken in timed if sent]
        sending_ms = sum(taken for sent, taken in timed if sent)
        return cls(
            path=path,
            day=day,
            campaigns=len(lines),
            started=sum(each.started_at is not None for each in lines),
            under_way=len(lines) - ends.total(),
            ends=ends,
            start_latency_ms=Percentiles.of(_known(each.start_latency_ms for each in lines)),
            lateness_ms=Percentiles.of(_known(each.lateness_ms for each in lines)),
            recipients=recipients,
            pending=sum(each.pending for each in lines),
            tally=tally,
            sending_ms=sending_ms,
            mails_per_second=(
                sum(sent for sent, _ in timed) * 1_000 / sending_ms if sending_ms else None
            ),
            median_mails_per_second=_ranked(sorted(rates), 50),
            # Who is unknown may have been mailed, and billed.
            ses_cost=ses_cost(tally.sent + tally.unknown),
            other_cost=other_cost(path, campaigns=len(lines), recipients=recipients),
            as_of=min((each.as_of for each in lines), default=None),
        )


def _known(values: Iterable[int | None]) -> list[int]:
    return [each for each in values if each is not None]


def _ranked(ranked: Sequence[Value], percent: int) -> Value | None:
    """The smallest value that at least `percent` of all do not exceed."""
    if not ranked:
        return None
    return ranked[-(-percent * len(ranked) // 100) - 1]
