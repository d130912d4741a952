"""One campaign on the emulator by several workers, as Lambda would run them, and what it took."""

import contextlib
import io
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from dependency_injector import providers

from adapters.aws.clients import AwsClients
from adapters.memory.recording_mailer import RecordingMailer
from benchmarks import stage
from benchmarks.aws_calls import Call, CallLog
from benchmarks.aws_requests import CampaignNotSentError
from benchmarks.capacity import Index, Units, bytes_stored, indexes_of, units_of
from benchmarks.turns import TurnsClock
from domain.campaign import CampaignState
from domain.identifiers import CampaignId
from domain.message import Message
from domain.outcome import Outcome
from domain.path_line import LOOKS
from domain.ports.mailer import Mailer
from domain.priority import Priority
from domain.start import StartRequest
from entrypoints.containers import aws, emulator
from entrypoints.containers.core import Core
from entrypoints.logs import configure_logging
from entrypoints.request_id import REQUEST_ID
from entrypoints.settings import Settings

COLD_START = timedelta(seconds=1)
LATENCY = timedelta(milliseconds=20)
"""Of a call to DynamoDB or SQS, with its work in a function of 256 MB: assumed, not measured."""
SES_LATENCY = timedelta(milliseconds=500)
"""Of a call with up to 50 mails, and of those that are made at the same time: assumed."""
WORKER_TIMEOUT = timedelta(seconds=87)
"""What `entrypoints.aws.send_worker` uses of template.yaml's 90 seconds."""

_CREATE, _START, _SEND, _RECONCILE = "create", "start", "send", "reconcile"
_WEBHOOKS = "webhooks"
_RECEIVED_AT_ONCE = 10
_POLLERS_OPERATIONS = frozenset({"ReceiveMessage", "DeleteMessageBatch"})
_POLL = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Mails a second, workers, recipients."""

    send_rate: int
    workers: int
    recipients: int


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What was counted.

    `seconds` are all functions', `worker_seconds` the send worker's, of which it works
    `worker_busy_seconds` and waits for the rate limit for the rest; `duration` is from create to
    sent.
    """

    table_writes: int
    index_writes: int
    reads: float
    sqs_requests: int
    ses_calls: int
    invocations: int
    instances: int
    seconds: float
    worker_seconds: float
    worker_busy_seconds: float
    duration: float
    log_bytes: int
    table_bytes: int
    index_bytes: int


@dataclass(frozen=True, kw_only=True)
class IdleRound:
    """What one pass of a function that runs every minute takes with nothing to do."""

    reads: float
    requests: int
    seconds: float
    log_bytes: int


@dataclass
class _Meter:
    """What the functions ran."""

    instances: Counter[str] = field(default_factory=Counter)
    micro_batches: int = 0
    invocations: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))


class _SlowMailer(RecordingMailer):
    """Takes its time: the calls of a micro-batch are made in threads of their own.

    Nobody who takes turns may sleep in those: together they take as long as one.
    """

    def __init__(self, mailer: Mailer, clock: TurnsClock, meter: _Meter) -> None:
        """Sends by `mailer`."""
        super().__init__(mailer, clock)
        self._turns = clock
        self._meter = meter

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """The other mailer's outcomes, after a while."""
        outcomes = super().send(messages, within)
        self._meter.micro_batches += 1
        self._turns.sleep(SES_LATENCY)
        return outcomes


class _Lambda:
    """Runs one function's invocations on the clock of all, one instance of it."""

    def __init__(self, name: str, clock: TurnsClock, meter: _Meter) -> None:
        """Not started yet: the first invocation is a cold start."""
        self._name = name
        self._clock = clock
        self._meter = meter
        self._is_cold = True

    def invoke(self, work: Callable[[], object]) -> None:
        """One invocation, billed from its beginning, its cold start included, to its end."""
        began = self._clock.now()
        if self._is_cold:
            self._is_cold = False
            self._meter.instances[self._name] += 1
            self._clock.sleep(COLD_START)
        token = REQUEST_ID.set(str(uuid.UUID(int=0)))
        try:
            work()
        finally:
            REQUEST_ID.reset(token)
        self._meter.invocations[self._name] += 1
        self._meter.seconds[self._name] += (self._clock.now() - began).total_seconds()


