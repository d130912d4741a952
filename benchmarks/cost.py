"""What a campaign costs on AWS: `make cost` counts on the emulator and writes docs/cost.md.

The counts are kept beside this module, so that the document can be recomputed from them alone
(`--stored`): arithmetic and prices (`benchmarks.prices`) are all else that there is to it.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from benchmarks import prices
from benchmarks.campaign_run import (
    COLD_START,
    LATENCY,
    SES_LATENCY,
    IdleRound,
    Setting,
    Spent,
    campaign,
    idle_reconciler,
    idle_webhooks,
)
from benchmarks.markdown import number, table
from entrypoints.local.emulator import ROOT, running_ministack

DOCUMENT = ROOT / "docs" / "cost.md"
_STORED = ROOT / "benchmarks" / "cost_counts.json"

GOAL = 0.02
_THOUSAND, _TEN_THOUSAND = 1_000, 10_000
_DEFAULT, _ONE_WORKER, _FASTER, _FASTEST = (14, 2), (14, 1), (100, 2), (500, 10)
_DEPLOYED = (_DEFAULT, _FASTER, _FASTEST)
_SETTINGS = (
    *(Setting(send_rate=rate, workers=n, recipients=_THOUSAND) for rate, n in _DEPLOYED),
    Setting(send_rate=_ONE_WORKER[0], workers=_ONE_WORKER[1], recipients=_THOUSAND),
    *(Setting(send_rate=rate, workers=n, recipients=_TEN_THOUSAND) for rate, n in _DEPLOYED),
)

_MEMORY_GB = 0.5
_WORKER_GB = 0.25
_MONTHS_KEPT = 6
_MONTHS_OF_LOGS = 1
_ROUNDS_A_MONTH = 43_200
_LAMBDA_LINES_BYTES = 400
_API_LINES_BYTES = 1_000
_IDLE_POLLS_A_MONTH = 5 * 3 * _ROUNDS_A_MONTH
"""Of one queue."""
_SECRETS = 2
_EVENTS_GB = 0.25
_EVENTS_A_RECEIVE = 10
EVENTS_A_BATCH = 50
EVENT_BATCH_SECONDS = 0.5
_WRITES_A_DELIVERY = 4


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted on the emulator."""

    reconciler: IdleRound
    webhooks: IdleRound
    spent: Mapping[Setting, Spent]

    def of(self, rate_and_workers: tuple[int, int], recipients: int = _THOUSAND) -> Spent:
        """One run."""
        rate, workers = rate_and_workers
        return self.spent[Setting(send_rate=rate, workers=workers, recipients=recipients)]


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cost", description=__doc__)
    parser.add_argument("--stored", action="store_true", help="compute from the counts kept")
    if not parser.parse_args().stored:
        _STORED.write_text(_to_text(_counted()), encoding="utf-8")
    text = document(stored())
    DOCUMENT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


def stored() -> Counts:
    """The counts kept beside this module."""
    kept = json.loads(_STORED.read_text(encoding="utf-8"))
    return Counts(
        IdleRound(**kept["idle_reconciler"]),
        IdleRound(**kept["idle_webhooks"]),
        {Setting(**run["setting"]): Spent(**run["spent"]) for run in kept["campaigns"]},
    )


def lines(spent: Spent, worker_gb: float = _WORKER_GB) -> dict[str, float]:
    """Dollars of one campaign, by line, all that is beside SES's own price."""
    log_bytes = spent.log_bytes + spent.invocations * _LAMBDA_LINES_BYTES + _API_LINES_BYTES
    kept = spent.table_bytes + spent.index_bytes
    others = spent.seconds - spent.worker_seconds
    return {
        "DynamoDB, writes": prices.DYNAMODB_WRITES.of(spent.table_writes + spent.index_writes),
        "DynamoDB, reads": prices.DYNAMODB_READS.of(spent.reads),
        "DynamoDB, storage for 180 days": prices.DYNAMODB_STORAGE.of(kept * _MONTHS_KEPT),
        "DynamoDB, their recovery": prices.DYNAMODB_RECOVERY.of(spent.table_bytes * _MONTHS_KEPT),
        "SQS": prices.SQS.of(spent.sqs_requests),
        "Lambda, requests": prices.LAMBDA_REQUESTS.of(spent.invocations),
        "Lambda, time": prices.LAMBDA_TIME.of(
            spent.worker_seconds * worker_gb + others * _MEMORY_GB
        ),
        "API and schedule": prices.HTTP_API.of(1) + prices.SCHEDULER.of(1),
        "Logs and metrics in them": prices.LOGS.of(log_bytes)
        + prices.LOGS_STORED.of(log_bytes * _MONTHS_OF_LOGS),
        "Secrets, read": prices.SECRET_CALLS.of(spent.instances),
    }


