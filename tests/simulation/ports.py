"""Ports as one process sees them: every call takes time, and may fail, stall or be its last."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar, cast

from domain.errors import DependencyRefused, DependencyUnavailable
from domain.identifiers import (
    AttemptToken,
    CampaignId,
    ContactId,
    JobId,
    LeaseToken,
    SegmentId,
    SeriesId,
    TemplateId,
    WebhookId,
    WriteToken,
)
from tests.simulation import faults
from tests.simulation.decisions import Decisions, Draws
from tests.simulation.faults import Fault, Faults, Kill, KilledAtCommit
from tests.simulation.hub import Died, Hub, Process

EPOCH = datetime(2026, 3, 2, 9, tzinfo=UTC)
MILLISECOND = 1_000
SECOND = 1_000 * MILLISECOND
MINUTE = 60 * SECOND

_KINDS = {
    **dict.fromkeys(("clock", "ids", "metrics", "renderer"), faults.WITHIN_THE_PROCESS),
    "mailer": faults.OF_THE_MAILER,
}
"""The kinds of faults of the ports that do not fail as all others do."""
_AT_COMMIT: Mapping[str | None, Kill] = {
    faults.CRASHED: Kill.BEFORE,
    faults.CRASHED_AFTER: Kill.AFTER,
}
_DIES_AT_COMMIT = 0.5
"""So many of those that die do so in the midst of it, where the family has one."""
_UNLUCKY = {"operator": 3.0, "client": 2.0}
"""They make few calls."""

T = TypeVar("T")


def microseconds(duration: timedelta) -> int:
    """Whole ones."""
    return duration // timedelta(microseconds=1)


class Observer(Protocol):
    """Told of every call, once it has had its effect and before the caller knows of it."""

    def called(self, call: "Call") -> None:
        """It is over, as far as the port is concerned."""
        ...


class Call:
    """One call of a port, as the trace keeps it."""

    __slots__ = (
        "arguments",
        "at",
        "began",
        "error",
        "fault",
        "keywords",
        "method",
        "port",
        "process",
        "result",
    )

    def __init__(
        self,
        process: Process,
        port: str,
        method: str,
        arguments: tuple[Any, ...],
        keywords: Mapping[str, Any],
    ) -> None:
        """Just begun."""
        self.process = process
        self.port = port
        self.method = method
        self.arguments = arguments
        self.keywords = keywords
        self.began = process.hub.now
        self.at = process.hub.now
        self.result: Any = None
        self.error: Exception | None = None
        self.fault: str | None = None

    @property
    def name(self) -> str:
        """`port.method`."""
        return f"{self.port}.{self.method}"


class Calls:
    """Makes the calls of all processes; `trace` is what was called, in order of its effects."""

    def __init__(self, hub: Hub, injected: Faults, observer: Observer) -> None:
        """None made yet."""
        self._hub = hub
        self._faults = injected
        self._observer = observer
        self.trace: list[Call] = []
        self.killed_at_commit: KilledAtCommit | None = None

    def make(self, call: Call, method: Callable[..., Any]) -> Any:  # noqa: ANN401  a port's answer
        """With whatever goes wrong by chance."""
        process = call.process
        if process.is_dead:
            raise Died
        name = call.name
        number = process.calls.get(name, 0)
        process.calls[name] = number + 1
        draws = self._hub.decisions.draws(process.name, name, number)
        kinds = _KINDS.get(call.port, faults.ANY)
        call.fault = self._faults.at_call(
            Fault(process.name, name, number, ""), draws[0], kinds, _UNLUCKY.get(process.role, 1)
        )
        if kinds is faults.ANY:
            process.pause(latency(draws[1], draws[2]))
        kill = _AT_COMMIT.get(call.fault) if draws[4] < _DIES_AT_COMMIT else None
        if kill is not None and kinds is faults.ANY and self.killed_at_commit is not None:
            with self.killed_at_commit(kill):
                self._effect(call, method)
            raise Died
        if call.fault is not None:
            self._before(call, draws)
        self._effect(call, method)
        self._observer.called(call)
        return self._after(call, draws)

    def _before(self, call: Call, draws: Draws) -> None:
        match call.fault:
            case faults.CRASHED:
                self._note(call)
                raise Died
            case faults.STALLED:
                call.process.pause(stall(draws[3]))
            case faults.REFUSED:
                self._note(call)
                raise DependencyRefused(f"{call.name} is refused.")
            case faults.UNAVAILABLE:
                self._note(call)
                raise DependencyUnavailable(f"{call.name} does not answer.")

    def _effect(self, call: Call, method: Callable[..., Any]) -> None:
        try:
            call.result = method(*call.arguments, **call.keywords)
        except Exception as error:  # noqa: BLE001  it is raised again, later
            call.error = error
        except Died:
            self._note(call)
            raise
        self._note(call)

    def _after(self, call: Call, draws: Draws) -> Any:  # noqa: ANN401  a port's answer
        match call.fault:
            case faults.CRASHED_AFTER:
                raise Died
            case faults.STALLED_AFTER:
                if call.port == "mailer":
                    # So long that the reconciler finds the chunk abandoned meanwhile.
                    call.process.pause(2 * stall((draws[3] + 1) / 2))
                else:
                    call.process.pause(stall(draws[3]))
            case faults.ANSWER_LOST if call.error is None:
                raise DependencyUnavailable(f"{call.name} was done, and does not answer.")
        if call.error is not None:
            raise call.error
        return call.result

    def _note(self, call: Call) -> None:
        call.at = self._hub.now
        self.trace.append(call)


def latency(sort: float, length: float) -> int:
    """Mostly some milliseconds, now and then many."""
    if sort < 0.6:
        return int(length * 8 * MILLISECOND)
    if sort < 0.95:
        return int(length * 90 * MILLISECOND)
    return int(length * 600 * MILLISECOND)


def stall(length: float) -> int:
    """Half of them are short; the others are longer than a lease, the longest than a redelivery."""
    if length < 0.5:
        return int(SECOND * 60 ** (2 * length))
    return int(SECOND * 60 * 10 ** (2 * length - 1))


class _Port:
    """Passes every method on through `calls`; other attributes are read as they are."""

    def __init__(self, calls: Calls, process: Process, name: str, target: object) -> None:
        self._calls = calls
        self._process = process
        self._name = name
        self._target = target

    def __getattr__(self, method: str) -> Any:  # noqa: ANN401  whatever the port has
        found = getattr(self._target, method)
        if not callable(found):
            return found
        calls, process, name = self._calls, self._process, self._name

        def make(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401  the port's own
            return calls.make(Call(process, name, method, arguments, keywords), found)

        self.__dict__[method] = make
        return make


def port(calls: Calls, process: Process, name: str, target: T) -> T:
    """`target` as `process` sees it."""
    return cast("T", _Port(calls, process, name, target))


class VirtualClock:
    """Implements `domain.ports.clock.Clock` for one process."""

    def __init__(self, process: Process) -> None:
        """Its wall clock is as skewed as the process's."""
        self._process = process
        self._skewed = process.hub.moment(process.skew)

    def now(self) -> datetime:
        """Skewed."""
        return self._skewed + timedelta(microseconds=self._process.hub.now)

    def monotonic(self) -> timedelta:
        """Since the world began."""
        return timedelta(microseconds=self._process.hub.now)

    def sleep(self, duration: timedelta) -> None:
        """In virtual time."""
        if duration > timedelta():
            self._process.pause(microseconds(duration))


