"""What a broken seed shows: the invariant, the faults it takes, and the trace they leave."""

from collections.abc import Collection, Iterator

from tests.simulation import trace
from tests.simulation.faults import Fault
from tests.simulation.run import Run, simulate
from tests.simulation.shrink import smallest


def shrunk(run: Run) -> Run:
    """The same seed with as few faults as still break the same invariant."""
    broken = run.violations[0].invariant

    def breaks(allowed: Collection[Fault]) -> bool:
        again = simulate(run.seed, allowed, family=run.family)
        return any(each.invariant == broken for each in again.violations)

    return simulate(run.seed, smallest(list(run.injected), breaks), family=run.family)


def of(run: Run) -> Iterator[str]:
    """Line by line."""
    if not run.violations:
        yield f"seed {run.seed}: nothing is broken"
        yield from trace.lines(run.trace)
        return
    less = shrunk(run)
    broken = run.violations[0].invariant
    violation = next(each for each in less.violations if each.invariant == broken)
    yield f"seed {run.seed}: {violation}"
    yield f"with {len(less.injected)} of {len(run.injected)} faults:"
    for fault in less.injected:
        yield f"    {fault}"
    yield from trace.about(less.trace, violation)
