"""What Sentinel asks of its ports, and what each call of one took of AWS.

A campaign of a million does not fit the emulator. It calls the same ports in the memory family, and
what a call of each takes of AWS was counted on the emulator with fewer recipients: together that is
what the million would take. Where both were counted, the two are compared.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from dependency_injector import providers

from benchmarks.capacity import Units
from domain.chunk import Chunk
from entrypoints.containers.core import Core

PORTS = (
    "admission",
    "analytics",
    "campaign_changes",
    "campaigns",
    "chunks",
    "contacts",
    "contents",
    "fan_out",
    "idempotency",
    "invoker",
    "job_invoker",
    "jobs",
    "limiter",
    "mailer",
    "open_work",
    "provider_events",
    "queue",
    "scheduler",
    "segments",
    "sending_account",
    "series",
    "start_queue",
    "suppressions",
    "templates",
    "webhook_deliveries",
    "webhooks",
)
"""Behind which AWS is, by their names in the containers."""

Operation = tuple[str, str]
"""The service, and what is asked of it."""


class PortError(Exception):
    """What a call takes is not known."""


@dataclass(frozen=True, slots=True, order=True)
class PortCall:
    """A call as far as it bears on what it takes.

    `sizes` are the lengths of its collections, and of those of chunks how many are finished, too;
    `found_nothing` is of an answer.
    """

    phase: str
    port: str
    method: str
    sizes: tuple[int, ...]
    found_nothing: bool


@dataclass
class Taken:
    """Requests and units of some calls."""

    requests: Counter[Operation] = field(default_factory=Counter)
    units: Units = field(default_factory=Units)

    def add(self, operation: Operation, units: Units) -> None:
        """One request more."""
        self.requests[operation] += 1
        self.units += units


@dataclass
class Cost:
    """Of one kind of call: the first in its process, which fills caches, and all others together.

    `calls` is how many there were.
    """

    first: Taken = field(default_factory=Taken)
    others: Taken = field(default_factory=Taken)
    calls: int = 0


class PortLog:
    """Counts calls of ports, and what is taken within them; nothing while `phase` is empty."""

    def __init__(self, emulated: Mapping[tuple[str, str], Operation] | None = None) -> None:
        """`emulated`: what is one request on AWS, and here runs within the process."""
        self.phase = ""
        self._emulated = emulated or {}
        self.costs: dict[PortCall, Cost] = {}
        self._pending: Taken | None = None

    @property
    def calls(self) -> dict[PortCall, int]:
        """How often each kind was made.

        Receives that found nothing, and the reconciler's looks into the index of open work, are not
        the campaign's doing: they are made where nothing is sent, too.
        """
        return {
            call: cost.calls
            for call, cost in self.costs.items()
            if call.port != "open_work" and not (call.method == "receive" and call.found_nothing)
        }

    def take(self, operation: Operation, units: Units) -> None:
        """A request was made of AWS. Raises PortError where no port was called."""
        if not self.phase:
            return
        if self._pending is None:
            raise PortError(f"{operation} is not within a call of benchmarks.port_calls.PORTS")
        self._pending.add(operation, units)

    def listen(self, core: Core) -> None:
        """To every port of it."""
        for name in PORTS:
            provider = core.family.providers.get(name)
            if provider is not None:
                provider.override(providers.Object(_Heard(provider(), name, self)))

    @contextmanager
    def calling(
        self, port: str, method: str, arguments: Sequence[object]
    ) -> Iterator[list[object]]:
        """Around a call; its answer is to be put into what this yields."""
        if self._pending is not None or not self.phase:
            # Within another call, whose own doing it is.
            yield []
            return
        taken = self._pending = Taken()
        answer: list[object] = []
        if (port, method) in self._emulated:
            taken.add(self._emulated[port, method], Units())
        try:
            yield answer
        finally:
            self._pending = None
        found_nothing = any(isinstance(each, Sequence) and not each for each in answer)
        sizes = tuple(size for each in arguments for size in _sizes(each))
        call = PortCall(self.phase, port, method, sizes, found_nothing)
        cost = self.costs.setdefault(call, Cost())
        share = cost.others if cost.calls else cost.first
        share.requests += taken.requests
        share.units += taken.units
        cost.calls += 1


class _Heard:
    """A port, whose calls are counted."""

    def __init__(self, port: object, name: str, log: PortLog) -> None:
        self._port = port
        self._name = name
        self._log = log

    def __getattr__(self, name: str) -> object:
        attribute = getattr(self._port, name)
        if not callable(attribute):
            return attribute

        def call(*arguments: object, **named: object) -> object:
            with self._log.calling(self._name, name, (*arguments, *named.values())) as answer:
                found = attribute(*arguments, **named)
                answer.append(found)
            return found

        return call


def taken_by(
    calls: Mapping[PortCall, int], costs: Mapping[PortCall, Cost]
) -> dict[tuple[str, Operation], float]:
    """Requests that so many calls take, by phase and operation. Raises PortError."""
    requests: Counter[tuple[str, Operation]] = Counter()
    for call, count in calls.items():
        cost = _cost_of(call, costs)
        for operation in {**cost.first.requests, **cost.others.requests}:
            first, others = cost.first.requests[operation], cost.others.requests[operation]
            requests[call.phase, operation] += _scaled(first, others, cost.calls, count)  # type: ignore[assignment]  # a mean may not be whole
    return dict(requests)


def units_by(calls: Mapping[PortCall, int], costs: Mapping[PortCall, Cost]) -> tuple[float, float]:
    """Write units, of the indexes too, and read units, likewise."""
    writes = reads = 0.0
    for call, count in calls.items():
        cost = _cost_of(call, costs)
        first, others = cost.first.units, cost.others.units
        writes += _scaled(first.writes, others.writes, cost.calls, count)
        reads += _scaled(first.reads, others.reads, cost.calls, count)
    return writes, reads


def _scaled(first: float, others: float, seen: int, count: int) -> float:
    """Of `count` calls, by the first of those seen and the mean of the others."""
    mean = others / (seen - 1) if seen > 1 else first
    return first + mean * (count - 1)


def _cost_of(call: PortCall, costs: Mapping[PortCall, Cost]) -> Cost:
    """Where no call of its sizes was seen, the next larger one: never too little."""
    if call in costs:
        return costs[call]
    alike = [
        seen
        for seen in costs
        if (seen.phase, seen.port, seen.method, seen.found_nothing)
        == (call.phase, call.port, call.method, call.found_nothing)
        and len(seen.sizes) == len(call.sizes)
        and all(larger >= size for larger, size in zip(seen.sizes, call.sizes, strict=True))
    ]
    if not alike:
        raise PortError(f"No call like {call} was seen on the emulator.")
    return costs[min(alike, key=lambda seen: seen.sizes)]


def _sizes(argument: object) -> tuple[int, ...]:
    match argument:
        case str() | bytes():
            return ()
        case Chunk():
            return (int(argument.is_finished),)
        case Collection():
            chunks = [chunk for each in argument for chunk in _chunks(each)]
            finished = (sum(each.is_finished for each in chunks),) if chunks else ()
            return (len(argument), *finished)
    return ()


def _chunks(element: object) -> Sequence[Chunk]:
    match element:
        case Chunk():
            return (element,)
        case tuple():
            return [each for each in element if isinstance(each, Chunk)]
    return ()