def share(spent: Spent, recipients: int = _THOUSAND, worker_gb: float = _WORKER_GB) -> float:
    """All beside SES's own price, as a share of that."""
    return sum(lines(spent, worker_gb).values()) / prices.SES.of(recipients)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Dollars beside SES's, to three digits: what `domain.cost_estimate` has for constants."""

    a_campaign: Decimal
    a_recipient: Decimal


def estimate(counts: Counts) -> Estimate:
    """Of the lines through 1,000 and 10,000 recipients of each setting the highest and steepest.

    Without the schedule: not every campaign has one.
    """
    slopes, bases = [], []
    for each in _DEPLOYED:
        small = sum(lines(counts.of(each)).values())
        large = sum(lines(counts.of(each, _TEN_THOUSAND)).values())
        slope = (large - small) / (_TEN_THOUSAND - _THOUSAND)
        slopes.append(slope)
        bases.append(small - slope * _THOUSAND - prices.SCHEDULER.of(1))
    return Estimate(_three_digits(max(bases)), _three_digits(max(slopes)))


def document(counts: Counts) -> str:
    """The whole of docs/cost.md."""
    return f"""\
# Cost

Written by `make cost`, which counts on the emulator and computes the rest; a second run writes the
same. **SES bills ${prices.SES.of(_THOUSAND):.2f} for 1,000 mails and \
${prices.SES.of(prices.MILLION):,.0f} for a million. The goal is that everything else
stays under {_percent(GOAL, 0)} of that**:

{_summary(counts)}

Prices are those of us-east-1, listed and dated below, without any free tier. Not in it: what is
paid by the month and provider events (both below), taxes, support plans, what SES bills for
attachments or dedicated addresses, and the transfer of the API's answers to the internet.

## By line

One campaign, in US cents:

{_by_line(counts, _THOUSAND)}

A million recipients, in US dollars: a hundred times a second count, of \
{number(_TEN_THOUSAND)} recipients.

{_by_line(counts, prices.MILLION)}

So cost is flat, but for two things. What a campaign costs once, and cold starts, weigh less in a
large one. And a chunk that waits is enqueued again by the reconciler after five minutes, then ten,
and so on: at {_DEFAULT[0]} mails a second the later chunks of {number(_TEN_THOUSAND)} recipients \
see one or two such rounds. The
more than a day that a million would take at that rate has eight, so its figure is too low by some
tenths of a percent. An account of that rate is seldom allowed so many.

## What was counted

The emulator carries out every call; each is counted as botocore makes it, with units by the rules
in [benchmarks.md](benchmarks.md). As many workers as the setting has, and the reconciler, take
turns on one clock that stands still while anybody works: waits pass at once, and every run counts
the same. Three figures are assumed, not measured: a call takes \
{LATENCY.microseconds // 1_000} ms of that clock, one to SES
{SES_LATENCY.microseconds // 1_000} ms and a cold start {COLD_START.seconds} s. \
Grants, batches of ten messages, the 90 seconds of an invocation and
what is put back for want of time are Sentinel's own code; a message that is put back comes at once.

{_counted_table(counts)}

`rate` is SEND_RATE, `workers` is WorkerConcurrency. What the reconciler does for a campaign is
counted, its idle passes are not. Each invocation is taken to log \
{_LAMBDA_LINES_BYTES} bytes of Lambda's own (START,
END, REPORT), and each request of the API {number(_API_LINES_BYTES)} more; CloudWatch adds 26 to \
every line.

## Lambda time

A worker is billed while it waits for its place in the rate, {_WORKER_GB * 1_024:.0f} MB of it. \
The bound is duration times
WorkerConcurrency; billed is what the invocations took. Of that `busy` is their calls and cold
starts, by the assumptions above, and the rest is waiting:

{_lambda_time(counts)}

`mails a second` stays below the rate: the limit holds for any window of 1.25 seconds, which makes
up to 11.2 of {_DEFAULT[0]}.

What would help at {_DEFAULT[0]} mails a second; all beside SES, for 1,000 recipients:

{_levers(counts)}

512 MB takes for granted that a worker takes as long with twice the processor: nearly all of it is
waiting. One worker is counted, and sends as fast as two; but it cannot be
had by a setting: SQS's MaximumConcurrency does not go below 2, and a reserved concurrency of 1
would throttle the other poller, whose messages then count as received and end as dead letters.

## Estimate

What the API's analytics ([analytics.md](analytics.md)) take a campaign to cost, in US dollars: \
of the lines through the totals for
{number(_THOUSAND)} and {number(_TEN_THOUSAND)} recipients of the three settings the highest and \
the steepest.

{_estimate_table(counts)}

## What is paid by the month

Whether anything is sent or not, for one stage, in US dollars for 30 days:

{_by_month(counts)}

- Metrics: every combination of name and dimensions in [metrics.md](metrics.md), for a month in
  which each was reported.
- Reconciler and webhooks: {number(_ROUNDS_A_MONTH)} passes each, of \
{counts.reconciler.requests} and {counts.webhooks.requests} queries, counted on an empty table. \
EventBridge does not
  bill the rules that invoke them.
- Idle polls: that Lambda asks each empty queue by five pollers, every 20 seconds each, is
  assumed.
- Recovery (PITR) goes by the size of the table. A campaign's share is in its lines above. The
  audience is not counted: at three records of some 250 bytes a contact, a million contacts are
  0.75 GB, so about $0.34 a month for storage and recovery.

## Events

Computed, not counted: one a mail, that it was sent, by SNS to SQS to a function that takes up to
{EVENTS_A_BATCH * 2} at a time; half as many are assumed. For 1,000 recipients, in US cents:

{_events()}

Reads are as if no two events of a batch were of one chunk. Writes come on top where an event says
something new: a bounce, a complaint, the proof of an unknown. With `DELIVERY_EVENTS` all of this
comes twice, and each delivery says something new: up to {_WRITES_A_DELIVERY} write units, where \
the deliveries of a
chunk come one by one; for 1,000 recipients \
{prices.DYNAMODB_WRITES.of(_WRITES_A_DELIVERY * _THOUSAND) * 100:.2f} cents. The contact is read, \
too, for one unit: a delivery
ends a row of soft bounces.

## Prices

AWS's own pages could not be reached from where this was written. The prices are as AWS published
them, seen second-hand in articles of the date given; "not checked" is from memory. **Look at the
pages before you rely on them.** They are in `benchmarks/prices.py`; with others, and no new count:
`.venv/bin/python -m benchmarks.cost --stored`.

{_price_table()}

{_verdict(counts)}
"""


