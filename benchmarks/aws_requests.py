"""AWS requests and DynamoDB's units for a campaign to 1,000 recipients."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from benchmarks import stage
from benchmarks.aws_calls import Call, CallLog
from benchmarks.capacity import Units, indexes_of, units_of
from benchmarks.markdown import number, table
from domain.campaign import CampaignState
from domain.ports.queue import SendQueue
from domain.priority import Priority
from domain.start import StartRequest
from entrypoints.containers.core import Core

CREATE, START, SEND = PHASES = ("create", "start", "send")
_RECEIVED_AT_ONCE = 10

_UNIT_COLUMNS = ("write units, table", "write units, indexes", "read units")


@dataclass(frozen=True, slots=True)
class Budget:
    """What the design allows a phase for 1,000 recipients; None where it says nothing."""

    requests: int | None = None
    write_units: int | None = None


_BUDGETS = {
    CREATE: Budget(),
    START: Budget(requests=6, write_units=460),
    SEND: Budget(requests=64, write_units=320),
}


class CampaignNotSentError(Exception):
    """The campaign that was to be counted is not sent to everybody."""


@dataclass(frozen=True, slots=True)
class Line:
    """All calls of one operation in one phase."""

    phase: str
    service: str
    operation: str


@dataclass(frozen=True, slots=True)
class Count:
    """What one campaign took; receives that found nothing are counted apart."""

    requests: Counter[Line]
    units: dict[Line, Units]
    empty_receives: int

    def requests_in(self, *phases: str) -> int:
        """Requests of some phases."""
        return sum(count for line, count in self.requests.items() if line.phase in phases)

    def units_in(self, *phases: str) -> Units:
        """Units of some phases."""
        return sum((units for line, units in self.units.items() if line.phase in phases), Units())


def count(endpoint: str, account: str, *, ses_bulk: bool) -> Count:
    """Create, start and send one campaign in this thread, by three processes' worth of clients.

    As on AWS, where the API, start-campaign and the send worker are three functions.
    """
    settings = stage.deploy(endpoint, account, ses_bulk=ses_bulk)
    ids = stage.SeededIds()
    log = CallLog()

    def function(phase: str) -> Core:
        core = stage.container(settings, ids)
        clients = core.family.clients()
        if phase == SEND:
            stage.give_real_message_ids(clients)
        log.listen(clients, phase)
        return core

    elsewhere = stage.container(settings, ids)
    stage.load(elsewhere)
    campaign_id = function(CREATE).create_campaign()(stage.IMMEDIATE).campaign.campaign_id
    function(START).start_campaign()(StartRequest(campaign_id))
    worker = function(SEND)
    queue: SendQueue = worker.family.queue()
    while deliveries := queue.receive(_RECEIVED_AT_ONCE, timedelta(), Priority.NORMAL):
        queue.acknowledge(worker.send_batch()(deliveries))

    campaign, progress = elsewhere.read_campaign()(campaign_id)
    if campaign.state is not CampaignState.SENT or progress.tally.sent != stage.RECIPIENTS:
        raise CampaignNotSentError(f"{campaign.state}: {progress.tally}")
    indexes = indexes_of(elsewhere.family.clients(), settings.table_name)
    return _counted(log.calls, units_of(log.calls, indexes))


def section(bulk: Count, single: Count) -> str:
    """What the document says of it."""
    return f"""\
## AWS requests and capacity units

One immediate campaign to the 1,000 people of `vip-customers`, on the emulator, each call counted
as botocore makes it, beside the budget that the protocol was designed to:

{_summary(bulk, single)}

By phase, with bulk sends of 50:

{_by_phase(bulk)}

The budget of start takes what is merged from the members; Sentinel reads the contacts instead, in
ten requests more (`data-model.md`). By operation, the units with bulk sends:

{_by_operation(bulk, single)}

- On AWS the create call makes one request more, Lambda's `Invoke`: the emulator family starts a
  campaign within the process. Provider events come on top. So do receives that find nothing
  ({bulk.empty_receives} here): how often an idle queue is asked is not the campaign's doing.
- Single sends that outlast their grant ask for another one: a slower machine makes some requests
  more. All other counts are exact.
- Create, start and send have clients and caches of their own, as three Lambda functions have. One
  worker receives ten messages at a time and sends at most 500 mails a second.
- Ids are seeded, and message ids are given the shape of SES's, so that records compress as they do
  on AWS and every run counts the same.
- Units are computed from requests and answers by the rules of the Amazon DynamoDB Developer Guide:
  "DynamoDB read and write operations" (a write unit for each KB of an item, a read unit for each
  4 KB of an item or of a query's sum, half of it where eventually consistent, one for what is not
  there), "DynamoDB item sizes and formats", "Amazon DynamoDB Transactions: How it works" (twice for
  each item written or checked), and "Using Global Secondary Indexes in DynamoDB" (a write to put or
  remove an entry, two to move it), which the budget leaves out.
"""


def _counted(calls: Sequence[Call], units: Sequence[Units]) -> Count:
    requests: Counter[Line] = Counter()
    summed: dict[Line, Units] = {}
    empty_receives = 0
    for call, spent in zip(calls, units, strict=True):
        if call.operation == "ReceiveMessage" and not call.answer.get("Messages"):
            empty_receives += 1
            continue
        line = Line(call.phase, call.service, call.operation)
        requests[line] += 1
        summed[line] = summed.get(line, Units()) + spent
    return Count(requests, summed, empty_receives)


def _summary(bulk: Count, single: Count) -> str:
    of_bulk, of_single = bulk.units_in(*PHASES), single.units_in(*PHASES)
    rows = (
        ("requests", bulk.requests_in(*PHASES), 130, single.requests_in(*PHASES), 1_110),
        ("write units, table", of_bulk.table_writes, 800, of_single.table_writes, 800),
        ("write units, indexes", of_bulk.index_writes, None, of_single.index_writes, None),
        ("read units", of_bulk.reads, None, of_single.reads, None),
    )
    return table(
        ["for 1,000 recipients:", "bulk sends", "budget", "single sends", "budget"],
        [(name, *(_figure(value) for value in values)) for name, *values in rows],
    )


def _by_phase(bulk: Count) -> str:
    rows = []
    for phase in PHASES:
        units, budget = bulk.units_in(phase), _BUDGETS[phase]
        figures = (
            bulk.requests_in(phase),
            budget.requests,
            units.table_writes,
            budget.write_units,
            units.index_writes,
            units.reads,
        )
        rows.append((phase, *(_figure(value) for value in figures)))
    return table(
        ["phase:", "requests", "budget", *_UNIT_COLUMNS[:1], "budget", *_UNIT_COLUMNS[1:]], rows
    )


def _by_operation(bulk: Count, single: Count) -> str:
    lines = sorted(
        bulk.requests.keys() | single.requests.keys(),
        key=lambda line: (PHASES.index(line.phase), line.service, line.operation),
    )
    rows = []
    for line in lines:
        units = bulk.units.get(line, Units())
        figures = (
            bulk.requests[line],
            single.requests[line],
            units.table_writes,
            units.index_writes,
            units.reads,
        )
        rows.append(
            (line.phase, line.service, line.operation, *(_figure(value) for value in figures))
        )
    return table(
        ["phase:", "service:", "operation:", "bulk sends", "single sends", *_UNIT_COLUMNS], rows
    )


def _figure(value: float | None) -> str:
    return number(value) if value else ""