class TrueClock:
    """Implements `domain.ports.clock.Clock`: what the services and the observer go by."""

    def __init__(self, hub: Hub) -> None:
        """Of this world."""
        self._hub = hub

    def now(self) -> datetime:
        """Right."""
        return self._hub.moment(self._hub.now)

    def monotonic(self) -> timedelta:
        """Since the world began."""
        return timedelta(microseconds=self._hub.now)

    def sleep(self, duration: timedelta) -> None:
        """Nobody sleeps by it."""
        raise NotImplementedError(duration)


class NumberedIds:
    """Implements `domain.ports.ids.Ids`: numbered by process, so that a trace can be read."""

    def __init__(self, process: str, decisions: Decisions) -> None:
        """None given yet."""
        self._process = process
        self._decisions = decisions
        self._given = 0

    def campaign_id(self) -> CampaignId:
        """A campaign's id."""
        return CampaignId(self._next("cmp"))

    def template_id(self) -> TemplateId:
        """A template's id."""
        return TemplateId(self._next("tpl"))

    def segment_id(self) -> SegmentId:
        """A segment's id."""
        return SegmentId(self._next("seg"))

    def series_id(self) -> SeriesId:
        """A series's id."""
        return SeriesId(self._next("ser"))

    def import_id(self) -> JobId:
        """An import's id."""
        return JobId(self._next("imp"))

    def export_id(self) -> JobId:
        """An export's id."""
        return JobId(self._next("exp"))

    def contact_id(self) -> ContactId:
        """A contact's id."""
        return ContactId(self._next("con"))

    def webhook_id(self) -> WebhookId:
        """A webhook's id."""
        return WebhookId(self._next("whk"))

    def api_key_id(self) -> str:
        """An API key's public part."""
        return self._next("key")

    def api_key_secret(self) -> str:
        """An API key's secret part."""
        return self._next("secret")

    def fraction(self) -> float:
        """Drawn."""
        return self._decisions.fraction(self._next("fraction"))

    def attempt_token(self) -> AttemptToken:
        """One claim's token."""
        return AttemptToken(self._next("attempt"))

    def write_token(self) -> WriteToken:
        """One write's token."""
        return WriteToken(self._next("write"))

    def lease_token(self) -> LeaseToken:
        """One lease's token."""
        return LeaseToken(self._next("lease"))

    def _next(self, kind: str) -> str:
        self._given += 1
        return f"{kind}-{self._process}-{self._given}"