def _counted() -> Counts:
    with running_ministack() as endpoint:
        reconciler = idle_reconciler(endpoint, "100000000000")
        webhooks = idle_webhooks(endpoint, "100000000099")
        spent = {}
        for index, setting in enumerate(_SETTINGS, 1):
            sys.stderr.write(f"{setting}\n")
            spent[setting] = campaign(endpoint, f"1000000001{index:02}", setting, reconciler)
    return Counts(reconciler, webhooks, spent)


def _to_text(counts: Counts) -> str:
    kept = {
        "idle_reconciler": asdict(counts.reconciler),
        "idle_webhooks": asdict(counts.webhooks),
        "campaigns": [
            {"setting": asdict(setting), "spent": asdict(spent)}
            for setting, spent in counts.spent.items()
        ],
    }
    return json.dumps(kept, indent=2) + "\n"


def _name(rate_and_workers: tuple[int, int]) -> str:
    rate, workers = rate_and_workers
    return f"{rate}/s, {workers} workers"


def _percent(of_one: float, decimals: int = 2) -> str:
    return f"{of_one * 100:.{decimals}f} %"


def _met(of_ses: float) -> str:
    return "met" if of_ses < GOAL else "missed"


def _summary(counts: Counts) -> str:
    rows = []
    for each in _DEPLOYED:
        small, large = share(counts.of(each)), share(counts.of(each, _TEN_THOUSAND), _TEN_THOUSAND)
        rows.append((_name(each), _percent(small), _percent(large), _met(max(small, large))))
    return table(["setting:", "1,000 recipients", "1,000,000 recipients", "goal:"], rows)


