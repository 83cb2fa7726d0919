"""Who knows what when: for each name and host, its state about the name over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from overlaysim.measure import Measurements, Span
from overlaysim.report.figures.style import (
    GREEN,
    ORANGE,
    PURPLE,
    VERMILION,
    YELLOW,
    Fill,
    label,
    new_figure,
)
from overlaysim.report.telling import is_short_id, most_telling
from overlaysim.units import SECOND, format_duration

MOST_NAMES = 6
MOST_HOSTS = 12

FILLS = {
    "correct": Fill(GREEN, ""),
    "missing": Fill(YELLOW, "//"),
    "stale": Fill(ORANGE, "\\\\"),
    "wrong": Fill(VERMILION, "xx"),
    "missing and stale": Fill(PURPLE, ".."),
}
"""How each state of a host about a name looks."""
WORDS = {
    "correct": "correct",
    "missing": "missing: does not know a live address",
    "stale": "stale: still answers a dead address",
    "wrong": "wrong: answers an address of somebody else",
    "missing and stale": "missing and stale at once",
}
"""What each state means."""


@dataclass(frozen=True)
class Group:
    """Names of one network with the same history, such as a container's name and its id."""

    heading: str
    network: str
    name: str
    spans: tuple[Span, ...]
    trouble: int


def names_figure(measurements: Measurements) -> Figure | None:
    """Draw the states of the names in which most went wrong; None if no name ever was.

    White is the time when there was nothing to know, or when the host did not hold the network.
    A dashed line is a change of the truth.
    """
    groups = group_names(measurements.audit.spans)
    if not groups:
        return None
    ranked = sorted(groups, key=lambda group: -group.trouble)[:MOST_NAMES]
    shown = [group for group in groups if group in ranked]
    hosts = sorted({span.host for group in groups for span in group.spans})
    kept = hosts[:MOST_HOSTS]
    block = len(kept) + 1
    height = 1.8 + 0.27 * block * len(shown)
    figure = new_figure(10.5, height)
    axes = figure.add_axes((0.13, 1.15 / height, 0.70, 1 - 1.8 / height))
    used: dict[str, None] = {}
    for index, group in enumerate(shown):
        _draw_group(axes, group, kept, index * block, used)
        moments = [
            change.at / SECOND
            for change in measurements.audit.changes
            if (change.network, change.name) == (group.network, group.name)
        ]
        axes.vlines(moments, index * block + 0.5, (index + 1) * block - 0.5, color="black",
                    linewidth=0.9, linestyle=(0, (3, 2)), zorder=3)  # fmt: skip
    _frame(axes, kept, len(shown), min(s.start for g in shown for s in g.spans),
           measurements.meta.simulated)  # fmt: skip
    left_out = _left_out(len(groups) - len(shown), len(hosts) - len(kept))
    figure.text(0.02, 1 - 0.35 / height, "Who knows what when", fontsize=12, fontweight="bold")
    figure.text(0.98, 1 - 0.35 / height, left_out, fontsize=8.5, ha="right", color="#444444")
    _legend(figure, [state for state in FILLS if state in used])
    return figure


def group_names(spans: Sequence[Span]) -> list[Group]:
    """Names with their spans, those of one history together, in the order of their first span."""
    by_name: dict[tuple[str, str], list[Span]] = {}
    for span in spans:
        if state_of(span):
            by_name.setdefault((span.network, span.name), []).append(span)
    alike: dict[tuple[object, ...], list[tuple[str, str]]] = {}
    for (network, name), own in by_name.items():
        history = (network, *((s.host, s.start, s.end, s.verdict) for s in own))
        alike.setdefault(history, []).append((network, name))
    groups = []
    for names in alike.values():
        network = names[0][0]
        name = most_telling(name for _, name in names)
        more = {1: "", 2: " and 1 more name alike"}.get(
            len(names), f" and {len(names) - 1} more names alike"
        )
        own = by_name[network, name]
        trouble = sum(s.end - s.start for s in own if state_of(s) != "correct")
        heading = f"{label(name)} in {label(network)}{more}"
        groups.append(Group(heading, network, name, tuple(own), trouble))
    return sorted(groups, key=_order)


def _order(group: Group) -> tuple[object, ...]:
    """By the first span; of those that began together, ids come last."""
    return (min(s.start for s in group.spans), is_short_id(group.name), group.network, group.name)


def state_of(span: Span) -> str:
    """The state as the figure shows it; empty if there was nothing to know."""
    if "absent" in span.verdict:
        return ""
    return "wrong" if "wrong" in span.verdict else " and ".join(span.verdict)


def _draw_group(
    axes: Axes, group: Group, hosts: Sequence[str], top: int, used: dict[str, None]
) -> None:
    """Draw one name: its heading, then a row per host with the time it was not right."""
    axes.text(0, top + 0.1, group.heading, fontsize=9.5, fontweight="bold", va="center",
              transform=axes.get_yaxis_transform())  # fmt: skip
    for row, host in enumerate(hosts, top + 1):
        not_right = 0
        for span in group.spans:
            if span.host != host:
                continue
            state = state_of(span)
            used[state] = None
            axes.broken_barh(
                [(span.start / SECOND, (span.end - span.start) / SECOND)], (row - 0.36, 0.72),
                facecolor=FILLS[state].colour, hatch=FILLS[state].hatch, edgecolor="#444444",
                linewidth=0,
            )  # fmt: skip
            not_right += span.end - span.start if state != "correct" else 0
        words = f"not right for {format_duration(not_right)}" if not_right else ""
        axes.text(1.01, row, words, fontsize=8, va="center", transform=axes.get_yaxis_transform())


def _frame(axes: Axes, hosts: Sequence[str], groups: int, start: int, end: int) -> None:
    """Axes: a tick per host and name, time from the first name to the end of the run."""
    block = len(hosts) + 1
    axes.set_yticks(
        [group * block + row for group in range(groups) for row in range(1, block)],
        [label(host, 14) for host in hosts] * groups,
    )
    axes.set_ylim(groups * block - 0.4, -0.5)
    margin = max(1, end - start) * 0.01
    axes.set_xlim((start - margin) / SECOND, (end + margin) / SECOND)
    axes.set_xlabel("simulated time, s")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def _left_out(names: int, hosts: int) -> str:
    """What the figure does not show, in words."""
    parts = [f"{names} less troubled name{'s' if names > 1 else ''}"] if names else []
    parts += [f"{hosts} more host{'s' if hosts > 1 else ''}"] if hosts else []
    return f"not shown: {', '.join(parts)}" if parts else ""


def _legend(figure: Figure, states: Sequence[str]) -> None:
    handles: list[Patch | Line2D] = [
        Patch(facecolor=FILLS[state].colour, hatch=FILLS[state].hatch, edgecolor="#444444",
              linewidth=0, label=WORDS[state])
        for state in states
    ]  # fmt: skip
    handles.append(Line2D([], [], color="black", linewidth=0.9, linestyle=(0, (3, 2)),
                          label="the truth changed"))  # fmt: skip
    figure.legend(handles=handles, loc="lower center", ncols=3)
