"""What the bytes on the wire were for: the containers' packets apart from the control plane."""

from __future__ import annotations

from matplotlib.figure import Figure

from overlaysim.measure import CATEGORIES, CONTROL_KINDS, Measurements
from overlaysim.measure.overhead import BULK_CATEGORIES
from overlaysim.report.figures.style import BLUE, GREEN, GREY, ORANGE, SKY, Fill, new_figure
from overlaysim.report.sections import CATEGORY_LABELS
from overlaysim.units import format_count

_FILLS = {
    "payload": Fill(GREEN, ""),
    "inner-headers": Fill(SKY, "//"),
    "encapsulation": Fill(ORANGE, "xx"),
    "outer-headers": Fill(ORANGE, "\\\\"),
    "ethernet-extras": Fill(GREY, ".."),
    "bulk-payload": Fill(GREEN, "//"),
    "bulk-headers": Fill(ORANGE, ".."),
    "fragment": Fill(GREY, "xx"),
    "icmp": Fill(GREY, "++"),
}
_CONTROL_FILL = Fill(BLUE, "++")


def overhead_figure(measurements: Measurements) -> Figure | None:
    """Draw bytes by category; None if nothing was sent."""
    overhead = measurements.overhead
    shown = [category for category in CATEGORIES if overhead.total[category]]
    if not shown:
        return None
    height = 1.7 + 0.42 * len(shown)
    figure = new_figure(9.5, height)
    axes = figure.add_axes((0.24, 0.65 / height, 0.71, 1 - 1.35 / height))
    sizes = [overhead.total[category] for category in shown]
    control = sum(overhead.total[category] for category in CONTROL_KINDS)
    fills = [_FILLS.get(category, _CONTROL_FILL) for category in shown]
    bars = axes.barh(range(len(shown)), sizes, height=0.66, edgecolor="white", linewidth=0.5,
                     color=[fill.colour for fill in fills])  # fmt: skip
    for bar, fill in zip(bars, fills, strict=True):
        bar.set_hatch(fill.hatch)
    for y, (category, size) in enumerate(zip(shown, sizes, strict=True)):
        text = f"{format_count(size)} B, {100 * overhead.share(category):.1f} %"
        axes.text(size + 0.01 * max(sizes), y, text, va="center", fontsize=9)
    axes.set_yticks(range(len(shown)), [CATEGORY_LABELS[category] for category in shown])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.28 * max(sizes))
    axes.set_xlabel("bytes, added over all links that a frame crossed")
    axes.xaxis.set_major_formatter(lambda value, _: format_count(round(value)))
    axes.grid(axis="x")
    bulk = sum(overhead.total[category] for category in BULK_CATEGORIES)
    whole = overhead.size
    containers, said = whole - control - bulk, []
    if bulk:
        said.append(f"{_percent(bulk, whole)} bulk traffic")
    if containers or not bulk:
        said.append(f"{_percent(containers, whole)} for containers")
    if control or not bulk:
        said.append(f"{_percent(control, whole)} for the control plane")
    title = f"{format_count(whole)} B on the wire: {', '.join(said)}"
    figure.text(0.02, 1 - 0.35 / height, title, fontsize=12, fontweight="bold")
    return figure


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"