def _by_line(counts: Counts, recipients: int) -> str:
    if recipients == _THOUSAND:
        runs = [lines(counts.of(each)) for each in _DEPLOYED]
        factor, precision = 100, 5
    else:
        runs = [lines(counts.of(each, _TEN_THOUSAND)) for each in _DEPLOYED]
        factor, precision = recipients // _TEN_THOUSAND, 3
    ses = prices.SES.of(recipients) * (100 if recipients == _THOUSAND else 1)
    totals = [sum(run.values()) * factor for run in runs]
    rows: list[Sequence[object]] = [("SES", *[f"{ses:.{precision}f}"] * len(runs))]
    rows += [(name, *(f"{run[name] * factor:.{precision}f}" for run in runs)) for name in runs[0]]
    rows.append(("**all but SES**", *(f"**{total:.{precision}f}**" for total in totals)))
    rows.append(("**of SES**", *(f"**{_percent(total / ses)}**" for total in totals)))
    return table(["line:", *map(_name, _DEPLOYED)], rows)


def _counted_table(counts: Counts) -> str:
    header = [
        "rate",
        "workers",
        "recipients",
        "write units, table",
        "write units, indexes",
        "read units",
        "SQS requests",
        "SES calls",
        "invocations",
        "bytes logged",
        "bytes stored, table",
        "bytes stored, indexes",
    ]
    rows = [
        [
            number(value)
            for value in (
                setting.send_rate,
                setting.workers,
                setting.recipients,
                spent.table_writes,
                spent.index_writes,
                spent.reads,
                spent.sqs_requests,
                spent.ses_calls,
                spent.invocations,
                spent.log_bytes,
                spent.table_bytes,
                spent.index_bytes,
            )
        ]
        for setting, spent in counts.spent.items()
    ]
    return table(header, rows)


def _lambda_time(counts: Counts) -> str:
    rows = []
    for setting, spent in counts.spent.items():
        bound = prices.LAMBDA_TIME.of(spent.duration * setting.workers * _WORKER_GB)
        billed = prices.LAMBDA_TIME.of(spent.worker_seconds * _WORKER_GB)
        ses = prices.SES.of(setting.recipients)
        rows.append(
            (
                setting.send_rate,
                setting.workers,
                number(setting.recipients),
                f"{spent.duration:,.1f}",
                f"{setting.recipients / spent.duration:.1f}",
                f"{spent.worker_seconds:,.1f}",
                f"{spent.worker_busy_seconds:,.1f}",
                _percent(bound / ses),
                _percent(billed / ses),
            )
        )
    return table(
        [
            "rate",
            "workers",
            "recipients",
            "duration, s",
            "mails a second",
            "billed, s",
            "busy, s",
            "bound, of SES",
            "billed, of SES",
        ],
        rows,
    )


def _levers(counts: Counts) -> str:
    two, one = counts.of(_DEFAULT), counts.of(_ONE_WORKER)
    rows = [
        (name, _percent(of_ses), _met(of_ses))
        for name, of_ses in (
            ("2 workers, 512 MB", share(two, worker_gb=_MEMORY_GB)),
            ("as deployed: 2 workers, 256 MB", share(two)),
            ("1 worker, 512 MB", share(one, worker_gb=_MEMORY_GB)),
            ("1 worker, 256 MB", share(one)),
        )
    ]
    return table(["send worker:", "of SES", "goal:"], rows)


def _estimate_table(counts: Counts) -> str:
    found = estimate(counts)
    return table(
        ["what:", "dollars"],
        [
            ("a mail, SES", f"{prices.SES.of(1):f}".rstrip("0")),
            ("a recipient, beside it", f"{found.a_recipient:f}"),
            ("a campaign, beside them", f"{found.a_campaign:f}"),
            ("a start by EventBridge Scheduler", f"{prices.SCHEDULER.of(1):f}"),
        ],
    )


def _three_digits(dollars: float) -> Decimal:
    return Decimal(f"{dollars:.2e}")


