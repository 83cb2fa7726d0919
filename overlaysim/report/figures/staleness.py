"""How long stale answers last against loss, for clusters of several sizes: the sum of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from overlaysim.report.figures.style import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, new_figure

_LINES = (
    (BLUE, "o", "-"), (VERMILION, "s", "--"), (GREEN, "^", "-."), (PURPLE, "D", ":"),
    (ORANGE, "v", "-"), (SKY, "P", "--"),
)  # fmt: skip
"""Colour, marker and dashes of each size: any one of them tells the sizes apart."""


class StalePoint(NamedTuple):
    """One point of a sweep.

    Attributes:
        loss: probability that a frame is lost, 0 to 1.
        hosts: hosts of the cluster.
        stale: mean time for which a host answered stale after a change, seconds.
        interval: half the width of its confidence interval, seconds.
    """

    loss: float
    hosts: int
    stale: float
    interval: float


def staleness_figure(points: Sequence[StalePoint]) -> Figure | None:
    """Draw stale seconds per host and change against loss, a line per size; None of no points."""
    if not points:
        return None
    figure = new_figure(8.0, 4.6)
    axes = figure.add_axes((0.11, 0.14, 0.68, 0.72))
    sizes = sorted({point.hosts for point in points})
    for index, size in enumerate(sizes):
        colour, marker, dashes = _LINES[index % len(_LINES)]
        own = sorted(point for point in points if point.hosts == size)
        nudge = (index - (len(sizes) - 1) / 2) * 0.06  # so that the intervals stay apart
        axes.errorbar(
            [100 * point.loss + nudge for point in own], [point.stale for point in own],
            yerr=[point.interval for point in own], color=colour, marker=marker, linestyle=dashes,
            markersize=6, linewidth=1.5, capsize=3, label=f"{size} hosts",
        )  # fmt: skip
    axes.set_xlabel("frames lost, %")
    axes.set_ylabel("stale answers after a change, s")
    axes.set_ylim(bottom=0)
    axes.grid()
    figure.text(0.02, 0.93, "How long a dead address is still answered, per host and change",
                fontsize=12, fontweight="bold")  # fmt: skip
    figure.legend(loc="center right")
    return figure
