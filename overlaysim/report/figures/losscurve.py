"""What random loss leaves of a TCP flow, beside the formula of Mathis et al."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overlaysim.report.figures.style import BLACK, BLUE, GREY, VERMILION, new_figure, style

BAND = 0.2
"""How far from the formula measurements are expected to be at most, as a share of it."""

_MEGA = 1_000_000
_MARKS = ((BLUE, "o"), (VERMILION, "s"))


class CurvePoint(NamedTuple):
    """One rate of loss.

    Attributes:
        loss: share of the segments lost.
        goodput: measured, bit/s.
        formula: calculated, bit/s.
    """

    loss: float
    goodput: float
    formula: float


def losscurve_figure(measured: Mapping[str, Sequence[CurvePoint]], path: str) -> Figure:
    """Draw goodput against loss, and how far it is from the formula.

    Args:
        measured: by congestion control, at most two, each sorted by loss; the formula is that of
            the first, which it is about.
        path: in words, for example ``RTT 40 ms, 1398 B segments``.
    """
    with style():
        figure = new_figure(9.5, 4.2)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.08, right=0.98, bottom=0.14, top=0.8, wspace=0.2)
        theory = next(iter(measured.values()))
        losses = [100 * point.loss for point in theory]
        formula = [point.formula / _MEGA for point in theory]
        _draw_formula(left, losses, formula)
        _draw_formula(right, losses, [1.0] * len(losses))
        for (name, points), (colour, marker) in zip(measured.items(), _MARKS, strict=False):
            x = [100 * point.loss for point in points]
            look = {"color": colour, "marker": marker, "linestyle": "", "label": name}
            left.plot(x, [point.goodput / _MEGA for point in points], **look)
            right.plot(x, [point.goodput / point.formula for point in points], **look)
        left.set_yscale("log")
        ticks = [tick for tick in (0.5, 1, 2, 5, 10, 20, 50, 100)
                 if 0.5 * min(formula) <= tick <= 2 * max(formula)]  # fmt: skip
        left.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        left.set_ylabel("goodput, Mbit/s")
        left.legend(loc="lower left", frameon=False)
        right.set_ylabel("measured / calculated")
        right.set_ylim(0.5, 1.5)
        for axes in (left, right):
            _finish(axes, losses)
        title = "One TCP flow under random loss, and what Mathis et al. calculate"
        figure.text(0.02, 0.93, title, fontsize=12, fontweight="bold")
        figure.text(0.02, 0.865, path, fontsize=9)
        return figure


def _draw_formula(axes: Axes, losses: Sequence[float], values: Sequence[float]) -> None:
    axes.fill_between(
        losses, [(1 - BAND) * value for value in values], [(1 + BAND) * value for value in values],
        color=GREY, alpha=0.4, linewidth=0, label=f"within {100 * BAND:.0f} %",
    )  # fmt: skip
    axes.plot(losses, values, color=BLACK, label="1.22 MSS / (RTT √p)")


def _finish(axes: Axes, losses: Sequence[float]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(losses, [f"{loss:g}" for loss in losses])
    axes.minorticks_off()
    axes.set_xlabel("segments lost, %")
    axes.grid()