def _by_month(counts: Counts) -> str:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    alarms, dashboards = (
        len(re.findall(rf"^    Type: AWS::CloudWatch::{kind}$", template, re.MULTILINE))
        for kind in ("Alarm", "Dashboard")
    )
    metrics = _metrics()
    queues = len(re.findall(r"^    Type: AWS::Lambda::EventSourceMapping$", template, re.MULTILINE))
    polls = queues * _IDLE_POLLS_A_MONTH
    costs = (
        ("custom metrics", metrics, prices.METRICS.of(metrics)),
        ("alarms", alarms, prices.ALARMS.of(alarms)),
        ("dashboard", dashboards, prices.DASHBOARDS.of(dashboards)),
        ("secrets", _SECRETS, prices.SECRETS.of(_SECRETS)),
        *_every_minute("reconciler", counts.reconciler),
        *_every_minute("webhooks", counts.webhooks),
        (f"idle polls of {queues} queues", polls, prices.SQS.of(polls)),
    )
    rows: list[Sequence[object]] = [
        (name, number(count), f"{dollars:.2f}") for name, count, dollars in costs
    ]
    rows.append(("**all**", "", f"**{sum(dollars for *_, dollars in costs):.2f}**"))
    return table(["what:", "count", "dollars"], rows)


def _every_minute(function: str, idle: IdleRound) -> Sequence[tuple[str, float, float]]:
    """What a month of passes with nothing to do takes: name, count, dollars."""
    seconds, reads = idle.seconds * _ROUNDS_A_MONTH, idle.reads * _ROUNDS_A_MONTH
    log_bytes = (idle.log_bytes + _LAMBDA_LINES_BYTES) * _ROUNDS_A_MONTH
    return (
        (f"{function}, invocations", _ROUNDS_A_MONTH, prices.LAMBDA_REQUESTS.of(_ROUNDS_A_MONTH)),
        (f"{function}, time in s", seconds, prices.LAMBDA_TIME.of(seconds * _MEMORY_GB)),
        (f"{function}, read units", reads, prices.DYNAMODB_READS.of(reads)),
        (
            f"{function}, bytes logged",
            log_bytes,
            prices.LOGS.of(log_bytes) + prices.LOGS_STORED.of(log_bytes * _MONTHS_OF_LOGS),
        ),
    )


def _metrics() -> int:
    """Time series of CloudWatch, by its table in docs/metrics.md: `path` has two values."""
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    dimensions = re.findall(r"^\| `[A-Z]\w+` \| \w+ \| ([a-z, ]+) \|", text, re.MULTILINE)
    return sum(2 if "path" in each else 1 for each in dimensions)


def _events() -> str:
    events = _THOUSAND
    receives = events // _EVENTS_A_RECEIVE
    batches = events // EVENTS_A_BATCH
    seconds = batches * EVENT_BATCH_SECONDS
    costs = (
        ("SNS, published", events, prices.SNS.of(events)),
        ("SQS, sent by SNS", events, prices.SQS.of(events)),
        ("SQS, received and deleted by ten", 2 * receives, prices.SQS.of(2 * receives)),
        ("Lambda, requests", batches, prices.LAMBDA_REQUESTS.of(batches)),
        (
            f"Lambda, time in s at {EVENT_BATCH_SECONDS} s a batch",
            seconds,
            prices.LAMBDA_TIME.of(seconds * _EVENTS_GB),
        ),
        (
            "DynamoDB, reads, a chunk of two units an event",
            2 * events,
            prices.DYNAMODB_READS.of(2 * events),
        ),
    )
    total = sum(dollars for *_, dollars in costs)
    rows: list[Sequence[object]] = [
        (name, number(count), f"{dollars * 100:.5f}") for name, count, dollars in costs
    ]
    rows.append(("**all**", "", f"**{total * 100:.5f}**"))
    rows.append(("**of SES**", "", f"**{_percent(total / prices.SES.of(_THOUSAND))}**"))
    return table(["line:", "count", "cents"], rows)


def _price_table() -> str:
    return table(
        ["what:", "dollars:", "per:", "page of AWS:", "seen:"],
        [
            (price.what, f"{price.dollars:f}", price.unit, price.page, price.seen)
            for price in prices.PRICES
        ],
    )


def _verdict(counts: Counts) -> str:
    verdicts = [(_name(each), share(counts.of(each))) for each in _DEPLOYED]
    told = "; ".join(f"{name}: {_percent(of_ses)}, {_met(of_ses)}" for name, of_ses in verdicts)
    return (
        f"All beside SES, of SES, for 1,000 recipients (goal: under {_percent(GOAL, 0)}): {told}."
    )


if __name__ == "__main__":
    sys.exit(main())
