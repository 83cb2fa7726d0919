"""Where the time went: per flow, the mean latency as a bar of its parts."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from overlaysim.measure import Measurements
from overlaysim.report.bulk_section import bulk_rows
from overlaysim.report.figures.style import (
    BLACK,
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
from overlaysim.report.sections import flow_rows
from overlaysim.sim import PARTS
from overlaysim.units import MS, NS, SECOND, US

MOST_FLOWS = 12

_FILLS = (
    Fill(PURPLE, "xx"), Fill(YELLOW, ".."), Fill(GREEN, "//"), Fill(VERMILION, ""),
    Fill(ORANGE, "\\\\"), Fill(SKY, ""), Fill(BLUE, "||"),
)  # fmt: skip
_WORDS = (
    "name look-up", "address resolution", "encapsulation", "queueing", "transmission",
    "propagation", "decapsulation",
)  # fmt: skip


def latency_figure(measurements: Measurements) -> Figure | None:
    """Draw the mean latency of the busiest flows; None if nothing arrived.

    A dot marks the 99th percentile, so that a mean that hides a tail shows it.
    """
    flows = [*flow_rows(measurements), *bulk_rows(measurements)]
    rows = [(name, d) for name, d in flows if d.mean]
    if not rows:
        return None
    shown = sorted(rows, key=lambda row: -row[1].received)[:MOST_FLOWS]
    height = 2.1 + 0.62 * len(shown)
    figure = new_figure(9.5, height)
    axes = figure.add_axes((0.27, 1.2 / height, 0.68, 1 - 1.8 / height))
    unit, factor = _unit(max(d.mean or 0 for _, d in shown))
    used = [sum(d.parts[i] for _, d in shown) > 0 for i in range(len(PARTS))]
    left = [0.0] * len(shown)
    for i, fill in enumerate(_FILLS):
        lengths = [d.parts[i] / d.received / factor for _, d in shown]
        if used[i]:
            axes.barh(
                range(len(shown)), lengths, left=left, height=0.62, color=fill.colour,
                hatch=fill.hatch, edgecolor="white", linewidth=0.5, label=_WORDS[i],
            )  # fmt: skip
        left = [a + b for a, b in zip(left, lengths, strict=True)]
    tails = [(d.percentile(99) or 0) / factor for _, d in shown]
    axes.plot(tails, range(len(shown)), linestyle="", marker="D", markersize=5, color=BLACK,
              label="99th percentile", clip_on=False)  # fmt: skip
    _write_means(axes, left, tails, unit)
    axes.set_yticks(
        range(len(shown)), [f"{_two_lines(name)}\n{d.received} arrived" for name, d in shown]
    )
    axes.invert_yaxis()
    axes.set_xlabel(f"latency, {unit}")
    axes.grid(axis="x")
    axes.set_xlim(0, 1.22 * max(*left, *tails))
    hidden = f", {len(shown)} busiest of {len(rows)} flows" if len(shown) < len(rows) else ""
    figure.text(0.02, 1 - 0.35 / height, f"Where the time went: mean per flow{hidden}", fontsize=12,
                fontweight="bold")  # fmt: skip
    handles, words = axes.get_legend_handles_labels()
    order = [*range(1, len(words)), 0]  # lines come before bars; the parts should
    figure.legend([handles[i] for i in order], [words[i] for i in order], loc="lower center",
                  ncols=5)  # fmt: skip
    return figure


def _two_lines(name: str) -> str:
    """A flow's name with its two ends below one another."""
    return "\n-> ".join(label(end, 30) for end in name.split(" -> "))


def _write_means(axes: Axes, means: list[float], tails: list[float], unit: str) -> None:
    """Write each mean behind its bar, clear of the percentile's mark."""
    widest = max(*means, *tails)
    for y, (mean, tail) in enumerate(zip(means, tails, strict=True)):
        x = mean if tail - mean > 0.2 * widest else max(mean, tail)
        axes.text(x + 0.015 * widest, y, f"mean {mean:.4g} {unit}", va="center", fontsize=9)


def _unit(ps: float) -> tuple[str, int]:
    """The unit in which ``ps`` has one to three digits before the point."""
    for unit, factor in (("s", SECOND), ("ms", MS), ("us", US), ("ns", NS)):
        if ps >= factor:
            return unit, factor
    return "ps", 1