class _Stage:
    """What is deployed in one account, with the functions' calls, clock and output watched."""

    def __init__(self, endpoint: str, account: str, setting: Setting) -> None:
        """Deploys it and loads the audience."""
        deployed = stage.deploy(endpoint, account, ses_bulk=True)
        self.settings: Settings = deployed.model_copy(update={"send_rate": setting.send_rate})
        self.clock = TurnsClock()
        self.ids = stage.SeededIds()
        self.log = CallLog()
        self.meter = _Meter()
        self.elsewhere = stage.container(self.settings, self.ids)
        if setting.recipients:
            stage.load_people(self.elsewhere, setting.recipients)

    @property
    def indexes(self) -> tuple[Index, ...]:
        """The table's."""
        return indexes_of(self.elsewhere.family.clients(), self.settings.table_name)

    def function(self, phase: str) -> tuple[Core, _Lambda]:
        """A new instance of a function."""
        family = emulator.Adapters(
            settings=self.settings,
            ids=self.ids,
            clock=self.clock,
            metrics=aws.Adapters(settings=self.settings).metrics(),
        )
        core = Core(settings=self.settings, family=family)
        clients = core.family.clients()
        if phase == _SEND:
            stage.give_real_message_ids(clients)
        self.log.listen(clients, phase)
        self._take_time(clients)
        if phase == _SEND:
            # Its client is made with it, and tells only whoever listened by then.
            slow = _SlowMailer(core.family.mailer(), self.clock, self.meter)
            core.family.mailer.override(providers.Object(slow))
        return core, _Lambda(phase, self.clock, self.meter)

    def _take_time(self, clients: AwsClients) -> None:
        def wait(**_: object) -> None:
            self.clock.sleep(LATENCY)

        def at_once(params: dict[str, object], **_: object) -> None:
            # The emulator's own clock would delay it, while this one stands still.
            for entry in params["Entries"]:  # type: ignore[attr-defined]
                entry["DelaySeconds"] = 0

        events = clients.session.events
        events.register("before-call.dynamodb", wait)
        events.register("before-call.sqs", wait)
        events.register("before-parameter-build.sqs.SendMessageBatch", at_once)


def idle_reconciler(endpoint: str, account: str) -> IdleRound:
    """One pass over a table with nothing in it, by an instance that is warm."""
    return _idle_round(endpoint, account, _RECONCILE, lambda core: core.reconcile()())


def idle_webhooks(endpoint: str, account: str) -> IdleRound:
    """Likewise, with nobody to tell."""

    def tell(core: Core) -> None:
        core.announce_changes()()
        core.deliver_webhooks()()

    return _idle_round(endpoint, account, _WEBHOOKS, tell)


def _idle_round(
    endpoint: str, account: str, phase: str, work: Callable[[Core], object]
) -> IdleRound:
    deployed = _Stage(endpoint, account, Setting(send_rate=14, workers=1, recipients=0))
    core, function = deployed.function(phase)
    with _printed() as output:
        function.invoke(lambda: None)
        before = deployed.meter.seconds[phase]
        function.invoke(lambda: work(core))
    units = sum(units_of(deployed.log.calls, deployed.indexes), Units())
    return IdleRound(
        reads=units.reads,
        requests=len(deployed.log.calls),
        seconds=round(deployed.meter.seconds[phase] - before, 3),
        log_bytes=_size(output),
    )


def campaign(endpoint: str, account: str, setting: Setting, idle: IdleRound) -> Spent:
    """Create, start and send; of the reconciler's passes what is more than an idle one's."""
    deployed = _Stage(endpoint, account, setting)
    with _printed() as output:
        began = deployed.clock.now()
        campaign_id = _create_and_start(deployed)
        reconcile = _reconciler(deployed)
        deployed.clock.run(
            [
                *(_worker(deployed, campaign_id) for _ in range(setting.workers)),
                _until_sent(deployed, campaign_id, reconcile),
            ]
        )
        _look_back(deployed, reconcile)
    found, progress = deployed.elsewhere.read_campaign()(campaign_id)
    if found.ended_at is None or progress.tally.sent != setting.recipients:
        raise CampaignNotSentError(f"{found.state}: {progress.tally}")
    duration = (found.ended_at - began).total_seconds()
    return _spent(deployed, idle, _size(output), duration)


