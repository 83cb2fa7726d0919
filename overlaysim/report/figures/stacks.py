"""Stacked horizontal bars: what the bytes of several things are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overlaysim.report.charts import Stack, StackChart
from overlaysim.report.figures.paper import DOUBLE, PAGE, SINGLE, paper_style
from overlaysim.report.figures.style import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    YELLOW,
    Fill,
    label,
    new_figure,
)

FILLS = (
    Fill(BLUE, ""), Fill(SKY, "////"), Fill(ORANGE, ""), Fill(GREEN, "...."),
    Fill(VERMILION, "xxxx"), Fill(PURPLE, "----"), Fill(YELLOW, "||||"),
)  # fmt: skip
_ROW = 0.165
"""Inches per bar."""


def stacks_figure(chart: StackChart) -> Figure:
    """Draw stacked bars: one column wide if they are few, two if they are many."""
    panels = chart.panels
    with paper_style():
        names = _order(panels)
        rows = max(len(names), 4)
        width = SINGLE if len(panels) == 1 and len(names) <= 12 else DOUBLE
        figure = new_figure(width, min(PAGE, rows * _ROW + 0.95))
        all_axes = figure.subplots(1, len(panels), sharey=True, sharex=True, squeeze=False)[0]
        parts = list(
            dict.fromkeys(p for stacks in panels.values() for s in stacks for p in s.parts)
        )
        fills = dict(zip(parts, FILLS, strict=False))
        for axes, (title, stacks) in zip(all_axes, panels.items(), strict=True):
            _draw(axes, stacks, names, fills)
            axes.set_title(title)
            axes.set_xlabel(chart.unit)
        longest = max(sum(stack.parts.values()) for s in panels.values() for stack in s)
        all_axes[0].set_xlim(0, 1.12 * longest if longest else 1)
        all_axes[0].set_yticks(range(len(names)), [label(name, 40) for name in names])
        all_axes[0].set_ylim(len(names) - 0.4, -0.6)
        handles, labels = all_axes[0].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside upper center", ncols=3 if width == SINGLE else 5
        )
        return figure


def _order(panels: Mapping[str, Sequence[Stack]]) -> list[str]:
    sizes: dict[str, float] = {}
    for stacks in panels.values():
        for stack in stacks:
            sizes.setdefault(stack.name, sum(stack.parts.values()))
    return sorted(sizes, key=lambda name: (sizes[name], list(sizes).index(name)))


def _draw(
    axes: Axes, stacks: Sequence[Stack], names: Sequence[str], fills: Mapping[str, Fill]
) -> None:
    of_name = {stack.name: stack for stack in stacks}
    places = [place for place, name in enumerate(names) if name in of_name]
    left = [0.0] * len(places)
    for part, fill in fills.items():
        sizes = [of_name[names[place]].parts.get(part, 0.0) for place in places]
        axes.barh(places, sizes, 0.72, left, color=fill.colour, hatch=fill.hatch,
                  edgecolor="#333333", label=part)  # fmt: skip
        left = [start + size for start, size in zip(left, sizes, strict=True)]
    for place, end in zip(places, left, strict=True):
        axes.annotate(of_name[names[place]].total, (end, place), (2, 0), va="center",
                      fontsize=6.5, textcoords="offset points")  # fmt: skip
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
