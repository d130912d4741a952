"""Large segments: split, fanned out by several starts over several deadlines, in flat memory."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import pytest
from dependency_injector import providers

from domain.chunk import ChunkRef
from domain.errors import DependencyRefused, DependencyUnavailable
from domain.fan_out import MAX_RANGES
from domain.identifiers import CampaignId
from domain.priority import Priority
from entrypoints.containers.core import Core
from tests.contracts.settable_clock import SettableClock
from tests.integration.fanning_out import (
    Starts,
    StepClock,
    chunks_of,
    core_of,
    create,
    fill,
    has_work_left,
    members_of,
)

LARGE = 30_000
STEPS = 8
"""Of a run: a fraction of a range of a large segment."""
THREADS = 4
_ROUNDS = 200
_REPOSITORY = Path(__file__).parents[2]


class Killed(BaseException):
    """The process is gone, right after a call."""


class Faults:
    """Calls that go wrong, counted over all threads: some are refused, unanswered, or the last."""

    def __init__(self) -> None:
        """None yet."""
        self._calls = count(1)
        self._lock = Lock()
        self.happened: Counter[str] = Counter()

    def due(self) -> str | None:
        """What goes wrong with this call."""
        with self._lock:
            number = next(self._calls)
            for every, fault in ((19, "refused"), (23, "no answer, but done"), (29, "killed")):
                if number % every == 0:
                    self.happened[fault] += 1
                    return fault
        return None


class Unreliable:
    """Any port, whose calls go wrong."""

    def __init__(self, port: object, faults: Faults) -> None:
        """Over the real one."""
        self._port = port
        self._faults = faults

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """A method of the port."""
        method = getattr(self._port, name)

        def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401  any method
            fault = self._faults.due()
            if fault == "refused":
                raise DependencyRefused(name)
            answer = method(*arguments, **named)
            if fault == "killed":
                raise Killed
            if fault is not None:
                raise DependencyUnavailable(name)
            return answer

        return call


def start_some(core: Core, clock: SettableClock, faults: Faults) -> int:
    """Runs of the function in threads, until nothing is invoked; returns how many began."""
    runs = count()
    family = core.family

    def one_after_the_other() -> None:
        started = family.started()
        while (invocation := started.take(timedelta())) is not None:
            next(runs)
            start = core.start_campaign(
                clock=StepClock(clock),
                fan_out=Unreliable(family.fan_out(), faults),
                queue=Unreliable(family.queue(), faults),
                invoker=Unreliable(family.invoker(), faults),
            )
            try:
                start(invocation.work, timedelta(seconds=STEPS))
            except Killed:
                # What it had taken and claimed stays so, until that runs out.
                continue
            except (DependencyRefused, DependencyUnavailable) as fault:
                started.failed(invocation, type(fault).__name__)
            else:
                started.done(invocation)

    threads = [Thread(target=one_after_the_other) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return next(runs)


def test_everybody_once_by_starts_that_are_killed(tmp_path: Path) -> None:
    """In ranges side by side, whatever call of whichever start was refused, lost, or its last."""
    core, clock, faults = core_of(tmp_path / "sentinel.db"), SettableClock(), Faults()
    core.family.clock.override(providers.Object(clock))
    fill(core, LARGE)
    campaign_id = create(core)
    fan_out = core.family.fan_out()

    runs = 0
    for _ in range(_ROUNDS):
        runs += start_some(core, clock, faults)
        if not has_work_left(fan_out.progress(campaign_id)):
            break
        # All leases run out, and the reconciler has another start come.
        clock.sleep(timedelta(minutes=1))
        core.family.invoker().start(campaign_id)

    progress = fan_out.progress(campaign_id)
    assert not has_work_left(progress)
    assert (len(progress.ranges), progress.share) == (MAX_RANGES, 1)
    assert min(faults.happened[each] for each in ("refused", "no answer, but done", "killed")) > 1
    assert runs > MAX_RANGES
    members = members_of(core, progress)
    assert (len(members), set(members.values())) == (LARGE, {1})
    assert progress.recipients == LARGE
    on_the_queue: set[ChunkRef] = set()
    while deliveries := core.family.queue().receive(10, timedelta(), Priority.NORMAL):
        on_the_queue.update(each.chunk for each in deliveries)
    assert on_the_queue == set(chunks_of(progress))


def in_processes(database: Path, campaign_id: CampaignId, processes: int) -> list[Starts]:
    """Of starts that end after fifty steps, 25,000 recipients."""
    command = [
        sys.executable,
        "-m",
        "tests.integration.fanning_out",
        str(database),
        campaign_id,
        "50",
    ]
    running = [
        subprocess.Popen(command, cwd=_REPOSITORY, stdout=subprocess.PIPE, text=True)  # noqa: S603  our own
        for _ in range(processes)
    ]
    outputs = [each.communicate()[0] for each in running]
    assert [each.returncode for each in running] == [0] * processes
    return [Starts(**json.loads(each)) for each in outputs]


@pytest.mark.prove
def test_memory_stays_flat_up_to_a_million(tmp_path: Path) -> None:
    """Nothing is held of a chunk that is written: a hundred times the members, the same memory."""
    peaks: dict[int, int] = {}
    for size in (10_000, 100_000, 1_000_000):
        core = core_of(tmp_path / f"{size}.db")
        fill(core, size)
        campaign_id = create(core)
        starts = in_processes(tmp_path / f"{size}.db", campaign_id, processes=2)
        progress = core.family.fan_out().progress(campaign_id)
        members = members_of(core, progress)
        assert (len(members), set(members.values())) == (size, {1})
        peaks[size] = max(each.peak for each in starts)
        runs = sum(each.runs for each in starts)
        print(  # noqa: T201  what make prove shows
            f"{size:9} recipients: {len(progress.ranges):2} ranges, {runs:3} runs, at most"
            f" {peaks[size] / 1_048_576:.1f} MB in a process"
        )
        assert runs > size // 50_000
        core.family.database().close()

    assert max(peaks.values()) < 1.2 * min(peaks.values())
