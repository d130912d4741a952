"""How fast something goes, and how long it will take."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from entrypoints.cli.output import Item

_WINDOW = 30.0
"""Seconds that a rate is taken over: shorter would jump, longer would lag."""
_WAITS = frozenset({"scheduled", "paused"})


@dataclass(frozen=True, slots=True)
class Pace:
    """Of so many a second, and the seconds that are left; None where that cannot be told."""

    rate: float | None = None
    seconds_left: float | None = None


@dataclass
class Pacing:
    """Looks at a campaign that is sent."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def at(self, moment: float, campaign: Item) -> Pace:
        """As of `moment`, in seconds. What it waits, or is paused, is no part of it.

        How long it will take is not known before all of its recipients are.
        """
        if campaign["state"] in _WAITS:
            self._seen.clear()
            return Pace()
        counts = campaign["counts"]
        left: int = counts["pending"]
        done: int = counts["recipients"] - left
        self._seen.append((moment, done))
        while moment - self._seen[0][0] > _WINDOW and len(self._seen) > 2:  # noqa: PLR2004  a distance
            self._seen.popleft()
        began, before = self._seen[0]
        if moment <= began or done <= before:
            return Pace()
        rate = (done - before) / (moment - began)
        return Pace(rate, left / rate if is_fanned_out(campaign) else None)


def is_fanned_out(campaign: Item) -> bool:
    """Whether a start is through with the segment: until then its recipients are those so far."""
    fan_out: Item = campaign["fan_out"]
    return bool(fan_out["ranges_complete"] == fan_out["ranges"])


def rate_text(rate: float) -> str:
    """For people: 140, 3.3, 0.25."""
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.2g}"  # noqa: PLR2004  two digits


def duration_text(seconds: float) -> str:
    """For people: 1 h 05 min, 2 min 03 s, 7 s."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def pauses(every: float) -> Iterator[float]:
    """How long to wait before each look: short at first, as most is soon done."""
    pause = min(0.25, every)
    while True:
        yield pause
        pause = min(pause * 1.5, every)


def milliseconds_text(milliseconds: int) -> str:
    """For people: 80 ms, 1.25 s, 2 min 03 s."""
    if milliseconds < 1_000:  # noqa: PLR2004  a second
        return f"{milliseconds} ms"
    seconds = milliseconds / 1_000
    return f"{seconds:.3g} s" if seconds < 60 else duration_text(seconds)  # noqa: PLR2004  a minute
