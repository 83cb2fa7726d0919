"""How many changes a second the gossip of names can carry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overlaysim.report.figures.style import BLUE, GREY, ORANGE, new_figure, style


class SaturationPoint(NamedTuple):
    """What a cluster did under a steady stream of changes.

    Attributes:
        rate: changes per second.
        queued: events waiting on a host at the end, mean over the hosts.
        longest: the longest queue of any host at the end.
        stale: host-seconds with an outdated name, per change and host.
        slow: seconds until the last host had heard of a change, for the 95th of 100 changes.
    """

    rate: float
    queued: float
    longest: int
    stale: float
    slow: float


def saturation_figure(
    points: Sequence[SaturationPoint], *, hosts: int, seconds: int, capacity: float
) -> Figure:
    """Draw queue length and staleness against the rate of changes.

    Args:
        points: sorted by rate.
        hosts: size of the cluster.
        seconds: how long the changes went on.
        capacity: changes a second that the packet budget lets every host pass on as often as the
            transmit limit demands.
    """
    with style():
        figure = new_figure(9.5, 4.4)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.08, right=0.98, bottom=0.14, top=0.76, wspace=0.22)
        rates = [point.rate for point in points]
        left.plot(rates, [point.queued for point in points], "o-", color=BLUE, label="mean")
        left.plot(rates, [point.longest for point in points], "s--", color=ORANGE,
                  label="longest of any host")  # fmt: skip
        left.set_ylabel(f"events waiting on a host after {seconds} s")
        left.legend(loc="upper left", frameon=False)
        right.plot(rates, [point.stale for point in points], "o-", color=BLUE,
                   label="a host is outdated, mean")  # fmt: skip
        right.plot(rates, [point.slow for point in points], "s--", color=ORANGE,
                   label="until the last host has it, 95 % of the changes")  # fmt: skip
        right.set_ylabel("seconds after a change")
        right.legend(loc="upper left", frameon=False)
        for axes in (left, right):
            _finish(axes, rates, capacity)
        title = f"{hosts} hosts in one network: what table gossip can carry"
        figure.text(0.02, 0.94, title, fontsize=12, fontweight="bold")
        text = (
            "Each host may put 1395 B into a packet five times a second, and has to pass every "
            "change on as often as the transmit limit says."
        )
        figure.text(0.02, 0.875, text, fontsize=9)
        return figure


def _finish(axes: Axes, rates: Sequence[float], capacity: float) -> None:
    axes.set_xscale("log")
    axes.set_ylim(0, 1.35 * max(axes.get_ylim()[1], 0.1))
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
    axes.minorticks_off()
    axes.set_xlabel("changes a second")
    axes.axvline(capacity, color=GREY, linestyle=":")
    axes.text(capacity, 1.02, f"{capacity:.2f} a second: the packets are full", ha="center",
              fontsize=8, transform=axes.get_xaxis_transform())  # fmt: skip
    axes.grid(axis="y")
