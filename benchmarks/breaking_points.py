"""What breaks first, on paper: what so many mails a day ask for, beside AWS's published limits."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks import limits
from benchmarks.aws_requests import SEND, START
from benchmarks.campaign_run import LATENCY, SES_LATENCY
from benchmarks.cost import EVENT_BATCH_SECONDS, EVENTS_A_BATCH
from benchmarks.growth_counts import Growth
from benchmarks.limits import Limit
from benchmarks.markdown import number, table
from benchmarks.requests_by_scale import Count
from entrypoints.local.emulator import ROOT

DAYS = (10_000_000, 100_000_000)
HOURS = (24, 8)
SMALL_CAMPAIGN = 1_000
"""Recipients of each campaign of a day whose campaigns are all due in the same minute."""

_EVENLY = {
    f"{mails // 1_000_000} million, {hours} h": (mails, hours) for mails in DAYS for hours in HOURS
}
_IN_A_MINUTE = {f"{mails // 1_000_000} million": (mails, HOURS[-1]) for mails in DAYS}
_HOUR, _MINUTE = 3_600, 60
_MESSAGES_A_RECEIVE = 10
_POLLERS_OPERATIONS = frozenset({"ReceiveMessage", "DeleteMessageBatch"})

_SEVERAL = "several shards in the code, as chunks have"
_DIVIDED = "DynamoDB itself, which divides a key of many records that stays hot"
_WRITTEN_BY_ALL = (
    ("open_shard", "the busiest shard of open chunks, writes", "`CHUNK_SHARDS` in the code"),
    ("open_shard#campaigns", "the one shard of open campaigns, writes", _SEVERAL),
    ("open_shard#changes", "the one shard of changes to be announced, writes", _SEVERAL),
    ("listing", "the index that lists campaigns, writes", _DIVIDED),
    ("state", "the index that lists campaigns by state, its busiest state, writes", _DIVIDED),
)
"""Keys that every campaign writes to: the kind, what it is, what moves it."""
_READ_BY_ALL = (
    ("CONTACTS", "the busiest of the 16 keys of contacts, reads", _DIVIDED),
    ("SEGMENT", "a segment that all campaigns are to, reads", "none: more segments"),
    ("TEMPLATE", "a template that all campaigns are of, reads", "none: more and smaller templates"),
)


@dataclass(frozen=True, kw_only=True)
class Demand:
    """`a_mail` for each mail a second; `a_mail_of_the_day` where one minute has all of a day's.

    `always` is asked for however many mails there are.
    """

    what: str
    limit: Limit
    moved_by: str
    a_mail: float = 0.0
    a_mail_of_the_day: float = 0.0
    always: float = 0.0

    def at(self, mails: int, hours: int) -> float:
        """Of so many mails a day, evenly in so many hours."""
        evenly = self.a_mail * mails / (hours * _HOUR)
        return self.always + evenly + self.a_mail_of_the_day * mails

    def share(self, mails: int, hours: int) -> float:
        """Of the limit."""
        return self.at(mails, hours) / self.limit.amount

    @property
    def worst(self) -> float:
        """The share that decides what breaks first."""
        return self.share(DAYS[-1], HOURS[-1])


def demands(growth: Growth) -> Sequence[Demand]:
    """What breaks first first."""
    count = growth.counts[-1]
    workers = _setting("WorkerConcurrency")
    # The calls of SES under one grant are made at the same time.
    at_ses = growth.grants / 1_000 * SES_LATENCY.total_seconds()
    sending = at_ses + _seconds(count, SEND) / count.recipients
    invocations = _requests(count, SEND, ("SQS", "ReceiveMessage")) / count.recipients
    campaign, grants = growth.busiest("CAMPAIGN"), growth.busiest("GRANTS")
    admissions, contacts = growth.busiest("ADMISSIONS"), growth.busiest_of_small(START, "CONTACTS")
    events = EVENT_BATCH_SECONDS / EVENTS_A_BATCH
    found = (
        Demand(
            what="mails, in SES's sandbox",
            limit=limits.SES_SANDBOX,
            a_mail=1,
            moved_by="the sending rate and the daily quota that AWS grants; `SEND_RATE` follows",
        ),
        Demand(
            what="send workers, as deployed",
            limit=Limit(workers, "functions at once", "template.yaml"),
            a_mail=sending,
            moved_by="`WORKER_CONCURRENCY`, up to 1,000",
        ),
        Demand(
            what="send workers, at most",
            limit=limits.POLLERS,
            a_mail=sending,
            moved_by="none: a second queue, or fewer calls a mail",
        ),
        Demand(
            what="functions that take SES's events, as deployed",
            limit=Limit(workers, "functions at once", "template.yaml"),
            a_mail=events,
            moved_by="`WORKER_CONCURRENCY`, which is theirs, too",
        ),
        Demand(
            what="all functions at once",
            limit=limits.CONCURRENCY,
            a_mail=sending + events,
            moved_by="Lambda's quota *Concurrent executions*",
        ),
        Demand(
            what="the grants' one record, writes",
            limit=limits.PARTITION_WRITES,
            a_mail=grants.writes / 1_000,
            moved_by="none: larger micro-batches, or a record for each lane",
        ),
        Demand(
            what="grants, each a write after the other",
            limit=Limit(1 / LATENCY.total_seconds(), "writes a second", "none: assumed, see above"),
            a_mail=growth.grants / 1_000,
            moved_by="none: larger micro-batches",
        ),
        Demand(
            what="one campaign that has all mails: record, ranges and tally, writes",
            limit=limits.PARTITION_WRITES,
            a_mail=campaign.writes / 1_000,
            moved_by="none: more campaigns, each of which has a partition of its own",
        ),
        Demand(
            what="one campaign that has all mails: record, ranges and tally, reads",
            limit=limits.PARTITION_READS,
            a_mail=campaign.reads / 1_000,
            moved_by="none: more campaigns, each of which has a partition of its own",
        ),
        Demand(
            what="the admissions' one record, of campaigns that start at once, writes",
            limit=limits.PARTITION_WRITES,
            # There is one such write a campaign, of whatever size.
            a_mail=admissions.writes / 1_000 * growth.emulated[-1].recipients / SMALL_CAMPAIGN,
            moved_by="none: fewer campaigns, or later ones",
        ),
        Demand(
            what="a large segment that is fanned out: the contacts' key that a start is at, reads",
            limit=limits.PARTITION_READS,
            always=contacts.all_reads / 1_000 / (_seconds(count, START) / count.recipients),
            moved_by="DynamoDB itself, which divides a key of many records that stays hot",
        ),
        Demand(
            what="a table that is new, writes",
            limit=limits.NEW_TABLE_WRITES,
            a_mail=count.writes_a_recipient,
            moved_by="DynamoDB itself within the half hour, or *warm throughput*",
        ),
        Demand(
            what="a table that is new, reads",
            limit=limits.NEW_TABLE_READS,
            a_mail=count.reads_a_recipient,
            moved_by="DynamoDB itself within the half hour, or *warm throughput*",
        ),
        Demand(
            what="the table, writes",
            limit=limits.TABLE_WRITES,
            a_mail=count.writes_a_recipient,
            moved_by="DynamoDB's quota *Table-level write throughput*",
        ),
        Demand(
            what="the table, reads",
            limit=limits.TABLE_READS,
            a_mail=count.reads_a_recipient,
            moved_by="DynamoDB's quota *Table-level read throughput*",
        ),
        Demand(
            what="messages of the send queue in flight",
            limit=limits.IN_FLIGHT,
            a_mail=sending * _MESSAGES_A_RECEIVE,
            moved_by="none: a second queue",
        ),
        Demand(
            what="batches of log lines",
            limit=limits.LOG_BATCHES,
            a_mail=invocations + events / EVENT_BATCH_SECONDS,
            moved_by="CloudWatch Logs' quota *PutLogEvents throttle limit*",
        ),
        Demand(
            what="schedules made",
            limit=limits.SCHEDULES_MADE,
            a_mail=1 / SMALL_CAMPAIGN,
            moved_by="EventBridge Scheduler's quota *CreateSchedule request rate*",
        ),
        *_shared_keys(growth),
    )
    return _worst_first(found)


def _shared_keys(growth: Growth) -> Iterator[Demand]:
    """Of small campaigns, in all phases."""
    for kind, what, moved_by in _WRITTEN_BY_ALL:
        writes = sum(growth.busiest_of_small(phase, kind).writes for phase in growth.small)
        yield Demand(
            what=what,
            limit=limits.PARTITION_WRITES,
            a_mail=writes / 1_000,
            moved_by=moved_by,
        )
    for kind, what, moved_by in _READ_BY_ALL:
        reads = sum(growth.busiest_of_small(phase, kind).reads for phase in growth.small)
        yield Demand(
            what=what, limit=limits.PARTITION_READS, a_mail=reads / 1_000, moved_by=moved_by
        )


def demands_in_a_minute(growth: Growth) -> Sequence[Demand]:
    """What breaks first where a day's small campaigns all start in the same minute.

    They were created before, and are mailed and end as evenly as all else.
    """
    at_once = _seconds_of_a_start(growth) / SMALL_CAMPAIGN / _MINUTE
    found = (
        Demand(
            what="schedules fired",
            limit=limits.SCHEDULES_FIRED,
            a_mail_of_the_day=1 / SMALL_CAMPAIGN / _MINUTE,
            moved_by="EventBridge Scheduler's quota *Invocations throttle limit*: they come later",
        ),
        Demand(
            what="starts at once",
            limit=limits.CONCURRENCY,
            a_mail_of_the_day=at_once,
            moved_by="Lambda's quota *Concurrent executions*",
        ),
        Demand(
            what="instances of start-campaign that come up in ten seconds",
            limit=limits.SCALING,
            a_mail_of_the_day=at_once,
            moved_by="none: they come later",
        ),
        *_table_in_a_minute(growth),
    )
    return _worst_first(found)


def _table_in_a_minute(growth: Growth) -> Iterator[Demand]:
    starts = growth.small[START]

    def of_units(what: str, limit: Limit, moved_by: str, units: float) -> Demand:
        return Demand(
            what=what, limit=limit, moved_by=moved_by, a_mail_of_the_day=units / 1_000 / _MINUTE
        )

    for kind, what, moved_by in _WRITTEN_BY_ALL:
        writes = growth.busiest_of_small(START, kind).writes
        yield of_units(what, limits.PARTITION_WRITES, moved_by, writes)
    for kind, what, moved_by in _READ_BY_ALL:
        reads = growth.busiest_of_small(START, kind).reads
        yield of_units(what, limits.PARTITION_READS, moved_by, reads)
    yield of_units(
        "the table, writes",
        limits.TABLE_WRITES,
        "DynamoDB's quota *Table-level write throughput*",
        sum(each.all_writes for each in starts),
    )
    yield of_units(
        "the table, reads",
        limits.TABLE_READS,
        "DynamoDB's quota *Table-level read throughput*",
        sum(each.all_reads for each in starts),
    )


def _worst_first(found: Iterable[Demand]) -> Sequence[Demand]:
    return sorted(found, key=lambda each: -each.worst)


def section(growth: Growth) -> str:
    """What the document says of it."""
    evenly, in_a_minute = demands(growth), demands_in_a_minute(growth)
    count = growth.counts[-1]
    return f"""\
