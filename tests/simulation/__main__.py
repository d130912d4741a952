"""`python -m tests.simulation`: many seeds, or one."""

import argparse
import os
import sys
from collections import Counter
from functools import partial
from multiprocessing import get_context

from tests.simulation import report
from tests.simulation.branches import RARE
from tests.simulation.run import simulate
from tests.simulation.world import FAMILIES

_A_TASK = 50
_ENOUGH = 3_000
"""Seeds in which every rare branch is taken, the rarest some times."""
_BROKEN_SHOWN = 3


def _some(family: str, seeds: range) -> tuple[Counter[str], Counter[str], Counter[str], list[int]]:
    """What went wrong by chance, which branches were taken, how often what; and broken seeds."""
    faults: Counter[str] = Counter()
    branches: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    broken: list[int] = []
    for seed in seeds:
        run = simulate(seed, family=family)
        faults.update(f"{each.call.split(' of ')[0]}: {each.kind}" for each in run.injected)
        branches += run.branches
        counts["calls"] += len(run.trace)
        counts["faults"] += len(run.injected)
        if run.violations:
            broken.append(seed)
    return faults, branches, counts, broken


def many(family: str, first: int, count: int, processes: int) -> int:
    """Run them and sum up; returns the exit status."""
    tasks = [
        range(start, min(start + _A_TASK, first + count))
        for start in range(first, first + count, _A_TASK)
    ]
    faults: Counter[str] = Counter()
    branches: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    broken: list[int] = []
    with get_context("fork").Pool(processes) as pool:
        for some in pool.imap(partial(_some, family), tasks):
            faults += some[0]
            branches += some[1]
            counts += some[2]
            broken += some[3]
    missing = [branch for branch in RARE if not branches[branch]] if count >= _ENOUGH else []
    _say("Faults injected", faults)
    _say("Rare branches taken", Counter({branch: branches[branch] for branch in RARE}))
    _print(f"{count} seeds on {family}, {counts['calls']} calls, {counts['faults']} faults")
    for branch in missing:
        _print(f"never taken: {branch}")
    for seed in broken[:_BROKEN_SHOWN]:
        _print("")
        for line in report.of(simulate(seed, family=family)):
            _print(line)
    _print(f"broken: {len(broken)} {broken[:20] if broken else ''}")
    return 1 if broken or missing else 0


def one(family: str, seed: int) -> int:
    """Replay one seed; returns the exit status."""
    run = simulate(seed, family=family)
    for line in report.of(run):
        _print(line)
    return 1 if run.violations else 0


def _say(title: str, counted: Counter[str]) -> None:
    _print(title)
    for name, count in sorted(counted.items()):
        _print(f"  {count:8}  {name}")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> int:
    """By the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="replay this one, with its trace")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--family", choices=FAMILIES, default="memory", help="of adapters")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        return one(arguments.family, arguments.seed)
    return many(arguments.family, arguments.first, arguments.seeds, arguments.processes)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        # Whoever reads has seen enough.
        os._exit(0)
