"""Packets that did not reach whom their sender meant, on a time line: where they went instead."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from overlaysim.measure import Fate, Measurements
from overlaysim.report.figures.faults import room_for_faults, shade_faults
from overlaysim.report.figures.style import BLUE, VERMILION, Fill, label, new_figure
from overlaysim.units import SECOND, format_count

MOST_ROWS = 12
_BINS = 150
_ASTRAY, _LOST = Fill(VERMILION, "xx"), Fill(BLUE, "")
_LEAST_HEIGHT = 0.2
"""Of a row: a single packet among thousands is still seen."""


def fates_figure(measurements: Measurements) -> Figure | None:
    """Draw mis-delivered and black-holed packets of containers by cause; None if all arrived.

    A row is one place where packets ended; its height is packets in that stretch of time, each
    row in its own scale.
    """
    rows: dict[tuple[bool, str, str], list[int]] = {}
    for fate in measurements.fates.failures:
        rows.setdefault(_cause(fate), []).append(fate.at)
    if not rows:
        return None
    ranked = sorted(rows, key=lambda row: (not row[0], -len(rows[row]), row))
    shown, hidden = ranked[:MOST_ROWS], ranked[MOST_ROWS:]
    faults, end = measurements.failures.faults, max(1, measurements.meta.simulated)
    top = 0.62 + room_for_faults(faults)
    height = top + 1.1 + 0.5 * len(shown)
    figure = new_figure(10.5, height)
    axes = figure.add_axes((0.24, 1.0 / height, 0.63, 1 - (1.0 + top) / height))
    axes.set_xlim(0, end / SECOND)
    for index, row in enumerate(shown):
        _draw_row(axes, index, rows[row], end, _ASTRAY if row[0] else _LOST)
    axes.set_yticks(
        range(len(shown)), [f"{label(what, 30)}\n{label(where, 30)}" for _, what, where in shown]
    )
    axes.set_ylim(len(shown) - 0.45, -0.6)
    axes.tick_params(axis="y", length=0, labelsize=8.5)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("simulated time, s")
    axes.grid(axis="x")
    shade_faults(axes, faults, end)
    count = len(measurements.fates.failures)
    title = f"{format_count(count)} packets that did not reach whom their sender meant"
    figure.text(0.02, 1 - 0.33 / height, title, fontsize=12, fontweight="bold")
    if hidden:
        left_out = f"and {len(hidden)} rows with fewer: packets.csv"
        figure.text(0.98, 1 - 0.33 / height, left_out, fontsize=8.5, ha="right", color="#444444")
    _legend(figure, {row[0] for row in shown})
    return figure


def _cause(fate: Fate) -> tuple[bool, str, str]:
    """Whether it reached somebody, and in words what became of it and where."""
    if fate.reached:
        return True, f"reached {fate.reached}", f"meant for {fate.meant}"
    return False, fate.reason, f"at {fate.where}"


def _draw_row(axes: Axes, index: int, instants: Sequence[int], end: int, fill: Fill) -> None:
    """Packets per stretch of time as bars on the row's base line, and their number."""
    counts: dict[int, int] = {}
    for instant in instants:
        place = min(_BINS - 1, instant * _BINS // end)
        counts[place] = counts.get(place, 0) + 1
    most = max(counts.values())
    width = end / _BINS / SECOND
    heights = [_LEAST_HEIGHT + (0.8 - _LEAST_HEIGHT) * n / most for n in counts.values()]
    axes.bar(
        [place * width for place in counts], [-height for height in heights], width, index + 0.4,
        align="edge", color=fill.colour, hatch=fill.hatch, edgecolor="white", linewidth=0.2,
        zorder=2,
    )  # fmt: skip
    axes.axhline(index + 0.4, color="#888888", linewidth=0.6, zorder=1)
    words = f"{format_count(len(instants))} packet{'s' if len(instants) > 1 else ''}"
    axes.text(1.01, index, words, fontsize=8.5, va="center", transform=axes.get_yaxis_transform())


def _legend(figure: Figure, astray: set[bool]) -> None:
    handles = [
        Patch(facecolor=fill.colour, hatch=fill.hatch, edgecolor="white", label=words)
        for kind, fill, words in (
            (True, _ASTRAY, "mis-delivered: reached somebody else"),
            (False, _LOST, "black-holed: reached nobody"),
        )
        if kind in astray
    ]
    figure.legend(handles=handles, loc="lower center", ncols=2)
