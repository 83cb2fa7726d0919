"""Sorted horizontal bars of calculated values, with what was measured as dots on them."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overlaysim.report.charts import Dot, DotChart
from overlaysim.report.figures.paper import DOUBLE, PAGE, SINGLE, paper_style
from overlaysim.report.figures.style import BLACK, SKY, VERMILION, label, new_figure

_ROW = 0.165
"""Inches per bar."""


def dots_figure(chart: DotChart) -> Figure:
    """Draw bars with dots: one column wide if they are few, two if they are many."""
    panels, reference = chart.panels, chart.reference
    with paper_style():
        values: dict[str, float] = {}
        for dots in panels.values():
            for dot in dots:
                values.setdefault(dot.name, dot.value)
        names = sorted(values, key=lambda name: (-values[name], list(values).index(name)))
        width = SINGLE if len(panels) == 1 and len(names) <= 12 else DOUBLE
        figure = new_figure(width, min(PAGE, max(len(names), 4) * _ROW + 0.85))
        all_axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (title, dots) in zip(all_axes, panels.items(), strict=True):
            _draw(axes, dots, names)
            if reference is not None:
                axes.axvline(reference[0], color=BLACK, linestyle=":", label=reference[1])
            axes.set_title(title)
            axes.set_xlabel(chart.unit)
        all_axes[0].set_yticks(range(len(names)), [label(name, 40) for name in names])
        all_axes[0].set_ylim(len(names) - 0.4, -0.6)
        handles, labels = all_axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3)
        return figure


def _draw(axes: Axes, dots: Sequence[Dot], names: Sequence[str]) -> None:
    places = {name: place for place, name in enumerate(names)}
    axes.barh([places[dot.name] for dot in dots], [dot.value for dot in dots], 0.72, color=SKY,
              edgecolor="#333333", label="calculated")  # fmt: skip
    measured = [dot for dot in dots if dot.measured is not None]
    if measured:
        axes.errorbar(
            [dot.measured or 0.0 for dot in measured], [places[dot.name] for dot in measured],
            xerr=[dot.half for dot in measured], fmt="D", color=VERMILION, markersize=3,
            elinewidth=0.8, capsize=1.5, label="simulated",
        )  # fmt: skip
    axes.set_xlim(0, 1.05 * max((dot.value for dot in dots), default=1.0))
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
