"""How fast the hosts came to know of each change, beside what the real NetworkDB takes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from statistics import fmean, median
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overlaysim.measure import Change, Measurements
from overlaysim.report.figures.reference import CREATE, nearest_size
from overlaysim.report.figures.style import BLUE, GREY, ORANGE, new_figure
from overlaysim.units import MS, SECOND

LEAST_CHANGES, LEAST_HOSTS = 20, 3
"""A distribution of fewer says nothing."""
MOST_LINES = 300
_FIRST = 10 * MS
"""Where the logarithmic axis begins: what a host knew earlier, it knew at once."""
_STEPS = 400


class _Curve(NamedTuple):
    """One change: instants since it (picoseconds) and the share of the other hosts from then."""

    times: tuple[int, ...]
    shares: tuple[float, ...]
    hosts: int
    done: bool

    def share(self, time: float) -> float:
        """The share of the others that were right at a time after the change."""
        index = bisect_right(self.times, time) - 1
        return self.shares[index] if index >= 0 else 0.0


def convergence_figure(measurements: Measurements) -> Figure | None:
    """Draw a line per change and their mean; None with few changes or hosts."""
    curves = _curves(measurements.audit.changes)
    if len(curves) < LEAST_CHANGES:
        return None
    hosts = round(median(curve.hosts for curve in curves))
    figure = new_figure(9.5, 5.2)
    axes = figure.add_axes((0.09, 0.22, 0.87, 0.66))
    last = max(SECOND, *(curve.times[-1] for curve in curves))
    _draw_reference(axes, nearest_size(hosts))
    grid = [_FIRST * (last * 1.5 / _FIRST) ** (step / _STEPS) for step in range(_STEPS + 1)]
    for curve in curves[:MOST_LINES]:
        _draw_curve(axes, curve, grid[-1])
    axes.plot([], [], color=GREY, linewidth=0.7, label="one change")
    mean = [100 * fmean(curve.share(time) for curve in curves) for time in grid]
    axes.plot([time / SECOND for time in grid], mean, color=BLUE, linewidth=2.4,
              drawstyle="steps-post", label=f"mean of {len(curves)} changes", zorder=4)  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(_FIRST / SECOND, grid[-1] / SECOND)
    axes.set_ylim(-2, 102)
    axes.set_xlabel("time since the change, s")
    axes.set_ylabel("other hosts that answer correctly, %")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.grid()
    figure.text(0.02, 0.94, f"How fast {hosts} hosts know of a change", fontsize=12,
                fontweight="bold")  # fmt: skip
    unfinished = sum(not curve.done for curve in curves)
    if unfinished:
        words = f"{unfinished} not known to all before the next change or the end"
        figure.text(0.98, 0.94, words, fontsize=8.5, ha="right", color="#444444")
    figure.legend(loc="lower center", ncols=4)
    return figure


def _curves(changes: Sequence[Change]) -> list[_Curve]:
    """The curves of changes that at least a few hosts took part in; names that changed as one once.

    The host where a change became true knows it by itself: it does not count.
    """
    found: dict[object, _Curve] = {}
    for change in changes:
        curve = change.curve
        if not curve or curve[-1][2] < LEAST_HOSTS:
            continue
        own = int(curve[0][0] == 0 and curve[0][1] > 0)  # a host that crashed is not among them
        key = (change.at, change.network, change.host, change.what, curve)
        found[key] = _Curve(
            tuple(time for time, _, _ in curve),
            tuple(max(0, right - own) / max(1, hosts - own) for _, right, hosts in curve),
            curve[-1][2],
            change.outcome == "converged",
        )
    return list(found.values())


def _draw_reference(axes: Axes, size: int) -> None:
    points = CREATE[size]
    percents = [point.percent for point in points]
    axes.fill_betweenx(
        percents, [point.p5 for point in points], [point.p95 for point in points],
        facecolor=ORANGE, alpha=0.35, hatch="//", edgecolor="#888888", linewidth=0, zorder=1,
        label=f"real NetworkDB, {size} nodes, no loss: 5 to 95 % of runs",
    )  # fmt: skip
    axes.plot([point.mean for point in points], percents, color="#8A5A00", linewidth=1.6,
              linestyle="--", marker="D", markersize=4, zorder=3, label="its mean")  # fmt: skip


def _draw_curve(axes: Axes, curve: _Curve, end: float) -> None:
    """A step per host; one that was not finished ends where it was given up."""
    times = [max(time, _FIRST) / SECOND for time in curve.times]
    shares = [100 * share for share in curve.shares]
    if curve.done:
        times.append(end / SECOND)
        shares.append(shares[-1])
    axes.step(times, shares, where="post", color=GREY, linewidth=0.7, zorder=2)
