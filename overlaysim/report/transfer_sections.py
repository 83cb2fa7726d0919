"""The tables of a report about TCP connections: what they carried, and which of them stalled."""

from __future__ import annotations

from overlaysim.measure import Measurements
from overlaysim.measure.transfers import (
    CLOSED,
    Stall,
    Traffic,
    Transfer,
    losses,
    traffic_by_pair,
)
from overlaysim.report.sections import ShortNames
from overlaysim.report.table import Table
from overlaysim.units import format_count, format_rate, format_seconds

MOST_PAIRS = 12
MOST_STALLED = 8


def transfers_table(m: Measurements) -> Table | None:
    """What TCP carried between each pair of endpoints, by direction."""
    pairs = {
        pair: traffic
        for pair, traffic in traffic_by_pair(m.transfers).items()
        if traffic.size or traffic.failed
    }
    if not pairs:
        return None
    shown = sorted(pairs, key=lambda pair: -pairs[pair].size)[:MOST_PAIRS]
    short = _short(m)
    notes = ["goodput: bytes that arrived, over the time in which a connection was busy"]
    if len(pairs) > len(shown):
        notes.insert(0, f"and {len(pairs) - len(shown)} more that carried less")
    return Table(
        ("TCP", "connections", "failed", "bytes", "goodput", "sent again"),
        tuple(
            _pair(f"{short(a)} -> {short(b)}", traffic)
            for (a, b), traffic in pairs.items()
            if (a, b) in shown
        ),
        notes=tuple(notes),
    )


def _pair(label: str, traffic: Traffic) -> tuple[str, ...]:
    rate = traffic.goodput
    return (
        label, format_count(traffic.connections), format_count(traffic.failed),
        format_count(traffic.size),
        "-" if rate is None else format_rate(int(float(f"{rate:.4g}"))),
        format_count(traffic.retransmissions),
    )  # fmt: skip


def stalled_table(m: Measurements) -> Table | None:
    """The connections that came to a standstill, and where their segments were lost."""
    stalled = [(t, t.stalled) for t in m.transfers if t.stalled is not None]
    recovered = sum(bool(t.stalls) and t.stalled is None for t in m.transfers)
    if not stalled:
        return None
    notes = []
    if len(stalled) > MOST_STALLED:
        notes.append(f"and {len(stalled) - MOST_STALLED} more: see events.jsonl")
    if recovered:
        notes.append(f"{format_count(recovered)} more stalled for a time, and went on")
    short = _short(m)
    return Table(
        ("stalled connection", "state", "since", "acknowledged", "of", "segments lost at", "why"),
        tuple(_stalled(m, t, stall, short) for t, stall in stalled[:MOST_STALLED] if stall),
        left=(0, 1, 5, 6),
        notes=tuple(notes),
    )


def _stalled(m: Measurements, t: Transfer, stall: Stall, short: ShortNames) -> tuple[str, ...]:
    places = losses(t, stall.since, m.packets).most_common(1)
    (where, why), _ = places[0] if places else (("-", "-"), 0)
    return (
        f"{short(t.endpoint)}:{t.local_port} -> {short(t.peer)}:{t.remote_port}",
        t.reason if t.reason not in ("", CLOSED) else stall.state,
        format_seconds(stall.since), format_count(stall.acknowledged),
        f"{format_count(stall.written)} B", where, why,
    )  # fmt: skip


def _short(m: Measurements) -> ShortNames:
    return ShortNames(label for t in m.transfers for label in (t.endpoint, t.peer))