## What breaks first

On paper: what {_days()} mails a day ask for each second, spread over the whole day
and over eight hours, by the counts above ({number(count.recipients)} recipients), beside AWS's
published limits. In the order in which they break; bold is what does not fit.

{_table(evenly, _EVENLY)}

{_told(evenly, "in eight hours")}

- Whole seconds of functions are not measured on AWS. As in [cost.md](cost.md), a call takes \
{LATENCY.microseconds // 1_000} ms and
  one of SES {SES_LATENCY.microseconds // 1_000} ms, but those of one grant are
  made at the same time. SES's events, one a mail, take {EVENT_BATCH_SECONDS} s for \
{EVENTS_A_BATCH}.
- Every grant is a conditional write of one record, so there are no more of them than such writes
  follow each other; a call takes what it is assumed to take above.
- Partitions: the units of the busiest key of each kind. Of what a campaign has alone as if one had
  all the mails; of what all share as if all had {number(SMALL_CAMPAIGN)} recipients. What
  announces changes and writes analytics is not counted: it goes at a pace of its own.
- A large segment is gone through in the order of the contacts' keys: each start is at one of 16,
  and reads as fast as its calls follow each other. Two such campaigns at once ask twice as much.
- What is throttled is asked for again, and a start that fails for it is repeated: mails come later.
  A campaign that has not begun after `MAX_LATENESS_SECONDS` expires. While a key of an index is
  throttled, so are the writes of the table that change it.
- What an account is granted beyond the sandbox AWS does not publish: "this rate varies based on
  your specific use case". New accounts have less of Lambda, too.

### A day that starts in one minute

The same where all of a day's campaigns, of {number(SMALL_CAMPAIGN)} recipients each, are due in
the same minute: by what a start takes. They are created before, and mailed and ended as evenly as
all else. Who has fewer and larger ones asks as much of the table and of contacts, and less of the
rest.

{_table(in_a_minute, _IN_A_MINUTE)}

{_told(in_a_minute, "in one minute")}

{_bound(growth)}

### The limits

By these pages of AWS, as they were in November 2026; look at them before you rely on it:

{_pages((*evenly, *in_a_minute))}
"""


def _bound(growth: Growth) -> str:
    """How many starts at once reach none of the table's limits."""
    first = max(_table_in_a_minute(growth), key=lambda each: each.worst)
    # As many times the minute as it is times the limit.
    minutes = first.worst
    seconds = _seconds_of_a_start(growth)
    at_once = DAYS[-1] / SMALL_CAMPAIGN * seconds / (minutes * _MINUTE)
    return f"""\
`START_CONCURRENCY` bounds what starts ask for. One takes {seconds:.2f} s: \
{math.floor(at_once)} at once reach none of the
table's limits, and {math.ceil(minutes)} minutes later all campaigns of \
{DAYS[-1] // 1_000_000} million mails have begun. More
shards of the index of open work would change nothing: the table's reads and the contacts' keys
come before them."""


def _table(found: Sequence[Demand], columns: Mapping[str, tuple[int, int]]) -> str:
    rows = [
        (
            each.what,
            *(_cell(each, mails, hours) for mails, hours in columns.values()),
            f"{number(each.limit.amount)} {each.limit.unit}",
            each.moved_by,
        )
        for each in found
    ]
    return table(["what:", *columns, "limit:", "what moves it:"], rows)


def _cell(demand: Demand, mails: int, hours: int) -> str:
    share = demand.share(mails, hours)
    amount = demand.at(mails, hours)
    told = f"{amount:,.2f}" if amount < 1 else f"{amount:,.0f}"
    of_limit = f"{share * 100:,.1f} %" if share < 1 else f"{share:,.1f} times"
    return f"{told} ({of_limit})" if share < 1 else f"**{told} ({of_limit})**"


def _told(found: Sequence[Demand], when: str) -> str:
    sentences = []
    for mails in DAYS:
        over = [each.what for each in found if each.share(mails, HOURS[-1]) >= 1]
        named = "; ".join(over) if over else "nothing"
        sentences.append(
            f"**At {mails // 1_000_000} million a day**, {when}, does not fit: {named}."
        )
    return "\n\n".join(sentences)


def _pages(found: Sequence[Demand]) -> str:
    by_page: dict[str, list[str]] = {}
    for each in found:
        told = f"{number(each.limit.amount)} {each.limit.unit}"
        if told not in by_page.setdefault(each.limit.page, []):
            by_page[each.limit.page].append(told)
    return table(
        ["page:", "limits:"], [(page, "; ".join(told)) for page, told in sorted(by_page.items())]
    )


def _days() -> str:
    return " and ".join(f"{mails // 1_000_000} million" for mails in DAYS)


def _seconds_of_a_start(growth: Growth) -> float:
    """Of a small campaign."""
    small = growth.counts[0]
    return _seconds(small, START) * SMALL_CAMPAIGN / small.recipients


def _requests(count: Count, phase: str, operation: tuple[str, str]) -> float:
    return count.requests.get((phase, operation), 0.0)


def _seconds(count: Count, phase: str) -> float:
    """How long the functions of a phase wait for all but SES, by what a call is taken to take."""
    calls = sum(
        requests
        for (of_phase, (service, operation)), requests in count.requests.items()
        if of_phase == phase and service != "SES" and operation not in _POLLERS_OPERATIONS
    )
    return calls * LATENCY.total_seconds()


def _setting(name: str) -> int:
    """The default of a parameter of the template."""
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    found = re.search(rf"^  {name}:\n    Type: Number\n    Default: (\d+)$", template, re.MULTILINE)
    if found is None:
        raise LookupError(f"No parameter {name} in template.yaml.")
    return int(found[1])
