"""Comparisons and summaries as text and as Markdown."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Sequence

from overlaysim.report.table import Table
from overlaysim.validate.compare import LAW_TOLERANCE, Cell, Comparison, Estimate
from overlaysim.validate.rounds import Row

_HEAD = ("N", "loss", "metric", "ours", "reference", "off by", "allowed", "verdict")
LAW_MARK = "*"
_DIGITS = re.compile(r"([0-9]+)")
_TEXT = (2, 7)
"""Columns that stand to the left."""


def estimate_text(estimate: Estimate | None) -> str:
    """A mean, its standard error to one or two digits, the number of runs: ``0.10 ± 0.01 (9)``."""
    if estimate is None:
        return "no run"
    mean, error = estimate.mean, estimate.error
    if error == 0:
        return f"{mean:.4g} ± 0 ({estimate.runs})"
    if not math.isfinite(error):
        return f"{_number(mean)} (1)"
    least = 1 - _magnitude(error)
    decimals = max(0, least, min(least + 1, 4 - _magnitude(mean)))
    return f"{mean:.{decimals}f} ± {error:.{decimals}f} ({estimate.runs})"


def comparison_text(comparisons: Iterable[Comparison]) -> str:
    """The tables for a terminal."""
    blocks = []
    for comparison in comparisons:
        table = Table(_HEAD, tuple(map(_cells, comparison.cells)), _TEXT, _notes(comparison))
        blocks.append("\n".join([comparison.title, *table.lines()]))
    return "\n\n".join(blocks) + "\n"


def comparison_markdown(comparisons: Iterable[Comparison]) -> str:
    """The tables for a page."""
    rule = ["---" if place in _TEXT else "---:" for place in range(len(_HEAD))]
    blocks = []
    for comparison in comparisons:
        rows = [_HEAD, rule, *map(_cells, comparison.cells)]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        notes = [line for note in _notes(comparison) for line in ("", note)]
        blocks.append("\n".join([f"### {comparison.title}", "", *lines, *notes]))
    return "\n\n".join(blocks) + "\n"


def verdict_text(comparisons: Sequence[Comparison]) -> str:
    """How many cells agree, and which do not."""
    cells = [(comparison, cell) for comparison in comparisons for cell in comparison.cells]
    failed = [(comparison, cell) for comparison, cell in cells if not cell.passes]
    lines = [f"{len(cells) - len(failed)} of {len(cells)} cells agree"]
    lines += [
        f"  not: {comparison.title}, {cell.nodes} nodes, {cell.loss:g} % loss: {cell.metric.title}"
        for comparison, cell in failed
    ]
    return "\n".join(lines) + "\n"


def summary_text(rows: Sequence[Row]) -> str:
    """What one experiment gave: a line per metric."""
    groups: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        groups.setdefault((row.experiment, row.metric), []).append(row.value)
    blocks = []
    for experiment in sorted({experiment for experiment, _ in groups}):
        lines = tuple(
            (metric, str(len(values)), *map(_number, _statistics(values)))
            for (of, metric), values in sorted(groups.items(), key=_natural)
            if of == experiment
        )
        head = (experiment, "runs", "mean", "median", "95 %", "max")
        blocks.append("\n".join(Table(head, lines).lines()))
    return "\n\n".join(blocks) + "\n"


def _notes(comparison: Comparison) -> tuple[str, ...]:
    law = (
        f"{LAW_MARK} decided by the protocol's rules alone: within {100 * LAW_TOLERANCE:.0f} %,"
        " or three joint standard errors where that is more"
    )
    return (law,) if any(cell.law for cell in comparison.cells) else ()


def _cells(cell: Cell) -> tuple[str, ...]:
    verdict = "agrees" if cell.passes else "DIFFERS"
    return (
        str(cell.nodes), f"{cell.loss:g} %", cell.metric.title, estimate_text(cell.ours),
        estimate_text(cell.reference), _off(cell), _share(cell.allowed, cell),
        verdict + LAW_MARK * cell.law,
    )  # fmt: skip


def _off(cell: Cell) -> str:
    return "" if cell.ours is None else _share(cell.ours.mean - cell.reference.mean, cell, "+")


def _share(difference: float, cell: Cell, sign: str = "") -> str:
    """A difference as a share of the reference, or as it is where that is zero."""
    if cell.reference.mean == 0:
        return f"{difference:{sign}.3g}"
    return f"{100 * difference / abs(cell.reference.mean):{sign}.1f} %"


def _statistics(values: Sequence[float]) -> tuple[float, float, float, float]:
    """Mean, median, 95th percentile (the value with that rank) and maximum."""
    ranked = sorted(values)
    high = ranked[math.ceil(0.95 * len(ranked)) - 1]
    return statistics.fmean(ranked), statistics.median(ranked), high, ranked[-1]


def _number(value: float) -> str:
    decimals = max(0, min(6, 4 - _magnitude(value)))
    return f"{value:.{decimals}f}"


def _natural(group: tuple[tuple[str, str], object]) -> list[tuple[int, str]]:
    """Order by metric, with 25 before 100."""
    return [
        (int(part), "") if part.isdigit() else (-1, part) for part in _DIGITS.split(group[0][1])
    ]


def _magnitude(value: float) -> int:
    """Digits before the point; negative for zeros after it."""
    return math.floor(math.log10(abs(value))) + 1 if value else 1