def _create_and_start(deployed: _Stage) -> CampaignId:
    core, function = deployed.function(_CREATE)
    created: list[CampaignId] = []

    def create() -> None:
        request = stage.IMMEDIATE
        created.append(core.create_campaign()(request).campaign.campaign_id)

    function.invoke(create)
    (campaign_id,) = created
    core, function = deployed.function(_START)
    start = core.start_campaign()
    function.invoke(lambda: start(StartRequest(campaign_id)))
    return campaign_id


def _worker(deployed: _Stage, campaign_id: CampaignId) -> Callable[[], None]:
    core, function = deployed.function(_SEND)

    def work() -> None:
        queue = core.family.queue()
        while True:
            deliveries = queue.receive(_RECEIVED_AT_ONCE, timedelta(), Priority.NORMAL)
            if deliveries:
                done: list[object] = []
                function.invoke(
                    lambda: done.extend(core.send_batch()(deliveries, WORKER_TIMEOUT))  # noqa: B023
                )
                queue.acknowledge(done)
            elif _is_sent(deployed, campaign_id):
                return
            else:
                deployed.clock.sleep(_POLL)

    return work


def _reconciler(deployed: _Stage) -> Callable[[], None]:
    """One pass."""
    core, function = deployed.function(_RECONCILE)
    return lambda: function.invoke(core.reconcile())


def _until_sent(
    deployed: _Stage, campaign_id: CampaignId, reconcile: Callable[[], None]
) -> Callable[[], None]:
    def work() -> None:
        while not _is_sent(deployed, campaign_id):
            reconcile()
            deployed.clock.sleep(_MINUTE)

    return work


def _look_back(deployed: _Stage, reconcile: Callable[[], None]) -> None:
    """The passes after the end that find something to do: analytics are written again."""
    for after in (timedelta(), *LOOKS):
        deployed.clock.sleep(after + _MINUTE)
        reconcile()


def _is_sent(deployed: _Stage, campaign_id: CampaignId) -> bool:
    found, _ = deployed.elsewhere.read_campaign()(campaign_id)
    return found.state is CampaignState.SENT


def _spent(deployed: _Stage, idle: IdleRound, log_bytes: int, duration: float) -> Spent:
    calls = [call for call in deployed.log.calls if not _found_nothing(call)]
    units = sum(units_of(calls, deployed.indexes), Units())
    services = Counter(call.service for call in calls)
    table_bytes, index_bytes = bytes_stored(calls, deployed.indexes)
    meter = deployed.meter
    rounds = meter.invocations[_RECONCILE]
    reconciling = meter.seconds[_RECONCILE] - COLD_START.total_seconds() - rounds * idle.seconds
    seconds = sum(meter.seconds.values()) - meter.seconds[_RECONCILE] + reconciling
    return Spent(
        table_writes=units.table_writes,
        index_writes=units.index_writes,
        reads=units.reads - rounds * idle.reads,
        sqs_requests=services["SQS"],
        ses_calls=services["SES"],
        invocations=meter.invocations.total() - rounds,
        instances=2 + meter.instances[_SEND],
        seconds=round(seconds, 2),
        worker_seconds=round(meter.seconds[_SEND], 2),
        worker_busy_seconds=round(_busy(calls, meter).total_seconds(), 2),
        duration=round(duration, 2),
        log_bytes=log_bytes - rounds * idle.log_bytes,
        table_bytes=table_bytes,
        index_bytes=index_bytes,
    )


def _busy(calls: Sequence[Call], meter: _Meter) -> timedelta:
    """The send worker's cold starts and calls; the poller's are not in its time."""
    quick = sum(
        call.phase == _SEND and call.service != "SES" and call.operation not in _POLLERS_OPERATIONS
        for call in calls
    )
    cold = meter.instances[_SEND] * COLD_START
    return cold + meter.micro_batches * SES_LATENCY + quick * LATENCY


def _found_nothing(call: Call) -> bool:
    """An idle poll: it is paid for by the month."""
    return call.operation == "ReceiveMessage" and not call.answer.get("Messages")


@contextlib.contextmanager
def _printed() -> Iterator[io.StringIO]:
    """What the functions print: their log and their metrics."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        configure_logging("INFO")
        yield output


def _size(output: io.StringIO) -> int:
    """As CloudWatch counts: UTF-8, and 26 bytes for each event (PutLogEvents)."""
    text = output.getvalue()
    return len(text.encode()) + 26 * text.count("\n")
