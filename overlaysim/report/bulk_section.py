"""The tables of a report about bulk traffic between hosts."""

from __future__ import annotations

from itertools import groupby

from overlaysim.measure import Distribution, Measurements
from overlaysim.measure.bulk import BulkUse, merged
from overlaysim.report.table import Table
from overlaysim.sim import PARTS
from overlaysim.units import format_count, format_duration

MOST_FLOWS = 16
"""Flows beyond which each entry of the scenario has one row for all of its flows."""

_USED = tuple(PARTS.index(part) for part in ("queue", "transmit", "propagate"))
"""The parts of a latency that a frame between hosts can have."""


def bulk_rows(m: Measurements) -> list[tuple[str, Distribution]]:
    """The rows of bulk traffic: each flow, or each entry where flows are many."""
    if len(m.bulk) <= MOST_FLOWS:
        return [(_label([flow]), flow.latency) for flow in m.bulk]
    entries = [list(flows) for _, flows in groupby(m.bulk, key=lambda flow: flow.entry)]
    return [(_label(flows), merged(flows)) for flows in entries]


def _label(flows: list[BulkUse]) -> str:
    word = "echo" if flows[0].echo else "bulk"
    ends = [
        dict.fromkeys(names) for names in zip(*((f.source, f.target) for f in flows), strict=True)
    ]
    source, target = (next(iter(end)) if len(end) == 1 else f"{len(end)} hosts" for end in ends)
    return f"{word} {source} -> {target}"


def bulk_tables(m: Measurements) -> tuple[Table, Table | None] | None:
    """What became of bulk packets and how long they took, and the shares of the parts."""
    rows = bulk_rows(m)
    if not rows:
        return None
    if len(rows) > 1:
        rows.append(("all bulk packets", merged(m.bulk)))
    notes = []
    if any(flow.echo for flow in m.bulk):
        notes.append("echo: from the request's birth to its answer's arrival")
    if len(m.bulk) > MOST_FLOWS:
        notes.append(f"{format_count(len(m.bulk))} flows; each is in bulk.csv")
    table = Table(
        ("bulk traffic", "sent", "lost", "p50", "p90", "p99", "max"),
        tuple(
            (
                label, format_count(d.sent), format_count(d.lost),
                *(_time(d.percentile(percent)) for percent in (50, 90, 99, 100)),
            )
            for label, d in rows
        ),
        notes=tuple(notes),
    )  # fmt: skip
    arrived = [(label, d) for label, d in rows if d.received]
    if not arrived:
        return table, None
    parts = Table(
        ("where its time went", *(PARTS[part] for part in _USED), "mean"),
        tuple(
            (label, *(f"{100 * d.shares[p]:.1f} %" for p in _USED), _time(round(d.mean or 0)))
            for label, d in arrived
        ),
    )
    return table, parts


def plane_line(m: Measurements) -> str:
    """Which plane carried bulk traffic and why; empty if the run had none."""
    return f"{m.meta.plane} plane: {m.meta.plane_reason}" if m.meta.plane_reason else ""


def _time(ps: int | None) -> str:
    return "-" if ps is None else format_duration(ps)
