"""What a real swarm did when the host of a task failed, and our distributions beside it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from overlaysim.report.table import Table
from overlaysim.validate.rounds import Row


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table.

    Attributes:
        metric: what is compared.
        title: for people.
        observed: what the real swarm did, as it was written down; seconds.
        low, high: its samples lie within these, in seconds; nothing was seen if ``low`` is greater.
        per_run: how many values a run can have, 0 where that is not known before.
    """

    metric: str
    title: str
    observed: str
    low: float = math.inf
    high: float = -math.inf
    per_run: int = 0


def _line(metric: str, title: str, *samples: float, per_run: int = 1) -> Line:
    """A line whose samples are known one by one."""
    shown = ", ".join(f"{sample:g}" for sample in samples)
    return Line(metric, title, shown, min(samples), max(samples), per_run)


_MERGED = Line("merged_s", "heal -> tables merged, each host", "0.4-2, some 10-30", 0.4, 2, 5)
_BACK = "heal -> old address back"
_BACK_FOR = "old address back, for"
_SIX = "six addresses, for"

TABLES: Mapping[str, tuple[str, tuple[Line, ...]]] = {
    "failover_freeze": (
        "Daemon stopped (SIGSTOP) for 40.6 s",
        (
            _line("name_gone_s", "address leaves the answers", 7.0, 7.1, per_run=2),
            Line("ping_fails_s", "ping by address fails", "7-8", 7, 8, 2),
            _line("node_down_s", "node marked down", 11.8),
            _line("assigned_s", "new task assigned", 11.8),
            _line("left_ready_s", "new task leaves ready", 16.4),
            _line("new_name_s", "new address in the answers", 16.6, 16.7, per_run=2),
            _line("new_running_s", "new task running", 17.6),
            _line("old_back_s", _BACK, 0.1, per_run=2),
            Line("old_back_for_s", _BACK_FOR, "about 1, both hosts", 1, 1, 2),
            Line("six_addresses_s", _SIX, "about 1, both hosts", 1, 1, 2),
            _line("old_shut_down_s", "old task shut down", 54),
            _MERGED,
        ),
    ),
    "failover_link": (
        "Link down for 35.2 s",
        (
            _line("name_gone_s", "address leaves the answers", 5.2, 5.3, 7.9, 7.9, per_run=2),
            Line("ping_fails_s", "ping by address fails", "at once", 0, 0, 2),
            _line("node_down_s", "node marked down", 11.8, 12.4),
            _line("assigned_s", "new task assigned", 11.8, 12.4),
            _line("left_ready_s", "new task leaves ready", 16.7, 17.3),
            _line("new_name_s", "new address in the answers", 17.7, 17.9, 19.6, 19.9, per_run=2),
            _line("new_running_s", "new task running", 17.9, 19.7),
            Line("old_back_s", _BACK, "0.6 on 1 of 4 hosts", 0.6, 0.6, 2),
            Line("old_back_for_s", _BACK_FOR, "about 6 on 1 of 4", 5.9, 5.9, 2),
            Line("six_addresses_s", _SIX, "about 6 on 1 of 4", 5.9, 5.9, 2),
            _line("old_shut_down_s", "old task shut down", 54, 54),
            _MERGED,
            Line("healthy_lacked_s", "healthy host lacks another, for",
                 "26 (one in two cases)", 26, 26),
        ),
    ),
    "failover_long_link": (
        "Link down for 150 s: the isolated host forgets everybody",
        (
            Line("own_stale_s", "a name leaves its answers", "26 to more than 60", 26, 60, 4),
            _MERGED,
        ),
    ),
}  # fmt: skip
"""Of each experiment its title and lines. Times count from the fault unless the title says other.

The samples of the first two are of single cases (one with the daemon stopped, two with the link
down; two hosts were asked); "merged" and the last experiment are what was seen over many others.
"""

_HEAD = ("seconds", "observed", "min", "5 %", "median", "95 %", "max", "n", "its place in ours")


WIDTH = 130
"""Columns of text that the tables may use."""


def failover_text(rows: Sequence[Row], *, policy: str) -> str:
    """The tables for a terminal.

    Args:
        policy: what became of failed hosts' entries, for the titles.
    """
    blocks = ["\n".join([title, *table.lines(WIDTH)]) for title, table in _tables(rows, policy)]
    return "\n\n".join(blocks) + "\n"


def failover_markdown(rows: Sequence[Row], *, policy: str) -> str:
    """The same tables for a page."""
    blocks = []
    for title, table in _tables(rows, policy):
        rule = ["---" if place in table.left else "---:" for place in range(len(table.head))]
        lines = [f"| {' | '.join(row)} |" for row in (table.head, rule, *table.rows)]
        blocks.append("\n".join([f"### {title}", "", *lines]))
    return "\n\n".join(blocks) + "\n"


def _tables(rows: Sequence[Row], policy: str) -> Iterator[tuple[str, Table]]:
    values: dict[tuple[str, str], list[float]] = {}
    runs: dict[str, set[int]] = {}
    for row in rows:
        values.setdefault((row.experiment, row.metric), []).append(row.value)
        runs.setdefault(row.experiment, set()).add(row.seed)
    for name, (title, lines) in TABLES.items():
        if name in runs:
            cells = tuple(
                _cells(line, sorted(values.get((name, line.metric), ())), len(runs[name]))
                for line in lines
            )
            yield (
                f"{title}; a failed host's entries are {policy}; {len(runs[name])} runs",
                Table(_HEAD, cells, left=(0, 1, 8)),
            )


def _cells(line: Line, values: Sequence[float], runs: int) -> tuple[str, ...]:
    count = f"{len(values)}/{line.per_run * runs}" if line.per_run else str(len(values))
    if not values:
        return (line.title, line.observed, *[""] * 5, count, "no value")
    numbers = (values[0], _rank(values, 5), statistics.median(values), _rank(values, 95))
    shown = (f"{number:.2f}" for number in (*numbers, values[-1]))
    return (line.title, line.observed, *shown, count, _place(line, values))


def _place(line: Line, values: Sequence[float]) -> str:
    """Where the observed samples lie in our distribution."""
    if line.low < values[0] and line.high < values[0]:
        return "below all"
    if line.low > values[-1]:
        return "above all"
    shares = [100 * sum(value <= edge for value in values) / len(values)
              for edge in (line.low, line.high)]  # fmt: skip
    low, high = (f"{share:.0f} %" for share in shares)
    return f"at {low}" if low == high else f"{low} to {high}"


def _rank(values: Sequence[float], percent: int) -> float:
    """The value with that rank among sorted ones."""
    return values[max(0, math.ceil(percent * len(values) / 100) - 1)]
