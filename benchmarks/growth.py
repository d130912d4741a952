"""What growth costs, by recipients and by campaigns due at once: `make bench-growth`.

Counts AWS requests and units on the emulator, and by the calls of ports in the memory family up to
a million recipients; measures the processor's time and memory there and over SQLite. Prints
docs/growth.md; `--write` writes it, its picture, and the counts, from which `--stored` writes both
again.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import scale_run
from benchmarks.breaking_points import SMALL_CAMPAIGN
from benchmarks.growth_counts import Due, Growth, Hot, Process, stored, write
from benchmarks.growth_document import DOCUMENT, document
from benchmarks.growth_plot import PICTURE, draw
from benchmarks.growth_run import Measurement
from benchmarks.markdown import number
from benchmarks.port_calls import Cost, PortCall
from benchmarks.requests_by_scale import Count
from benchmarks.scale_run import Functions
from entrypoints.local.emulator import running_ministack

EMULATED = (1_000, 10_000)
SCALES = (1_000, 10_000, 100_000, 1_000_000)
CAMPAIGNS = (1, 100, 10_000)
PEOPLE = 10
"""Of each of many campaigns."""

_SLOW, _SLOW_RATE, _SOON = 5_000, 50, 30
"""At so many mails a second the last wait for two minutes, and the reconciler is set to enqueue
chunks again after half of one."""
_SPLIT, _SPLIT_ABOVE = 3_000, 500
_SOME_CAMPAIGNS = 30
_BEGUN = time.monotonic()

_Costs = dict[PortCall, Cost]


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="make bench-growth", description=__doc__)
    parser.add_argument("--write", action="store_true", help="docs/growth.md and its picture, too")
    parser.add_argument("--stored", action="store_true", help="of the counts that are kept")
    parser.add_argument("--scales", type=int, nargs="+", default=SCALES, help="recipients")
    parser.add_argument("--campaigns", type=int, nargs="+", default=CAMPAIGNS, help="due at once")
    parser.add_argument(
        "--emulated",
        type=int,
        nargs="+",
        default=EMULATED,
        help="recipients that the emulator counts; 100000 takes a quarter of an hour",
    )
    options = parser.parse_args()
    growth = (
        stored()
        if options.stored
        else measured(sorted(options.emulated), sorted(options.scales), sorted(options.campaigns))
    )
    sys.stdout.write(document(growth))
    if options.write or options.stored:
        write(growth)
        DOCUMENT.write_text(document(growth), encoding="utf-8")
        draw(growth, PICTURE)
    return 0


def measured(emulated: Sequence[int], scales: Sequence[int], campaigns: Sequence[int]) -> Growth:
    """All of it, one after the other: nothing else is to run meanwhile."""
    # A million take some minutes, in which the reconciler looks in.
    waiting, costs = _waiting()
    costs |= _costs_of_a_split()
    counts: list[Count] = []
    foretold: list[Count] = []
    hot: tuple[Hot, ...] = ()
    grants = 0.0
    calls = {}
    processes: list[Process] = []
    for recipients in scales:
        for family in ("memory", "sqlite"):
            _tell(f"{family}: {number(recipients)} recipients")
            result = _in_a_process(family, recipients)
            processes.append(Process.of(result))
            if family == "memory":
                calls[recipients] = _calls_of(result)
    for recipients in emulated:
        # What a smaller campaign took foretells this one; then it foretells the next.
        if recipients in calls and counts:
            foretold.append(Count.of(recipients, calls[recipients], costs))
        with _emulated(f"{number(recipients)} recipients", recipients) as functions:
            scale_run.run(functions)
        counts.append(Count.of(recipients, functions.log.calls, functions.log.costs))
        costs |= functions.log.costs
        hot = Hot.of(functions.ledgers.values(), recipients)
        grants = _grants(functions.log.calls) * 1_000 / recipients
    foretold += [
        Count.of(recipients, calls[recipients], costs)
        for recipients in scales
        if recipients > emulated[-1]
    ]
    return Growth(
        emulated=tuple(counts),
        foretold=tuple(foretold),
        waiting=waiting,
        processes=tuple(processes),
        due=_due_at_once(campaigns, costs),
        hot=hot,
        small=_keys_of_a_small_one(),
        grants=grants,
    )


def _grants(calls: Mapping[PortCall, int]) -> int:
    return sum(
        count for call, count in calls.items() if (call.port, call.method) == ("limiter", "request")
    )


def _costs_of_a_split() -> _Costs:
    """Of calls that only a large segment brings about, which is split."""
    with _emulated(
        "a segment that is split", _SPLIT, fan_out_split_above=_SPLIT_ABOVE
    ) as functions:
        scale_run.run(functions)
    return functions.log.costs


def _keys_of_a_small_one() -> dict[str, tuple[Hot, ...]]:
    """By phase: those that are due at the same moment start then, and were created before."""
    with _emulated("a small campaign that is scheduled", SMALL_CAMPAIGN) as functions:
        scale_run.run(functions, is_scheduled=True)
    return {phase: Hot.of([ledger], SMALL_CAMPAIGN) for phase, ledger in functions.ledgers.items()}


def _waiting() -> tuple[Count, _Costs]:
    """A campaign whose chunks wait so long that the reconciler enqueues them again."""
    with _emulated(
        "chunks that wait", _SLOW, send_rate=_SLOW_RATE, chunk_check_interval_seconds=_SOON
    ) as functions:
        scale_run.run(functions)
    return Count.of(_SLOW, functions.log.calls, functions.log.costs), functions.log.costs


def _due_at_once(campaigns: Sequence[int], costs: _Costs) -> tuple[Due, ...]:
    with _emulated(f"{_SOME_CAMPAIGNS} campaigns due at once", PEOPLE) as functions:
        scale_run.run(functions, _SOME_CAMPAIGNS)
    costs = costs | functions.log.costs
    found = []
    for count in campaigns:
        _tell(f"memory: {number(count)} campaigns due at once")
        result = _in_a_process("memory", PEOPLE, count)
        counted = Count.of(PEOPLE * count, _calls_of(result), costs)
        found.append(Due.of(result, counted))
    return tuple(found)


@contextmanager
def _emulated(
    what: str, recipients: int, send_rate: int = scale_run.SEND_RATE, **settings: int
) -> Iterator[Functions]:
    """An emulator of its own: it keeps what it was asked for ten minutes."""
    _tell(f"emulator: {what}")
    with running_ministack() as endpoint:
        yield scale_run.on_emulator(endpoint, "400000000001", recipients, send_rate, **settings)


def _in_a_process(family: str, recipients: int, campaigns: int = 1) -> Measurement:
    with tempfile.TemporaryDirectory() as made:
        arguments = ["--recipients", str(recipients), "--campaigns", str(campaigns)]
        if family == "sqlite":
            arguments += ["--database", str(Path(made) / "sentinel.db")]
            _python("fill", arguments)
        return Measurement(**json.loads(_python(family, arguments)))


def _python(family: str, arguments: Sequence[str]) -> str:
    return subprocess.run(  # noqa: S603  our own module
        [sys.executable, "-m", "benchmarks.growth_run", family, *arguments],
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    ).stdout


def _calls_of(result: Measurement) -> dict[PortCall, int]:
    return {
        PortCall(phase, port, method, tuple(sizes), found_nothing): count
        for phase, port, method, sizes, found_nothing, count in result.calls
    }


def _tell(progress: str) -> None:
    sys.stderr.write(f"{time.monotonic() - _BEGUN:5.0f} s  {progress}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
