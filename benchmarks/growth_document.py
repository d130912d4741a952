"""docs/growth.md, computed from what is kept."""

from collections.abc import Sequence
from textwrap import fill

from benchmarks import breaking_points, scale_run
from benchmarks.growth_counts import Due, Growth, Process
from benchmarks.markdown import number, table
from benchmarks.requests_by_scale import (
    GOAL_REQUESTS,
    GOAL_WRITES,
    GOALS_FROM,
    Count,
    by_scale,
)
from entrypoints.local.emulator import ROOT

DOCUMENT = ROOT / "docs" / "growth.md"

_MEGABYTE = 1_000_000
_WIDTH = 100


def document(growth: Growth) -> str:
    """The whole of it."""
    return f"""\
# Growth

Written by `.venv/bin/python -m benchmarks.growth --write`; `make bench-growth` prints the same.
What a mail costs is to be the same in a campaign of a thousand and of a million, and what a
campaign costs the same where one is due and where ten thousand are. **The goals, of campaigns from
{number(GOALS_FROM)} recipients on: at most {GOAL_REQUESTS} AWS requests for 1,000 recipients, \
events apart, and at most
{_units(GOAL_WRITES)} for a recipient.** Level lines are flat costs:

![By recipients and by campaigns due at once: requests, units, time, memory](pictures/growth.svg)

## By recipients: AWS

One campaign with bulk sends of 50, {number(scale_run.SEND_RATE)} mails a second, from the create \
call until it is sent:

{by_scale(growth.counts)}

{_over_the_goal(growth.counts)}

{_how_counted(growth)}

Of {number(growth.counts[-1].recipients)} recipients, for 1,000 of them, by phase:

{_by_phase(growth.counts[-1])}

`make bench-requests` counts the smaller ones alone, and fails where one misses the goals that
are for it. What is in it and what is apart, it says.

### Chunks that wait

A chunk that waits for its place in the rate is enqueued again after five minutes, then ten, and so
on ([delivery.md](delivery.md)). So a campaign that takes much longer than that at the rate that it
is allowed asks for more. Of {number(growth.waiting.recipients)} recipients at 50 mails a second, \
enqueued again after half
a minute so that it is seen, for 1,000 of them:

{_by_phase(growth.waiting)}

## By recipients: time and memory

Seconds are of the processor, in one process on the machine that this was written on: ratios say
more. The mailer accepts all and keeps nothing. Memory is what is taken beside what a process has
that has sent to 600 before. Over the memory family the audience is in the same process; over SQLite
it is in the database, and so is nearly all else.

{_processes(growth)}

## By campaigns due at once

Campaigns to ten recipients each, scheduled for the same moment, over the memory family; requests
and units by the calls of ports. Of few campaigns memory says nothing: the process has as much free.

{_due(growth.due)}

{breaking_points.section(growth)}"""


def _units(goal: float) -> str:
    return "one write unit" if goal == 1 else f"{goal:g} write units"


def _over_the_goal(counts: Sequence[Count]) -> str:
    """Who misses that of requests, and why: what a campaign takes once."""
    missed = [
        f"{each.requests_a_thousand:.1f} for 1,000 in a campaign of {number(each.recipients)}"
        for each in counts
        if each.requests_a_thousand > GOAL_REQUESTS
    ]
    if not missed:
        return f"None has more than {GOAL_REQUESTS} requests for 1,000."
    few, more = counts[:2]
    of_one = (_total(more) - _total(few)) / (more.recipients - few.recipients)
    once = _total(few) - of_one * few.recipients
    told = (
        f"**More than {GOAL_REQUESTS} requests: {'; '.join(missed)}.** A campaign takes {once:.0f}"
        " requests once, to be created, started and ended; for each 1,000 recipients it takes"
        f" {of_one * 1_000:.1f} more. That is by the difference between {number(few.recipients)}"
        f" and {number(more.recipients)}."
    )
    return fill(told, _WIDTH)


def _how_counted(growth: Growth) -> str:
    emulated = ", ".join(number(each.recipients) for each in growth.emulated)
    told = f"Counted on the emulator, as botocore makes each request: {emulated} recipients."
    others = [each for each in growth.counts if each not in growth.emulated]
    if others:
        told += (
            f" Foretold: {', '.join(number(each.recipients) for each in others)}. Those were sent"
            " in the memory family, and each call of a port is taken for what such a call took on"
            " the emulator; where no call of as many recipients was seen there, for the next"
            " larger one."
        )
    compared = [
        (counted, each)
        for each in growth.foretold
        for counted in growth.emulated
        if counted.recipients == each.recipients
    ]
    for counted, each in compared:
        told += (
            f" Of {number(each.recipients)} both were made: {number(_total(each))} requests"
            f" foretold, {number(_total(counted))} counted; {each.writes_a_recipient:.3f} and"
            f" {counted.writes_a_recipient:.3f} write units a recipient."
        )
    return fill(told, _WIDTH)


def _total(count: Count) -> float:
    return sum(count.requests.values())


def _by_phase(count: Count) -> str:
    phases = dict.fromkeys(phase for phase, _ in count.requests)
    services = sorted({service for _, (service, _) in count.requests})
    rows = []
    for phase in sorted(phases, key=_PHASES.index):
        figures = [_share(count, phase, service) for service in services]
        rows.append((phase, *figures, _share(count, phase)))
    rows.append(("**all**", *(_share(count, None, each) for each in services), _share(count)))
    return table(["phase:", *services, "all"], rows)


_PHASES = ("create", "start", "send", scale_run.RECONCILE)


def _share(count: Count, phase: str | None = None, service: str | None = None) -> str:
    requests = sum(
        made
        for (of_phase, (of_service, _)), made in count.requests.items()
        if phase in (None, of_phase) and service in (None, of_service)
    )
    return f"{requests * 1_000 / count.recipients:.1f}" if requests else ""


def _processes(growth: Growth) -> str:
    rows = [
        _process(each, growth.of_family(family)[0])
        for family in ("memory", "sqlite")
        for each in growth.of_family(family)
    ]
    return table(
        [
            "family:",
            "recipients",
            "µs a recipient",
            "to the smallest",
            "audience, MB",
            "sending, MB",
            "of memory a recipient, KB",
            "database, KB a recipient",
        ],
        rows,
    )


def _process(process: Process, first: Process) -> Sequence[str]:
    in_memory = process.family == "memory"
    return (
        process.family,
        number(process.recipients),
        f"{process.seconds_a_recipient * 1e6:.0f}",
        f"{process.seconds_a_recipient / first.seconds_a_recipient:.2f}",
        f"{process.audience_bytes / _MEGABYTE:.1f}" if in_memory else "",
        f"{process.sending_bytes / _MEGABYTE:.1f}",
        f"{process.memory_a_recipient / 1_000:.2f}",
        "" if in_memory else f"{process.stored_bytes / process.recipients / 1_000:.2f}",
    )


def _due(due: Sequence[Due]) -> str:
    first = due[0]
    rows = [
        (
            number(each.campaigns),
            f"{each.requests_a_campaign:.1f}",
            f"{each.counted.writes / each.campaigns:.1f}",
            f"{each.counted.reads / each.campaigns:.1f}",
            f"{each.seconds_a_campaign * 1_000:.2f}",
            f"{each.seconds_a_campaign / first.seconds_a_campaign:.2f}",
            f"{each.sending_bytes / each.campaigns / 1_000:.1f}",
        )
        for each in due
    ]
    return table(
        [
            "campaigns",
            "requests a campaign",
            "write units",
            "read units",
            "ms of the processor",
            "to one alone",
            "memory, KB",
        ],
        rows,
    )
