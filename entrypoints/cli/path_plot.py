"""The two paths day by day, as a picture."""

from collections.abc import Sequence
from datetime import date
from math import nan
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from entrypoints.cli.output import Item

_PATHS = ("immediate", "scheduled")
_PERCENTILES = {"p50": "-", "p95": "--", "p99": ":"}
_COLOURS = {"immediate": "#0072b2", "scheduled": "#d55e00"}
"""Of Okabe and Ito's, which everybody can tell apart."""
_MS = 1_000


def draw_paths(body: Item, path: Path) -> None:
    """SVG, of what `/v1/analytics/paths` answers by days; the same answer gives the same bytes."""
    # Text as text, and neither a date nor chance in it.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sentinel"}):
        figure_of(body).savefig(path, format="svg", metadata={"Date": None})


def figure_of(body: Item) -> Figure:
    """A column for each path; start latency, lateness and throughput below each other."""
    figure = Figure(figsize=(11, 9), layout="constrained")
    FigureCanvasSVG(figure)
    panels = figure.subplots(3, 2, sharex=True, sharey="row", squeeze=False)
    for column, name in enumerate(_PATHS):
        items = [item for item in body["items"] if item["path"] == name]
        days = [date.fromisoformat(item["day"]) for item in items]
        latency, lateness, throughput = (panels[row][column] for row in range(3))
        latency.set_title(f"{name} path")
        _percentiles(latency, days, items, "start_latency", name)
        _percentiles(lateness, days, items, "lateness", name)
        rates = _numbers(items, "mails_per_second")
        throughput.plot(_x(days), rates, color=_COLOURS[name], marker="o", markersize=3)
        locator = AutoDateLocator()
        throughput.xaxis.set_major_locator(locator)
        throughput.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    for row, label in enumerate(("start latency, s", "lateness, s", "mails a second")):
        panels[row][0].set_ylabel(label)
        # Now that both are drawn: before, it would keep the scale of the first.
        panels[row][0].set_ylim(bottom=0)
    for panel in panels.flat:
        panel.grid(alpha=0.3)
    for panel in panels[0]:
        panel.legend()
    figure.suptitle(f"Campaigns that started {body['since']} to {body['until']} (UTC)")
    return figure


def _percentiles(
    panel: Axes, days: Sequence[date], items: Sequence[Item], measure: str, name: str
) -> None:
    for percentile, style in _PERCENTILES.items():
        values = [each / _MS for each in _numbers(items, f"{measure}_{percentile}_ms")]
        panel.plot(
            _x(days),
            values,
            style,
            color=_COLOURS[name],
            marker="o",
            markersize=3,
            label=percentile,
        )


def _numbers(items: Sequence[Item], member: str) -> list[float]:
    """A day without campaigns leaves a gap, which is no zero."""
    return [nan if item[member] is None else float(item[member]) for item in items]


def _x(days: Sequence[date]) -> list[float]:
    return [float(mpl.dates.date2num(day)) for day in days]
