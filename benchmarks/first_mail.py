"""How soon the mails of a campaign are accepted, and how late a scheduled one starts."""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from benchmarks.local_runner import Backend, LocalRunner, RunnerError
from benchmarks.markdown import table
from domain.grants import TOLERANCE, WINDOW

RUNS = 5
AHEAD = timedelta(seconds=61)
_RECIPIENTS = 1_000
_PATIENCE_SECONDS = 60
_PAUSE = 2 * (WINDOW + TOLERANCE)
"""Between campaigns: one must not wait for grants because of the one before."""


@dataclass(frozen=True, slots=True)
class Run:
    """One immediate campaign: from just before the POST to the first mail and to the last."""

    first: timedelta
    last: timedelta


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A campaign that is to start at `at`."""

    runner: LocalRunner
    campaign_id: str
    at: datetime

    def lateness(self) -> timedelta:
        """Wait for its start; returns `started_at` minus `schedule_at`."""
        time.sleep(max(0.0, (self.at - datetime.now(UTC)).total_seconds()))
        campaign = self.runner.await_campaign(
            self.campaign_id, lambda it: it["started_at"] is not None, _PATIENCE_SECONDS
        )
        return datetime.fromisoformat(campaign["started_at"]) - self.at


def immediate_runs(runner: LocalRunner) -> Sequence[Run]:
    """One campaign after the other."""
    return tuple(_immediate_run(runner) for _ in range(RUNS))


def schedule(runner: LocalRunner) -> Scheduled:
    """Create a campaign for the first whole second that is `AHEAD` or more."""
    at = (datetime.now(UTC) + AHEAD + timedelta(seconds=1)).replace(microsecond=0)
    return Scheduled(runner, runner.create_campaign(at.isoformat()), at)


def section(runs: Mapping[Backend, Sequence[Run]], lateness: Mapping[Backend, timedelta]) -> str:
    """What the document says of it."""
    rows: list[Sequence[str]] = []
    for backend, measured in runs.items():
        rows += [
            [backend.label, "first", *_spread([run.first for run in measured])],
            [backend.label, "all 1,000", *_spread([run.last for run in measured])],
        ]
    late = [[backend.label, f"{late.total_seconds():.2f}"] for backend, late in lateness.items()]
    return f"""\
## From the POST to the first mail

The first mail of an immediate campaign is wanted within 2 to 5 seconds. Here
`make local-run` serves `POST /v1/campaigns` for the 1,000 people of `vip-customers`, {RUNS} times,
each after a pause that empties the rate limit's window of 500 mails a second; on the emulator each
mail is a `SendEmail`. Seconds from just before the request until the mails were accepted:

{table(["backend:", "mails:", "min", "median", "max"], rows)}

A mail counts as accepted once its micro-batch of up to 50 is, so on the emulator the first one was
a little earlier than that.

A campaign scheduled {AHEAD.seconds} seconds ahead, one on each backend at the same time, started so
many seconds after its `schedule_at`:

{table(["backend:", "late"], late)}
"""


def _immediate_run(runner: LocalRunner) -> Run:
    time.sleep(_PAUSE.total_seconds())
    posted = datetime.now(UTC)
    campaign_id = runner.create_campaign()
    runner.await_campaign(campaign_id, lambda it: it["state"] == "sent", _PATIENCE_SECONDS)
    accepted = runner.accepted_at(campaign_id)
    if len(accepted) != _RECIPIENTS:
        raise RunnerError(f"{len(accepted)} mails were accepted, not {_RECIPIENTS}")
    return Run(first=accepted[0] - posted, last=accepted[-1] - posted)


def _spread(moments: Sequence[timedelta]) -> list[str]:
    seconds = [moment.total_seconds() for moment in moments]
    return [f"{of(seconds):.2f}" for of in (min, statistics.median, max)]
