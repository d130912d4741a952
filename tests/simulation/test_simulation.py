"""The delivery protocol, simulated: what must hold, and that the simulation would notice."""

from collections.abc import Iterable, Sequence

import pytest

from tests.simulation import report, trace
from tests.simulation.branches import RARE, Branches
from tests.simulation.faults import Fault
from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.run import Run, simulate
from tests.simulation.setting import Setting, is_in_lanes, is_to_be_approved
from tests.simulation.shrink import smallest
from tests.simulation.sqlite_mutations import SQLITE_MUTATIONS
from tests.simulation.world import FAMILIES

SEEDS = {"memory": 600, "sqlite": 120}
"""By family; `make prove` runs more."""
SEEDS_A_MUTATION = 2_500
"""At most: the first that notices ends the search."""
SLICES = 4


@pytest.mark.parametrize("which", range(SLICES))
@pytest.mark.parametrize("family", FAMILIES)
def test_no_invariant_is_broken_whatever_goes_wrong(family: str, which: int) -> None:
    """Invariants 1 to 11 of docs/simulation.md hold, and nothing raises what nobody expects."""
    for seed in range(which, SEEDS[family], SLICES):
        run = simulate(seed, family=family)
        assert not run.violations, "\n".join(report.of(run))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.guard)
def test_a_missing_guard_is_noticed(mutation: Mutation) -> None:
    """Without any one of the guards that the protocol needs, an invariant is broken."""
    can_break = CAN_BREAK.get(mutation.breaks)
    with mutation.without():
        run = first_broken((mutation.seed, *filter(can_break, range(SEEDS_A_MUTATION))))
    assert run is not None
    assert {each.invariant for each in run.violations} & mutation.breaks


@pytest.mark.parametrize("mutation", SQLITE_MUTATIONS, ids=lambda mutation: mutation.guard)
def test_a_guard_that_is_missing_in_sqlite_is_noticed(mutation: Mutation) -> None:
    """Without any one of those that stand in its statements, too."""
    with mutation.without():
        run = first_broken((mutation.seed, *range(SEEDS_A_MUTATION)), family="sqlite")
    assert run is not None
    assert {each.invariant for each in run.violations} & mutation.breaks


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_is_lived_through_the_same_way_every_time(family: str) -> None:
    """A seed that was broken once can be looked at again."""
    first, second = simulate(11, family=family), simulate(11, family=family)
    assert list(trace.lines(first.trace)) == list(trace.lines(second.trace))
    assert first.injected == second.injected


def test_faults_that_are_left_out_do_not_happen() -> None:
    """Without any a run is quiet, and everybody is mailed."""
    run = simulate(11, ())
    assert not run.injected
    assert not run.violations
    assert not any(call.fault for call in run.trace)


def test_a_report_shows_the_few_faults_that_matter() -> None:
    """Whoever reads it need not look through all that went wrong and did no harm."""
    (mutation,) = [each for each in MUTATIONS if each.guard == "dead attempts are not sent again"]
    with mutation.without():
        run = first_broken(range(SEEDS_A_MUTATION), invariant=1)
        assert run is not None
        lines = list(report.of(run))
        less = report.shrunk(run)
    assert lines[0].startswith(f"seed {run.seed}: invariant 1: 2 mails accepted")
    assert len(less.injected) < len(run.injected)
    assert len(less.injected) <= 8
    assert any("mailer.send" in line for line in lines)


@pytest.mark.parametrize("needed", [(), (3,), (0, 7), (2, 3, 11)])
def test_shrinking_keeps_just_what_is_needed(needed: Sequence[int]) -> None:
    """No fault that is left could be left out."""
    found = [Fault("worker-0", "chunks.save", number, "refused") for number in range(12)]
    wanted = [found[number] for number in needed]
    assert list(smallest(found, lambda kept: set(wanted) <= set(kept))) == wanted


def test_no_rare_branch_is_listed_twice() -> None:
    """Each is counted under one name."""
    assert len(set(RARE)) == len(RARE)
    assert not Branches().taken


def is_in_waves(seed: int) -> bool:
    """Whether it has a campaign in local time."""
    return any(plan.local is not None for plan in Setting.of(seed).campaigns)


CAN_BREAK = {
    frozenset({9}): is_in_waves,
    frozenset({10}): is_to_be_approved,
    frozenset({11}): is_in_lanes,
}
"""Invariants that few seeds can break at all, with which."""


def first_broken(
    seeds: Iterable[int], invariant: int | None = None, *, family: str = "memory"
) -> Run | None:
    """The first of them in which an invariant is broken, or this one first of all."""
    for seed in seeds:
        run = simulate(seed, family=family)
        if run.violations and invariant in {None, run.violations[0].invariant}:
            return run
    return None
