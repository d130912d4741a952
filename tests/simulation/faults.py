"""What may go wrong, how often, and what did: every fault has a name by which it is left out."""

from collections import Counter
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, order=True)
class Fault:
    """`kind` at the `number`th call of `call` by `process`."""

    process: str
    call: str
    number: int
    kind: str

    def __str__(self) -> str:
        """One line of a report."""
        return f"{self.process}  {self.call} #{self.number}: {self.kind}"


REFUSED = "refused"
UNAVAILABLE = "no answer, no effect"
ANSWER_LOST = "no answer, but done"
STALLED = "stalled before"
STALLED_AFTER = "stalled after"
CRASHED = "crashed before"
CRASHED_AFTER = "crashed after"

_AT_CALLS = (
    (CRASHED, 0.004),
    (CRASHED_AFTER, 0.004),
    (STALLED, 0.006),
    (STALLED_AFTER, 0.006),
    (REFUSED, 0.008),
    (UNAVAILABLE, 0.008),
    (ANSWER_LOST, 0.012),
)
ANY = frozenset(kind for kind, _ in _AT_CALLS)
WITHIN_THE_PROCESS = frozenset({CRASHED, CRASHED_AFTER, STALLED})
"""A stall after such a call is one before the next, but for the one between the last look at the
clock and the mailer's call: nobody can close that gap."""
OF_THE_MAILER = frozenset({CRASHED, CRASHED_AFTER, STALLED_AFTER})
"""It never raises, and its own time is drawn elsewhere."""
_AT_THE_MAILER = ((CRASHED, 0.015), (CRASHED_AFTER, 0.03), (STALLED_AFTER, 0.1))
"""There the protocol is at its most delicate."""


class Kill(Enum):
    """When a process that commits is killed."""

    BEFORE = auto()
    AFTER = auto()


KilledAtCommit = Callable[[Kill], AbstractContextManager[None]]


class Faults:
    """Injects by chance until told to stop; `allowed` restricts it to faults known by name."""

    def __init__(self, intensity: float, allowed: Collection[Fault] | None = None) -> None:
        """`intensity` multiplies every rate."""
        self._intensity = intensity
        self._allowed = None if allowed is None else frozenset(allowed)
        self.is_over = False
        self.injected: list[Fault] = []

    def at_call(
        self, fault: Fault, draw: float, kinds: frozenset[str], weight: float
    ) -> str | None:
        """The kind of fault that a call meets, if it meets one."""
        if self.is_over:
            return None
        reached = 0.0
        for kind, rate in _AT_THE_MAILER if kinds is OF_THE_MAILER else _AT_CALLS:
            reached += rate * weight * self._intensity
            if draw < reached:
                if kind not in kinds:
                    return None
                named = Fault(fault.process, fault.call, fault.number, kind)
                return kind if self.happens(named) else None
        return None

    def by_chance(self, fault: Fault, draw: float, rate: float) -> bool:
        """Whether this one happens, at `rate`."""
        return 0 <= draw < rate * self._intensity and self.happens(fault)

    def happens(self, fault: Fault) -> bool:
        """Whether this one, which the seed wants, is let happen."""
        if self.is_over or (self._allowed is not None and fault not in self._allowed):
            return False
        self.injected.append(fault)
        return True

    def counts(self) -> Counter[str]:
        """How many of each kind at each call."""
        return Counter(f"{each.call}: {each.kind}" for each in self.injected)
