"""The time as Sentinel's processes have it: nobody waits for a minute that can be set."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.integration.waiting import wait_for

ROOT = Path(__file__).parents[2]


@dataclass
class ProcessClock:
    """What Sentinel takes for the time: the machine's, and what it is set forward."""

    file: Path
    steps: list[tuple[float, float]] = field(default_factory=list)
    """When it was set, and to how many seconds before the machine's."""

    @classmethod
    def at(cls, file: Path) -> "ProcessClock":
        """As the machine's, for now; in a file that is not there yet."""
        clock = cls(file)
        clock.step(0)
        return clock

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes a process, and those that it starts, go by this clock."""
        return {
            "PYTHONPATH": f"{Path(__file__).parent / 'stepped_clock'}:{ROOT}",
            "CLOCK_OFFSET": str(self.file),
        }

    def now(self) -> datetime:
        """What it shows."""
        return datetime.now(UTC) + timedelta(seconds=self.steps[-1][1])

    def step(self, seconds: float) -> None:
        """As NTP does."""
        offset = self.steps[-1][1] + seconds if self.steps else seconds
        # As long as any before, and written over it: whoever reads finds one or the other.
        file = os.open(self.file, os.O_WRONLY | os.O_CREAT)
        os.pwrite(file, f"{offset:<31.6f}".encode(), 0)
        os.close(file)
        self.steps.append((time.time(), offset))

    def set_to_just_before(self, due: datetime) -> None:
        """A second: what is due comes while it goes on by itself."""
        self.step(max(0.0, (due - self.now()).total_seconds() - 1))

    def first_at(self, at: float) -> float:
        """When it first showed `at`, by the machine's."""
        ends = [since for since, _ in self.steps[1:]] + [float("inf")]
        for (since, offset), end in zip(self.steps, ends, strict=True):
            if at - offset < end:
                return max(since, at - offset)
        raise AssertionError(at)

    def wait_until(self, at: float) -> None:
        """Until it shows that."""
        wait_for(
            lambda: time.time() + self.steps[-1][1] >= at or None,
            what=f"the clock shows {at}",
        )
