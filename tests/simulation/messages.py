"""What becomes of messages and invocations on their way: doubled, late, out of order, lost."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.memory.sending_account import MemorySendingAccount
from domain.chunk import ChunkRef
from domain.identifiers import CampaignId, SeriesId
from domain.job_run import Run
from domain.path_line import LineRef
from domain.ports.invoker import Invoker
from domain.ports.open_work import OpenWork
from domain.ports.queue import Delivery, SendQueue
from domain.ports.start_queue import StartDelivery, StartQueue
from domain.priority import Priority
from domain.sending_quota import SendingQuota
from tests.simulation.family import Family
from tests.simulation.faults import Fault, Faults
from tests.simulation.hub import Process, Signal
from tests.simulation.ports import MINUTE, SECOND


class UnreliableQueue:
    """Implements `domain.ports.queue.SendQueue` for one process, over the one queue of all."""

    def __init__(self, queue: SendQueue, faults: Faults, process: Process, arrival: Signal) -> None:
        """Messages that `process` sends and receives."""
        self._queue = queue
        self._faults = faults
        self._process = process
        self._arrival = arrival

    def enqueue(
        self, chunks: Sequence[ChunkRef], priority: Priority, delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """Each on its own: some are not taken, lost, late or doubled."""
        process = self._process
        refused: list[ChunkRef] = []
        with self._arrival.afterwards():
            for chunk in chunks:
                number = process.calls["queue.message"] = process.calls.get("queue.message", 0) + 1
                draws = process.hub.decisions.draws("message", process.name, number)
                if self._happens("not taken", number, draws[0], 0.02):
                    refused.append(chunk)
                    continue
                if self._happens("lost", number, draws[1], 0.03):
                    continue
                late = timedelta()
                if self._happens("late", number, draws[2], 0.15):
                    late = timedelta(seconds=40 * draws[3] ** 2)
                self._queue.enqueue([chunk], priority, delay + late)
                if self._happens("doubled", number, draws[4], 0.15):
                    self._queue.enqueue(
                        [chunk], priority, delay + timedelta(seconds=200 * draws[5] ** 4)
                    )
        return refused

    def receive(self, limit: int, wait: timedelta, priority: Priority) -> Sequence[Delivery]:
        """What can be seen now."""
        del wait
        return self._queue.receive(limit, timedelta(), priority)

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        """At once."""
        self._queue.acknowledge(deliveries)

    def _happens(self, kind: str, number: int, draw: float, rate: float) -> bool:
        fault = Fault(self._process.name, "queue.message", number, kind)
        return self._faults.by_chance(fault, draw, rate)


@dataclass(frozen=True, slots=True)
class _Luck:
    """How often starts that take one `way` are lost and late, and how late they and doubles are."""

    way: str
    lost: float
    late: float
    latest: int
    again: int


_INVOKED = _Luck("invocation", lost=0.08, late=0.1, latest=10 * MINUTE, again=30 * SECOND)
_QUEUED = _Luck("queued start", lost=0.05, late=0.15, latest=5 * MINUTE, again=60 * SECOND)


class _UnreliableStarts:
    """Starts that one process asks for: some are lost, late, or come twice."""

    def __init__(
        self,
        luck: _Luck,
        ask: Callable[[CampaignId], None],
        faults: Faults,
        process: Process,
        arrival: Signal,
    ) -> None:
        """What is not lost is asked for by `ask`."""
        self._luck = luck
        self._ask = ask
        self._faults = faults
        self._process = process
        self._arrival = arrival

    def __call__(self, campaign_id: CampaignId) -> None:
        """Once more."""
        luck, process = self._luck, self._process
        number = process.calls[luck.way] = process.calls.get(luck.way, 0) + 1
        draws = process.hub.decisions.draws(luck.way, process.name, number)

        def happens(kind: str, draw: float, rate: float) -> bool:
            fault = Fault(process.name, luck.way, number, kind)
            return self._faults.by_chance(fault, draw, rate)

        if happens("lost", draws[0], luck.lost):
            return
        name = f"{luck.way} of {process.name}.{number}"
        if happens("late", draws[1], luck.late):
            self._later(f"{name}, late", campaign_id, int(draws[2] ** 2 * luck.latest))
        else:
            self._asked(campaign_id)
        if happens("doubled", draws[3], 0.15):
            self._later(f"{name}, again", campaign_id, int(draws[4] ** 3 * luck.again))

    def _later(self, name: str, campaign_id: CampaignId, delay: int) -> None:
        hub = self._process.hub
        hub.spawn(name, "invocation", lambda _: self._asked(campaign_id), hub.now + delay)

    def _asked(self, campaign_id: CampaignId) -> None:
        with self._arrival.afterwards():
            self._ask(campaign_id)


class UnreliableInvoker:
    """Implements `domain.ports.invoker.Invoker` for one process."""

    def __init__(self, invoker: Invoker, faults: Faults, process: Process, arrival: Signal) -> None:
        """Invocations that `process` asks for."""
        self._starts = _UnreliableStarts(_INVOKED, invoker.start, faults, process, arrival)

    def start(self, campaign_id: CampaignId) -> None:
        """Accepted; it may be lost, run late, or run twice."""
        self._starts(campaign_id)


class UnreliableStartQueue:
    """Implements `domain.ports.start_queue.StartQueue` for one process, over the one of all."""

    def __init__(
        self, queue: StartQueue, faults: Faults, process: Process, arrival: Signal
    ) -> None:
        """Messages that `process` sends and receives."""
        self._queue = queue
        self._starts = _UnreliableStarts(_QUEUED, queue.put, faults, process, arrival)

    def put(self, campaign_id: CampaignId) -> None:
        """It may be lost, late or doubled."""
        self._starts(campaign_id)

    def receive(self, limit: int, wait: timedelta) -> Sequence[StartDelivery]:
        """What can be seen now."""
        del wait
        return self._queue.receive(limit, timedelta())

    def acknowledge(self, deliveries: Collection[StartDelivery]) -> None:
        """At once."""
        self._queue.acknowledge(deliveries)


class LaggingOpenWork:
    """Implements `domain.ports.open_work.OpenWork` for one process: eventually consistent."""

    def __init__(self, open_work: OpenWork, faults: Faults, process: Process) -> None:
        """An index that may not show yet what is due."""
        self._open_work = open_work
        self._faults = faults
        self._process = process

    def due_campaigns(self, now: datetime, limit: int) -> Sequence[CampaignId]:
        """Some are not there yet."""
        return [each for each in self._open_work.due_campaigns(now, limit) if self._shows(each)]

    def due_jobs(self, now: datetime, limit: int) -> Sequence[Run]:
        """All of them: there are none here."""
        return self._open_work.due_jobs(now, limit)

    def due_series(self, now: datetime, limit: int) -> Sequence[SeriesId]:
        """All of them: there are none here."""
        return self._open_work.due_series(now, limit)

    def due_lines(self, now: datetime, limit: int) -> Sequence[LineRef]:
        """Some are not there yet."""
        return [each for each in self._open_work.due_lines(now, limit) if self._shows(each)]

    def due(self, now: datetime, limit: int) -> Sequence[CampaignId | ChunkRef]:
        """Some are not there yet."""
        return [each for each in self._open_work.due(now, limit) if self._shows(each)]

    def _shows(self, work: CampaignId | ChunkRef | LineRef) -> bool:
        process = self._process
        number = process.calls["open_work.entry"] = process.calls.get("open_work.entry", 0) + 1
        draw = process.hub.decisions.fraction("entry", process.name, number, work)
        fault = Fault(process.name, "open_work.entry", number, "not shown")
        return not self._faults.by_chance(fault, draw, 0.05)


class UnreliableAccount:
    """Implements `domain.ports.sending_account.SendingAccount` for one process."""

    def __init__(self, account: MemorySendingAccount, faults: Faults, process: Process) -> None:
        """Mostly as `account` says."""
        self._account = account
        self._faults = faults
        self._process = process

    def quota(self) -> SendingQuota:
        """By chance there still is none."""
        process = self._process
        number = process.calls["account.quota"]
        draw = process.hub.decisions.fraction("quota", process.name, number)
        quota = self._account.quota()
        if self._faults.by_chance(
            Fault(process.name, "account.quota", number, "used up"), draw, 0.3
        ):
            return replace(quota, max_a_day=1, sent_last_day=1)
        return quota


class UnreliableTicker:
    """Fires what is due of the schedules, now and then twice; an invocation may be lost."""

    def __init__(self, family: Family, faults: Faults, arrival: Signal) -> None:
        """Those of `family`."""
        self._family = family
        self._faults = faults
        self._arrival = arrival

    def tick(self, process: Process) -> None:
        """Once."""
        for campaign_id in self._family.tick():
            number = process.calls["fire"] = process.calls.get("fire", 0) + 1
            draws = process.hub.decisions.draws("fire", number)

            def happens(kind: str, draw: float, rate: float, number: int = number) -> bool:
                return self._faults.by_chance(Fault(process.name, "fire", number, kind), draw, rate)

            if not self._family.keeps_invocations:
                if happens("lost", draws[0], 0.15):
                    continue
                self._family.fire(campaign_id)
            if happens("doubled", draws[1], 0.25):
                self._family.fire(campaign_id)
            self._arrival.notify()
