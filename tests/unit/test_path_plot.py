"""The picture of the two paths: what is drawn is what was answered."""

from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D

from entrypoints.cli.path_plot import draw_paths, figure_of

MEASURES = ("start_latency", "lateness")


def item(day: str, path: str, base: int | None) -> dict[str, Any]:
    """A day of one path, with p50, p95 and p99 of `base` times 1, 2 and 3; none without."""
    return {
        "day": day,
        "path": path,
        "mails_per_second": base,
        **{
            f"{measure}_{percentile}_ms": None if base is None else base * times
            for measure in MEASURES
            for times, percentile in enumerate(("p50", "p95", "p99"), start=1)
        },
    }


def heights(line: Line2D) -> list[float]:
    """Of its points."""
    return [float(each) for each in np.asarray(line.get_ydata())]


BODY = {
    "since": "2026-11-01",
    "until": "2026-11-03",
    "items": [
        item("2026-11-01", "immediate", 100),
        item("2026-11-01", "scheduled", 2_000),
        item("2026-11-02", "immediate", None),
        item("2026-11-02", "scheduled", None),
        item("2026-11-03", "immediate", 300),
        item("2026-11-03", "scheduled", 4_000),
    ],
}


def test_lines_are_the_figures_and_a_day_without_any_is_a_gap() -> None:
    """Seconds, p50, p95 and p99, and no zero where nothing was measured."""
    panels = figure_of(BODY).axes
    immediate, scheduled = panels[0], panels[1]

    first, last = ([heights(line)[day] for line in immediate.lines] for day in (0, 2))
    assert (first, last) == ([0.1, 0.2, 0.3], [0.3, 0.6, 0.9])
    assert all(isnan(heights(line)[1]) for line in immediate.lines)
    assert [heights(line)[2] for line in scheduled.lines] == [4, 8, 12]


def test_both_paths_are_seen_whole_at_one_scale() -> None:
    """The slower path is not cut off at the height of the other."""
    panels = figure_of(BODY).axes

    for left, right in zip(panels[::2], panels[1::2], strict=True):
        assert left.get_ylim() == right.get_ylim()
        assert left.get_ylim()[0] == 0
        assert left.get_ylim()[1] >= max(heights(line)[2] for line in right.lines)


def test_the_same_figures_are_the_same_file(tmp_path: Path) -> None:
    """Neither a date nor chance is in it."""
    for name in ("one", "two"):
        draw_paths(BODY, tmp_path / name)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
