"""One run: a seed lived through, with its faults, to where nothing happens any more."""

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.simulation import actors, invariants, looking_back
from tests.simulation.faults import Fault, Faults
from tests.simulation.ports import MINUTE, Call
from tests.simulation.setting import Setting
from tests.simulation.witness import Violation, Witness
from tests.simulation.world import World

_LONGEST = 8 * 60 * MINUTE
"""Of virtual time, from the end of the faults: what is not done by then never will be."""

_MOST_CALLS = 10_000
"""Several times what the busiest run takes: who has not come to rest by then runs in circles."""


@dataclass(frozen=True)
class Run:
    """What became of a seed."""

    seed: int
    family: str
    violations: Sequence[Violation]
    injected: Sequence[Fault]
    branches: Counter[str]
    trace: Sequence[Call]
    took: int


def simulate(seed: int, allowed: Collection[Fault] | None = None, *, family: str = "memory") -> Run:
    """Live through `seed` on `family`; `allowed` leaves every other fault out."""
    setting = Setting.of(seed)
    world = World(seed, setting, Faults(setting.intensity, allowed), family)
    try:
        return _lived(seed, setting, world, family)
    finally:
        world.family.end()


def _lived(seed: int, setting: Setting, world: World, family: str) -> Run:
    with _listening(world.witness):
        try:
            actors.populate(world)
            _until(world, setting.faults_end)
            actors.settle(world)
            _until(world, setting.faults_end + _LONGEST)
        finally:
            world.is_over = True
            world.hub.close()
    mails = Counter(
        (each.message.chunk, each.message.position) for each in world.provider.taken.outbox
    )
    world.witness.branches.at_the_end(
        dead_letters=world.family.dead_letters(),
        accepted_twice=sum(count > 1 for count in mails.values()),
    )
    return Run(
        seed=seed,
        family=family,
        # In this order: looking back goes on where the world has come to rest.
        violations=[
            *world.witness.violations,
            *invariants.broken(world),
            *looking_back.broken(world),
        ],
        injected=world.faults.injected,
        branches=world.witness.branches.taken,
        trace=world.calls.trace,
        took=world.hub.now,
    )


def _until(world: World, end: int) -> None:
    """Go on to `end`, or, once faults are over, to where nothing happens any more."""
    while world.hub.now < end and len(world.calls.trace) < _MOST_CALLS:
        if world.faults.is_over and world.is_settled:
            return
        world.hub.run(min(end, world.hub.now + 3 * MINUTE // 2))
        if world.is_without_power:
            world.lose_power()


class _Listener(logging.Handler):
    def __init__(self, witness: Witness) -> None:
        super().__init__()
        self._witness = witness

    def emit(self, record: logging.LogRecord) -> None:
        self._witness.logged(record)


@contextmanager
def _listening(witness: Witness) -> Iterator[None]:
    """The product's log goes to the witness alone."""
    listener = _Listener(witness)
    loggers = [logging.getLogger(name) for name in ("domain", "adapters")]
    before = [(each, each.level, each.propagate) for each in loggers]
    for each in loggers:
        each.addHandler(listener)
        each.setLevel(logging.INFO)
        each.propagate = False
    try:
        yield
    finally:
        for each, level, propagates in before:
            each.removeHandler(listener)
            each.setLevel(level)
            each.propagate = propagates
