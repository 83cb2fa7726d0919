"""Drawing charts; importing this imports matplotlib."""

from __future__ import annotations

from matplotlib.figure import Figure

from overlaysim.report.charts import Chart, DotChart, StackChart
from overlaysim.report.figures.curves import curves_figure
from overlaysim.report.figures.dots import dots_figure
from overlaysim.report.figures.stacks import stacks_figure


def draw(chart: Chart) -> Figure:
    """Draw a chart in the size and style of a paper's figure."""
    if isinstance(chart, StackChart):
        return stacks_figure(chart)
    return dots_figure(chart) if isinstance(chart, DotChart) else curves_figure(chart)
