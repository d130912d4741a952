"""Campaigns from create to sent, in one thread on a clock that stands still while anybody works.

The same steps over any family: as many recipients, or as many campaigns, as are wanted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from dependency_injector import providers
from pydantic import SecretStr

from benchmarks import stage
from benchmarks.aws_calls import Call, CallLog
from benchmarks.aws_requests import CREATE, SEND, START, CampaignNotSentError
from benchmarks.campaign_run import WORKER_TIMEOUT
from benchmarks.capacity import Key, Ledger, Units, Wire, indexes_of
from benchmarks.port_calls import PortLog
from benchmarks.turns import TurnsClock
from domain.campaign import CampaignState
from domain.identifiers import CampaignId
from domain.message import Message
from domain.outcome import Accepted, Outcome
from domain.ports.queue import SendQueue
from domain.ports.start_queue import StartQueue
from domain.priority import Priority
from entrypoints.containers import emulator, memory, sqlite
from entrypoints.containers.core import Core
from entrypoints.settings import Settings

RECONCILE = "reconcile"
SEND_RATE = 5_000
"""Mails a second: no micro-batch waits for another, and a million take less than five minutes, so
that no chunk waits until the reconciler enqueues it again."""

_RECEIVED_AT_ONCE = 10
_LEAD = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)
_POLL = timedelta(seconds=1)
_STALLED = timedelta(hours=12)
_EMULATED = {("invoker", "start"): ("Lambda", "Invoke")}
"""What is one request on AWS, and on the emulator runs within the process."""


@dataclass(frozen=True, kw_only=True)
class Functions:
    """Whose caches are their own: on AWS four functions, elsewhere one process.

    `ledgers` are of what each phase's function read and wrote in DynamoDB.
    """

    create: Core
    start: Core
    send: Core
    reconcile: Core
    clock: TurnsClock
    log: PortLog
    ledgers: Mapping[str, Ledger] = field(default_factory=dict)


def on_emulator(
    endpoint: str, account: str, recipients: int, send_rate: int, **settings_of_its_own: int
) -> Functions:
    """Deployed in an account of its own, with so many people; every request is told to the log."""
    deployed = stage.deploy(endpoint, account, ses_bulk=True)
    settings: Settings = deployed.model_copy(update={"send_rate": send_rate, **settings_of_its_own})
    clock, ids, log = TurnsClock(), stage.SeededIds(), PortLog(_EMULATED)
    elsewhere = stage.container(settings, ids)
    stage.load_people(elsewhere, recipients)
    indexes = indexes_of(elsewhere.family.clients(), settings.table_name)
    # What one writes another replaces: they have their records in common.
    items: dict[Key, Wire] = {}
    ledgers = {phase: Ledger(indexes, items) for phase in (CREATE, START, SEND, RECONCILE)}

    def take(call: Call) -> None:
        units = ledgers[call.phase].units(call) if call.service == "DynamoDB" else Units()
        log.take((call.service, call.operation), units)

    calls = CallLog(take)

    def function(phase: str) -> Core:
        core = Core(
            settings=settings,
            family=emulator.Adapters(settings=settings, ids=ids, clock=clock),
        )
        clients = core.family.clients()
        if phase == SEND:
            stage.give_real_message_ids(clients)
        calls.listen(clients, phase)
        clients.session.events.register("before-parameter-build.sqs.SendMessageBatch", _at_once)
        log.listen(core)
        return core

    return Functions(
        create=function(CREATE),
        start=function(START),
        send=function(SEND),
        reconcile=function(RECONCILE),
        clock=clock,
        log=log,
        ledgers=ledgers,
    )


def in_memory(recipients: int, send_rate: int, **settings_of_its_own: int) -> Functions:
    """All in this process, but what was mailed: that is nowhere."""
    settings = _settings(send_rate).model_copy(update=settings_of_its_own)
    return _in_process(memory, settings, recipients)


def on_sqlite(database: Path, recipients: int, send_rate: int) -> Functions:
    """In that file, which may have its people already, for `recipients` 0."""
    return _in_process(
        sqlite, _settings(send_rate).model_copy(update={"database": database}), recipients
    )


def _settings(send_rate: int) -> Settings:
    return Settings(
        send_rate=send_rate,
        sender=stage.SENDER,
        postal_address=stage.POSTAL_ADDRESS,
        address_hash_key=SecretStr(stage.HASH_KEY),
    )


def run(functions: Functions, campaigns: int = 1, *, is_scheduled: bool = False) -> None:
    """That many campaigns to everybody; of more than one, all are scheduled for the same moment.

    Raises CampaignNotSentError.
    """
    log, clock = functions.log, functions.clock
    due = clock.now() + _LEAD if is_scheduled or campaigns > 1 else None
    log.phase = CREATE
    create = functions.create.create_campaign()
    request = replace(stage.IMMEDIATE, schedule_at=None if due is None else due.isoformat())
    made = [create(request).campaign.campaign_id for _ in range(campaigns)]
    if due is not None:
        clock.sleep(_LEAD)
        for campaign_id in made:
            functions.create.family.started().fire(campaign_id)
    log.phase = START
    _start_all(functions)
    _send_all(functions, made)


def _send_all(functions: Functions, made: Sequence[CampaignId]) -> None:
    """Until all are sent; the reconciler looks in once a minute."""
    log, clock = functions.log, functions.clock
    queue: SendQueue = functions.send.family.queue()
    send = functions.send.send_batch()
    reconcile = functions.reconcile.reconcile()
    next_pass = clock.now() + _MINUTE
    deadline = clock.now() + _STALLED
    while True:
        log.phase = SEND
        deliveries = queue.receive(_RECEIVED_AT_ONCE, timedelta(), Priority.NORMAL)
        if deliveries:
            done = send(deliveries, WORKER_TIMEOUT)
            if len(done) < len(deliveries):
                raise CampaignNotSentError("A chunk was left on the queue; the log says why.")
            queue.acknowledge(done)
        elif _are_sent(functions, made):
            return
        elif clock.now() > deadline:
            raise CampaignNotSentError("Not all are sent, and nothing is on the queue.")
        else:
            clock.sleep(_POLL)
        if clock.now() >= next_pass:
            log.phase = RECONCILE
            reconcile()
            next_pass += _MINUTE


def _start_all(functions: Functions) -> None:
    """Those that were invoked or queued, and those that a start then asks for."""
    queue: StartQueue = functions.start.family.start_queue()
    start, start_batch = functions.start.start_campaign(), functions.start.start_batch()
    is_done = False
    while not is_done:
        is_done = True
        for core in (functions.create, functions.start):
            started = core.family.started()
            while invocation := started.take(timedelta()):
                start(invocation.work)
                started.done(invocation)
                is_done = False
        while deliveries := queue.receive(_RECEIVED_AT_ONCE, timedelta()):
            queue.acknowledge(start_batch(deliveries))
            is_done = False


def _are_sent(functions: Functions, made: Sequence[CampaignId]) -> bool:
    functions.log.phase = ""
    read = functions.reconcile.read_campaign()
    found = [read(campaign_id) for campaign_id in made]
    return all(
        campaign.state is CampaignState.SENT and progress.tally.sent == progress.recipients > 0
        for campaign, progress in found
    )


def _in_process(family: Any, settings: Settings, recipients: int) -> Functions:  # noqa: ANN401  a module of containers
    clock, log = TurnsClock(), PortLog()
    adapters = family.Adapters(settings=settings, ids=stage.SeededIds(), clock=clock)
    core = Core(settings=settings, family=adapters)
    if recipients:
        stage.load_people(core, recipients)
    adapters.mailer.override(providers.Object(_Nowhere()))
    log.listen(core)
    return Functions(create=core, start=core, send=core, reconcile=core, clock=clock, log=log)


class _Nowhere:
    """Implements `domain.ports.mailer.Mailer`, and keeps nothing of what it accepts."""

    timeout = timedelta(seconds=18)
    batch_size = 500

    def send(
        self,
        messages: Sequence[Message],
        within: timedelta,  # noqa: ARG002  it takes no time
    ) -> Sequence[Outcome]:
        """Accepts everything."""
        return [Accepted(f"{message.chunk.number}.{message.position}") for message in messages]


def _at_once(params: dict[str, Any], **_: object) -> None:
    # The emulator's own clock would delay it, while this one stands still.
    for entry in params["Entries"]:
        entry["DelaySeconds"] = 0
