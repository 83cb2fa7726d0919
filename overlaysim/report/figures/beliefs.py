"""One name on every host over time: the map of who was right and who was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from overlaysim.measure import Measurements, Span
from overlaysim.measure.truth import canonical
from overlaysim.report.figures.faults import room_for_faults, shade_faults
from overlaysim.report.figures.names import (
    FILLS,
    MOST_HOSTS,
    WORDS,
    Group,
    group_names,
    state_of,
)
from overlaysim.report.figures.style import label, new_figure
from overlaysim.report.telling import natural
from overlaysim.units import SECOND, format_duration

MOST_ROWS = 60
_MANY = 16
"""Hosts from which on rows are thin and their labels small."""
_HEIGHTS = {"correct": 0.22, "missing": 0.62, "stale": 0.78, "missing and stale": 0.86,
            "wrong": 0.94}  # fmt: skip
"""How much of its row a state fills: worse is taller, for whoever sees no colours."""


def beliefs_figure(measurements: Measurements, name: str | None = None) -> Figure | None:
    """Draw the state of every host about one name.

    Args:
        measurements: the run.
        name: the name; None for the one in which most went wrong.

    Returns:
        The figure; None if no host was ever wrong about the name, or without a name given, if
        the run had no faults and so few hosts that the figure of all names shows them.
    """
    spans = measurements.audit.spans
    if name is not None:
        spans = tuple(span for span in spans if canonical(span.name) == canonical(name))
    groups = [group for group in group_names(spans) if group.trouble]
    if not groups:
        return None
    worst = max(groups, key=lambda group: group.trouble)
    rows = _by_host(worst.spans)
    faults = measurements.failures.faults
    if name is None and not faults and len(rows) <= MOST_HOSTS:
        return None
    hosts = _worst_hosts(rows)
    row_height = 0.28 if len(hosts) <= _MANY else 0.135
    top = 0.62 + room_for_faults(faults)
    height = top + 1.15 + row_height * len(hosts)
    figure = new_figure(10.5, height)
    axes = figure.add_axes((0.12, 1.05 / height, 0.72, 1 - (1.05 + top) / height))
    _frame(axes, hosts, worst, measurements.meta.simulated)
    for row, host in enumerate(hosts):
        _draw_row(axes, row, rows[host], row_height)
    shade_faults(axes, faults, measurements.meta.simulated)
    moments = [
        change.at / SECOND
        for change in measurements.audit.changes
        if (change.network, change.name) == (worst.network, worst.name)
    ]
    axes.vlines(moments, -0.5, len(hosts) - 0.5, color="black", linewidth=0.9,
                linestyle=(0, (3, 2)), zorder=3)  # fmt: skip
    title = f"Who is right about {worst.heading}"
    figure.text(0.02, 1 - 0.33 / height, title, fontsize=12, fontweight="bold")
    if len(hosts) < len(rows):
        left_out = f"the {len(hosts)} worst of {len(rows)} hosts"
        figure.text(0.98, 1 - 0.33 / height, left_out, fontsize=8.5, ha="right", color="#444444")
    _legend(figure, {state_of(span) for host in hosts for span in rows[host]}, bool(moments))
    return figure


def _by_host(spans: Sequence[Span]) -> dict[str, list[Span]]:
    rows: dict[str, list[Span]] = {}
    for span in spans:
        rows.setdefault(span.host, []).append(span)
    return rows


def _not_right(spans: Sequence[Span]) -> int:
    return sum(span.end - span.start for span in spans if state_of(span) != "correct")


def _worst_hosts(rows: Mapping[str, Sequence[Span]]) -> list[str]:
    """All hosts in their natural order, or those that were wrong the longest."""
    hosts = sorted(rows, key=natural)
    ranked = sorted(hosts, key=lambda host: -_not_right(rows[host]))[:MOST_ROWS]
    return [host for host in hosts if host in ranked]


def _draw_row(axes: Axes, row: int, spans: Sequence[Span], row_height: float) -> None:
    for state, fill in FILLS.items():
        stretches = [
            (span.start / SECOND, (span.end - span.start) / SECOND)
            for span in spans
            if state_of(span) == state
        ]
        size = _HEIGHTS[state]
        axes.broken_barh(
            stretches, (row - size / 2, size), facecolor=fill.colour, hatch=fill.hatch,
            edgecolor="#444444", linewidth=0, zorder=2,
        )  # fmt: skip
    wrong = _not_right(spans)
    if wrong:
        axes.text(1.01, row, f"not right for {format_duration(wrong)}", va="center",
                  fontsize=8 if row_height > 0.2 else 6.5,
                  transform=axes.get_yaxis_transform())  # fmt: skip


def _frame(axes: Axes, hosts: Sequence[str], group: Group, end: int) -> None:
    """A tick per host; time from the first span to the end of the run."""
    axes.set_yticks(range(len(hosts)), [label(host, 14) for host in hosts])
    axes.set_ylim(len(hosts) - 0.5, -0.5)
    start = min(span.start for span in group.spans)
    margin = max(1, end - start) * 0.01
    axes.set_xlim((start - margin) / SECOND, (end + margin) / SECOND)
    axes.set_xlabel("simulated time, s")
    axes.tick_params(axis="y", length=0, labelsize=9 if len(hosts) <= _MANY else 6.5)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def _legend(figure: Figure, states: set[str], changed: bool) -> None:
    handles: list[Patch | Line2D] = [
        Patch(facecolor=fill.colour, hatch=fill.hatch, edgecolor="#444444", linewidth=0,
              label=WORDS[state])
        for state, fill in FILLS.items() if state in states
    ]  # fmt: skip
    if changed:
        handles.append(Line2D([], [], color="black", linewidth=0.9, linestyle=(0, (3, 2)),
                              label="the truth changed"))  # fmt: skip
    figure.legend(handles=handles, loc="lower center", ncols=3)
