"""Curves with measured points on them, in as many panels as it takes to tell them apart."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overlaysim.report.charts import Curve, CurveChart, Scale
from overlaysim.report.figures.paper import (
    BASELINE,
    DOUBLE,
    LINES,
    PAGE,
    SINGLE,
    Line,
    lines_for,
    paper_style,
)
from overlaysim.report.figures.style import label, new_figure

_KEY = "lines: calculated, marks: simulated"
_MOST_IN_LEGEND = 3
"""Names of curves that coincide which a legend lists; of more it gives the number."""


def curves_figure(chart: CurveChart) -> Figure:
    """Draw at most six curves and the baseline in one panel, in each by their height.

    Neighbours go to different panels, where they do not hide one another.
    """
    curves, baseline, scale = chart.curves, chart.baseline, chart.scale
    with paper_style():
        of_baseline = [curve for curve in curves if curve.name == baseline]
        groups = _coinciding([curve for curve in curves if curve.name != baseline])
        groups.sort(key=_height(groups), reverse=not scale.lowest_first)
        count = max(1, -(-len(groups) // len(LINES)))
        panels = [groups[number::count] for number in range(count)]
        figure, all_axes = _panels(count)
        for axes, panel in zip(all_axes, panels, strict=False):
            for curve in of_baseline:
                _draw(axes, [curve], BASELINE)
            for group, line in zip(panel, lines_for(len(panel)), strict=True):
                _draw(axes, group, line)
            _finish(axes, scale, _KEY if any(curve.marks for curve in curves) else "")
        for axes in all_axes[:count][-2:]:  # nothing below them
            axes.tick_params(labelbottom=True)
            axes.set_xlabel(scale.x)
        for axes in all_axes[count:]:
            axes.set_visible(False)
        return figure


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    if count == 1:
        figure = new_figure(SINGLE, 2.7)
        return figure, [figure.subplots()]
    rows = -(-count // 2)
    figure = new_figure(DOUBLE, min(PAGE, 2.5 * rows))
    grid = figure.subplots(rows, 2, sharex=True, sharey=True, squeeze=False)
    return figure, [axes for row in grid for axes in row]


def _coinciding(curves: Sequence[Curve]) -> list[list[Curve]]:
    """Curves with the same points together."""
    groups: dict[tuple[tuple[float, ...], tuple[float, ...]], list[Curve]] = {}
    for curve in curves:
        groups.setdefault((curve.xs, curve.ys), []).append(curve)
    return list(groups.values())


def _height(groups: Sequence[Sequence[Curve]]) -> Callable[[Sequence[Curve]], float]:
    """A measure of how high curves are: the sum of their values where all of them have one."""
    common = set.intersection(*(set(group[0].xs) for group in groups)) if groups else set()

    def height(group: Sequence[Curve]) -> float:
        return sum(y for x, y in zip(group[0].xs, group[0].ys, strict=True) if x in common)

    return height


def _draw(axes: Axes, group: Sequence[Curve], line: Line) -> None:
    curve = group[0]
    axes.plot(curve.xs, curve.ys, color=line.colour, linestyle=line.dashes)
    axes.plot(
        [], [], color=line.colour, linestyle=line.dashes,
        marker=line.marker if curve.marks else "", markerfacecolor="none", markeredgewidth=0.8,
        label=_legend([other.name for other in group]),
    )  # fmt: skip
    if curve.marks:
        axes.errorbar(
            [mark.x for mark in curve.marks], [mark.y for mark in curve.marks],
            [mark.half for mark in curve.marks], fmt=line.marker, color=line.colour,
            markerfacecolor="none", markeredgewidth=0.8, elinewidth=0.7, capsize=1.5,
        )  # fmt: skip


def _legend(names: Sequence[str]) -> str:
    shown = names if len(names) <= _MOST_IN_LEGEND + 1 else names[:_MOST_IN_LEGEND]
    text = ", ".join(map(label, shown))
    if len(shown) < len(names):
        text += f" and {len(names) - len(shown)} more"
    return "\n".join(textwrap.wrap(text, 36, break_on_hyphens=False))


def _finish(axes: Axes, scale: Scale, key: str) -> None:
    if scale.ticks:
        axes.set_xscale("log", base=2)
        axes.set_xticks(scale.ticks, [f"{tick:g}" for tick in scale.ticks])
        axes.minorticks_off()
    if scale.limits is not None:
        axes.set_ylim(*scale.limits)
    axes.set_xlabel(scale.x)
    axes.set_ylabel(scale.y)
    axes.label_outer()
    axes.grid()
    axes.legend(loc="best", frameon=True, framealpha=0.6, edgecolor="none", borderpad=0.2,
                title=key or None, title_fontsize=6.5, alignment="left")  # fmt: skip
