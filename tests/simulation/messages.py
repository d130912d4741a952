"""What becomes of messages and invocations on their way: doubled, late, out of order, lost."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.memory.sending_account import MemorySendingAccount
from domain.chunk import ChunkRef
from domain.identifiers import CampaignId, SeriesId
from domain.job_run import Run
from domain.path_line import LineRef
from domain.ports.invoker import Invoker
from domain.ports.open_work import OpenWork
from domain.ports.queue import Delivery, SendQueue
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
        self, chunks: Sequence[ChunkRef], delay: timedelta = timedelta()
    ) -> Sequence[ChunkRef]:
        """Each on its own: some are not taken, lost, late or doubled."""
        process = self._process
        refused: list[ChunkRef] = []
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
            self._queue.enqueue([chunk], delay + late)
            if self._happens("doubled", number, draws[4], 0.15):
                self._queue.enqueue([chunk], delay + timedelta(seconds=200 * draws[5] ** 4))
        self._arrival.notify()
        return refused

    def receive(self, limit: int, wait: timedelta) -> Sequence[Delivery]:
        """What can be seen now."""
        del wait
        return self._queue.receive(limit, timedelta())

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        """At once."""
        self._queue.acknowledge(deliveries)

    def _happens(self, kind: str, number: int, draw: float, rate: float) -> bool:
        fault = Fault(self._process.name, "queue.message", number, kind)
        return self._faults.by_chance(fault, draw, rate)


class UnreliableInvoker:
    """Implements `domain.ports.invoker.Invoker` for one process."""

    def __init__(self, invoker: Invoker, faults: Faults, process: Process, arrival: Signal) -> None:
        """Invocations that `process` asks for."""
        self._invoker = invoker
        self._faults = faults
        self._process = process
        self._arrival = arrival

    def start(self, campaign_id: CampaignId) -> None:
        """Accepted; it may be lost, run late, or run twice."""
        process = self._process
        number = process.calls["invocation"] = process.calls.get("invocation", 0) + 1
        draws = process.hub.decisions.draws("invocation", process.name, number)

        def happens(kind: str, draw: float, rate: float) -> bool:
            fault = Fault(process.name, "invocation", number, kind)
            return self._faults.by_chance(fault, draw, rate)

        if happens("lost", draws[0], 0.08):
            return
        name = f"invocation of {process.name}.{number}"
        if happens("late", draws[1], 0.1):
            self._later(f"{name}, late", campaign_id, int(draws[2] ** 2 * 10 * MINUTE))
        else:
            self._invoker.start(campaign_id)
            self._arrival.notify()
        if happens("doubled", draws[3], 0.15):
            self._later(f"{name}, again", campaign_id, int(draws[4] ** 3 * 30 * SECOND))

    def _later(self, name: str, campaign_id: CampaignId, delay: int) -> None:
        def invoke(_: Process) -> None:
            self._invoker.start(campaign_id)
            self._arrival.notify()

        hub = self._process.hub
        hub.spawn(name, "invocation", invoke, hub.now + delay)


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
