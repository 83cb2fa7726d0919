"""Faults behind a time line: a shaded stretch for each, with its words above."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from overlaysim.measure import Fault
from overlaysim.report.figures.style import label
from overlaysim.units import SECOND

MOST_NAMED = 6
LEVELS = 3
"""Lines of words above the axes, so that those of neighbouring faults do not overlap."""
LEVEL_HEIGHT = 0.17
"""Inches that a line of words takes."""

_SHADE, _EDGE, _WORDS = "#EEEEEE", "#999999", "#333333"


def room_for_faults(faults: Sequence[Fault]) -> float:
    """Inches that the words need above the axes."""
    lines = min(LEVELS, len(faults)) if len(faults) <= MOST_NAMED else min(1, len(faults))
    return LEVEL_HEIGHT * lines


def shade_faults(axes: Axes, faults: Sequence[Fault], end: int) -> None:
    """Shade the time of each fault on axes whose x is simulated seconds.

    With many faults only the first has words: how many there are.
    """
    for index, fault in enumerate(faults):
        start, stop = fault.began / SECOND, (end if fault.ended is None else fault.ended) / SECOND
        axes.axvspan(start, stop, facecolor=_SHADE, edgecolor="none", zorder=0)
        axes.axvline(start, color=_EDGE, linewidth=0.8, linestyle=":", zorder=0.5)
        level = index % LEVELS if len(faults) <= MOST_NAMED else 0
        if len(faults) <= MOST_NAMED:
            words = label(fault.what, 48)
        elif index == 0:
            words = f"{len(faults)} faults, shaded"
        else:
            continue
        axes.annotate(
            words, (start, 1), xycoords=("data", "axes fraction"),
            xytext=(0, 4 + level * LEVEL_HEIGHT * 72), textcoords="offset points", fontsize=8,
            color=_WORDS, va="bottom", ha="left" if start < axes.get_xlim()[1] * 0.7 else "right",
            annotation_clip=False,
        )  # fmt: skip
