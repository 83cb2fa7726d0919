"""Goodput beside the kernel's: as text, Markdown, CSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from overlaysim.report.table import Table
from overlaysim.units import format_rate
from overlaysim.validate.goodput import Point
from overlaysim.validate.goodput_path import read_path
from overlaysim.validate.goodput_reference import TOLERANCE, Comparison

_HEAD = (
    "payload", "path", "frame", "ours", "arithmetic", "kernel", "its runs", "off by",
    "verdict",
)  # fmt: skip
_OWN_COLUMNS = 5
_RATIO_HEAD = ("compared with plain", "payload", "path", "ours", "arithmetic", "kernel")
_TEXT = (1, 6, 8)
"""Columns that stand to the left."""
_RATIO_TEXT = (0, 2)
_NOTE = (
    "Mbit/s of payload; frame in bytes without FCS; kernel: median, lowest, highest of its runs;\n"
    f"agrees: within {100 * TOLERANCE:g} % of the median"
)


def goodput_text(comparisons: Sequence[Comparison]) -> str:
    """The tables for a terminal, and how many points agree."""
    blocks = []
    for title, group in _groups(comparisons):
        columns = _columns(group)
        rows = tuple(_cells(comparison)[:columns] for comparison in group)
        left = tuple(place for place in _TEXT if place < columns)
        blocks.append("\n".join([title, *Table(_HEAD[:columns], rows, left).lines()]))
    if ratios := _ratios(comparisons):
        blocks.append("\n".join(Table(_RATIO_HEAD, ratios, _RATIO_TEXT).lines()))
    return "\n\n".join([*blocks, _NOTE, _verdict(comparisons)]) + "\n"


def goodput_markdown(comparisons: Sequence[Comparison]) -> str:
    """The tables for a page."""
    blocks = [
        f"### {title}\n\n{_markdown(_HEAD, list(map(_cells, group)), _TEXT)}"
        for title, group in _groups(comparisons)
    ]
    if ratios := _ratios(comparisons):
        blocks.append(f"### Ratios\n\n{_markdown(_RATIO_HEAD, ratios, _RATIO_TEXT)}")
    return "\n\n".join([*blocks, f"{_NOTE}.", f"{_verdict(comparisons)}."]) + "\n"


def goodput_csv(comparisons: Sequence[Comparison]) -> str:
    """A row per point; rates in bit/s, the kernel's runs separated by spaces."""
    rows = [_values(comparison) for comparison in comparisons]
    lines = [",".join(rows[0])]
    for row in rows:
        runs = " ".join(f"{run:.0f}" for run in row["kernel_runs_bit_s"])
        lines.append(",".join(map(_csv_cell, (row | {"kernel_runs_bit_s": runs}).values())))
    return "\n".join(lines) + "\n"


def goodput_json(comparisons: Sequence[Comparison]) -> str:
    """A list with an object per point, with the names of the CSV's columns."""
    return json.dumps([_values(comparison) for comparison in comparisons], indent=2) + "\n"


def _values(comparison: Comparison) -> dict[str, Any]:
    ours, reference = comparison.ours, comparison.reference
    point = ours.point
    return {
        "protocol": point.protocol, "rate_bit_s": point.rate, "counted": point.counted,
        "payload": point.payload, "path": point.path.name,
        "encapsulation": point.path.encapsulation.name, "ip_version": point.path.family,
        "frame": point.frame, "goodput_bit_s": round(ours.goodput),
        "arithmetic_bit_s": round(point.predicted), "sent": ours.sent, "dropped": ours.dropped,
        "kernel_median_bit_s": None if reference is None else round(reference.median),
        "kernel_runs_bit_s": [round(run) for run in reference.runs] if reference else [],
        "off_by_percent": None if comparison.off is None else round(100 * comparison.off, 4),
        "agrees": None if reference is None else comparison.agrees,
    }  # fmt: skip


def _csv_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _groups(comparisons: Sequence[Comparison]) -> Iterator[tuple[str, list[Comparison]]]:
    """Points of one protocol, rate and way of counting, in the order in which they come."""
    groups: dict[tuple[str, int, int], list[Comparison]] = {}
    for comparison in comparisons:
        point = comparison.ours.point
        key = (point.protocol, point.rate, point.counted)
        groups.setdefault(key, []).append(comparison)
    for (protocol, rate, counted), group in groups.items():
        what = "with FCS, preamble and gap" if counted else "without FCS"
        yield f"{protocol.upper()} through {format_rate(rate)}, frames counted {what}", group


def _columns(group: Sequence[Comparison]) -> int:
    """How many columns a table has: without the kernel's there are only ours."""
    return len(_HEAD) if any(comparison.reference for comparison in group) else _OWN_COLUMNS


def _cells(comparison: Comparison) -> tuple[str, ...]:
    ours, reference = comparison.ours, comparison.reference
    point = ours.point
    cells = (
        str(point.payload), point.path.name, str(point.frame), _mbit(ours.goodput),
        _mbit(point.predicted),
    )  # fmt: skip
    if reference is None or comparison.off is None:
        return (*cells, "", "", "", "")
    runs = sorted(reference.runs)
    return (
        *cells, _mbit(reference.median), f"{_mbit(runs[0])}-{_mbit(runs[-1])} ({len(runs)})",
        f"{100 * comparison.off:+.2f} %", "agrees" if comparison.agrees else "DIFFERS",
    )  # fmt: skip


def _mbit(rate: float) -> str:
    return f"{rate / 1e6:.3f}"


def _ratios(comparisons: Sequence[Comparison]) -> tuple[tuple[str, ...], ...]:
    """Every other path's goodput as a share of the plain one's under the same conditions."""
    plain = read_path("plain")
    bases = [c for c in comparisons if c.ours.point.path.same(plain)]
    rows = []
    for comparison in comparisons:
        point = comparison.ours.point
        base = next((b for b in bases if _comparable(b.ours.point, point)), None)
        if base is None or point.path.same(plain):
            continue
        kernel = ""
        if comparison.reference is not None and base.reference is not None:
            kernel = f"{comparison.reference.median / base.reference.median:.4f}"
        rows.append(
            (f"{point.protocol.upper()} {format_rate(point.rate)}",
             str(point.payload) if point.payload == base.ours.point.payload else "full",
             point.path.name,
             f"{comparison.ours.goodput / base.ours.goodput:.4f}",
             f"{point.predicted / base.ours.point.predicted:.4f}", kernel)
        )  # fmt: skip
    return tuple(rows)


def _comparable(one: Point, other: Point) -> bool:
    """Whether two points differ in their path alone: the same payload, or as much as fits."""
    if (one.protocol, one.rate, one.counted) != (other.protocol, other.rate, other.counted):
        return False
    return one.payload == other.payload or (_is_full(one) and _is_full(other))


def _is_full(point: Point) -> bool:
    return point.payload == point.path.largest_payload(point.protocol)


def _verdict(comparisons: Sequence[Comparison]) -> str:
    compared = [comparison for comparison in comparisons if comparison.reference is not None]
    if not compared:
        return "the kernel was measured at none of these points"
    agree = sum(comparison.agrees for comparison in compared)
    return f"{agree} of {len(compared)} points agree with the kernel"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int]) -> str:
    rule = ["---" if place in left else "---:" for place in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
