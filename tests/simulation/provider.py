"""The mail provider, and the network before it: takes mails, refuses them, loses the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from adapters.memory.mailer import MemoryMailer
from domain.identifiers import CampaignId
from domain.message import Message
from domain.outcome import AccountBlocked, NotSent, Outcome, Refused, Unknown
from tests.simulation.faults import Fault, Faults
from tests.simulation.hub import Process, Signal
from tests.simulation.ports import MILLISECOND, SECOND, latency, microseconds
from tests.simulation.telling import Telling

TIMEOUT = timedelta(seconds=10)


@dataclass(frozen=True)
class ProviderCall:
    """One call that reached the provider, and when it was begun."""

    at: int
    process: Process
    campaign_id: CampaignId
    messages: int


class Provider:
    """The provider's own log: what it was asked, and (`taken.outbox`) what it accepted."""

    def __init__(self, taken: MemoryMailer, called: Signal, telling: Telling) -> None:
        """Nothing yet; `called` is notified of every call, `telling` tells of every mail taken."""
        self.taken = taken
        self.telling = telling
        self.called = called
        self.calls: list[ProviderCall] = []


_CALL_FATES = (
    ("throttled", 0.04),
    ("no connection", 0.02),
    ("no answer, accepted", 0.08),
    ("no answer, not accepted", 0.03),
    ("no answer, in part", 0.03),
    ("account out of quota", 0.03),
    ("account blocked", 0.025),
)


_TAKES_NONE: Mapping[str, Outcome] = {
    "throttled": NotSent("throttled", throttled=True),
    "no connection": NotSent("no connection"),
    "account out of quota": AccountBlocked("out of quota", quota=True),
    "account blocked": AccountBlocked("sending is paused"),
}


class SimulatedMailer:
    """Implements `domain.ports.mailer.Mailer` for one process."""

    def __init__(self, provider: Provider, faults: Faults, process: Process) -> None:
        """By way of `process`'s network."""
        self._provider = provider
        self._faults = faults
        self._process = process

    @property
    def timeout(self) -> timedelta:
        """Then it gives up waiting."""
        return TIMEOUT

    @property
    def batch_size(self) -> int:
        """The rate is the narrower limit."""
        return 10

    def send(self, messages: Sequence[Message], within: timedelta) -> Sequence[Outcome]:
        """One call, begun a little later; what becomes of it is drawn."""
        process = self._process
        number = process.calls["mailer.send"] - 1
        draws = process.hub.decisions.draws("mailer", process.name, number)
        process.pause(latency(draws[1], draws[2]) // 4)
        if latency(draws[1], draws[2]) // 4 > microseconds(within):
            return [NotSent("the grant had run out", overdue=True)] * len(messages)
        self._provider.calls.append(
            ProviderCall(process.hub.now, process, messages[0].chunk.campaign_id, len(messages))
        )
        self._provider.called.notify()
        fate = self._fate(number, draws[0])
        outcomes = self._outcomes(fate, messages, draws[3:])
        if fate.startswith("no answer"):
            process.pause(microseconds(TIMEOUT) - 5 * MILLISECOND)
        else:
            slow = draws[4] > 0.97
            process.pause(int(draws[5] * (9 * SECOND if slow else 200 * MILLISECOND)))
        return outcomes

    def _fate(self, number: int, draw: float) -> str:
        reached = 0.0
        for kind, rate in _CALL_FATES:
            before, reached = reached, reached + rate
            fault = Fault(self._process.name, "mailer.send", number, kind)
            if self._faults.by_chance(fault, draw - before, rate):
                return kind
        return ""

    def _outcomes(
        self, fate: str, messages: Sequence[Message], draws: Sequence[float]
    ) -> Sequence[Outcome]:
        if fate in _TAKES_NONE:
            return [_TAKES_NONE[fate]] * len(messages)
        if fate.startswith("no answer"):
            # By chance all, some or none of them were taken before the line went dead.
            taken = {"accepted": len(messages), "in part": len(messages) // 2, "not accepted": 0}
            self._accept(messages[: taken[fate.removeprefix("no answer, ")]])
            return [Unknown("timeout")] * len(messages)
        return [self._one(message, draws[index % 5]) for index, message in enumerate(messages)]

    def _one(self, message: Message, draw: float) -> Outcome:
        process = self._process
        number = process.calls["mailer.send"] - 1
        name = f"mailer.send of {message.to}"
        if self._faults.by_chance(Fault(process.name, name, number, "refused"), draw, 0.12):
            return Refused("no such mailbox")
        if self._faults.by_chance(Fault(process.name, name, number, "throttled"), draw - 0.5, 0.03):
            return NotSent("throttled", throttled=True)
        return self._accept([message])[0]

    def _accept(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        outbox = self._provider.taken.outbox
        first = len(outbox)
        outcomes = self._provider.taken.send(messages, timedelta())
        for number in range(first, len(outbox)):
            self._provider.telling.of(outbox[number], number)
        return outcomes
