"""The cost of growth as a picture: what stays flat is a level line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from benchmarks.growth_counts import Growth
from benchmarks.markdown import number
from benchmarks.requests_by_scale import GOAL_REQUESTS, GOAL_WRITES, GOALS_FROM
from entrypoints.local.emulator import ROOT

PICTURE = ROOT / "docs" / "pictures" / "growth.svg"

_BLUE, _ORANGE, _GREEN, _GREY = "#0072b2", "#d55e00", "#009e73", "#666666"
"""Of Okabe and Ito's, which everybody can tell apart."""
_RECIPIENTS, _CAMPAIGNS = "recipients", "campaigns due at once"
_HEADROOM = 1.5
"""The legend has the upper third."""


@dataclass(frozen=True, slots=True)
class _Line:
    label: str
    colour: str
    x: Sequence[int]
    y: Sequence[float]


def draw(growth: Growth, path: Path) -> None:
    """SVG on white, which is read on a dark page, too; the same counts give the same bytes."""
    # Text as text, and neither a date nor chance in it.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sentinel"}):
        figure_of(growth).savefig(path, format="svg", metadata={"Date": None})
    # Matplotlib ends lines of numbers with a blank.
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"{line.rstrip()}\n" for line in lines), encoding="utf-8")


def figure_of(growth: Growth) -> Figure:
    """By recipients in the first two rows, by campaigns due at once in the last."""
    figure = Figure(figsize=(10, 10), layout="constrained")
    FigureCanvasSVG(figure)
    panels = figure.subplots(3, 2, squeeze=False)
    _by_recipients(growth, *panels[0])
    _of_processes(growth, *panels[1])
    _by_campaigns(growth, *panels[2])
    return figure


def _by_recipients(growth: Growth, requests: Axes, units: Axes) -> None:
    counts = growth.counts
    at = [each.recipients for each in counts]
    asked = [each.requests_a_thousand for each in counts]
    _draw(
        requests,
        "AWS requests for 1,000 recipients",
        _RECIPIENTS,
        [_Line("counted", _BLUE, at, asked)],
        goal=(f"goal from {number(GOALS_FROM)} on, at most", GOAL_REQUESTS),
    )
    _draw(
        units,
        "capacity units a recipient",
        _RECIPIENTS,
        [
            _Line("reads", _GREEN, at, [each.reads_a_recipient for each in counts]),
            _Line("writes", _ORANGE, at, [each.writes_a_recipient for each in counts]),
        ],
        goal=("goal of writes, at most", GOAL_WRITES),
    )


def _of_processes(growth: Growth, seconds: Axes, memory: Axes) -> None:
    ratios, kept = [], []
    for family, colour in (("memory", _BLUE), ("sqlite", _ORANGE)):
        processes = growth.of_family(family)
        at = [each.recipients for each in processes]
        first = processes[0].seconds_a_recipient
        taken = [each.seconds_a_recipient / first for each in processes]
        held = [each.memory_a_recipient / 1_000 for each in processes]
        ratios.append(_Line(family, colour, at, taken))
        kept.append(_Line(family, colour, at, held))
    _draw(seconds, "processor time a recipient,\nto that of the smallest", _RECIPIENTS, ratios)
    _draw(memory, "memory a recipient, KB", _RECIPIENTS, kept)


def _by_campaigns(growth: Growth, requests: Axes, seconds: Axes) -> None:
    at = [each.campaigns for each in growth.due]
    asked = [each.requests_a_campaign for each in growth.due]
    first = growth.due[0].seconds_a_campaign
    taken = [each.seconds_a_campaign / first for each in growth.due]
    _draw(
        requests,
        "AWS requests a campaign",
        _CAMPAIGNS,
        [_Line("by the calls of ports", _BLUE, at, asked)],
    )
    _draw(
        seconds,
        "processor time a campaign,\nto that of one alone",
        _CAMPAIGNS,
        [_Line("memory", _BLUE, at, taken)],
    )


def _draw(
    panel: Axes,
    what: str,
    by: str,
    lines: Sequence[_Line],
    goal: tuple[str, float] | None = None,
) -> None:
    highest = max(value for line in lines for value in line.y)
    for line in lines:
        panel.plot(line.x, line.y, color=line.colour, marker="o", markersize=4, label=line.label)
    if goal is not None:
        label, value = goal
        panel.axhline(value, color=_GREY, linestyle="--", label=label)
        highest = max(highest, value)
    scales = sorted({value for line in lines for value in line.x})
    panel.set_xscale("log")
    panel.set_xticks(scales, [f"{each:,}" for each in scales])
    panel.minorticks_off()
    panel.set_xlim(scales[0] / 2, scales[-1] * 2)
    panel.set_ylim(0, highest * _HEADROOM)
    panel.set_xlabel(by)
    panel.set_ylabel(what)
    panel.grid(alpha=0.3)
    panel.legend(loc="upper right")
