"""The tables of a report about faults: what they did to names, and packets that went astray."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

from overlaysim.measure import Fault, Measurements, Span
from overlaysim.measure.failures import recoveries
from overlaysim.report.table import Table
from overlaysim.report.telling import natural
from overlaysim.units import SECOND, format_count, format_roughly, format_seconds

MOST_FAULTS = 12
MOST_STRAYS = 8
_BAD = ("missing", "stale", "wrong")


def faults_table(m: Measurements) -> Table | None:
    """What each fault did to the names; None if no fault did anything to them."""
    faults = m.failures.faults[:MOST_FAULTS]
    bad = sorted(
        (span for span in m.audit.spans if not {*span.verdict}.isdisjoint(_BAD)),
        key=lambda span: span.start,
    )
    rows = [_row(m, fault, bad) for fault in faults]
    if all(row[3] == "-" and row[5:8] == ("0.000",) * 3 for row in rows):
        return None
    notes = [
        "held failed: time until half of the hosts that ever held a concerned one for failed (by) "
        "did so",
        "missing, stale, wrong: seconds x host over all names, from the fault to the next one",
        "right again: time from its end until the last host was, and which that was",
    ]
    if len(faults) < len(m.failures.faults):
        notes.insert(0, f"the first {len(faults)} of {len(m.failures.faults)} faults")
    false = sum(verdict.false for verdict in m.failures.verdicts)
    if false:
        times = "once" if false == 1 else f"{format_count(false)} times"
        notes.append(f"{times} gossip held a host for failed that no fault concerned")
    return Table(
        ("names under failure", "at", "lasted", "held failed", "by", *_BAD, "right again"),
        tuple(rows),
        left=(0, 8),
        notes=tuple(notes),
    )


def _row(m: Measurements, fault: Fault, bad: Sequence[Span]) -> tuple[str, ...]:
    until = m.failures.window(fault, m.meta.simulated)
    verdicts = m.failures.detections(fault=fault.number)
    took = sorted(verdict.took for verdict in verdicts)
    times = dict.fromkeys(_BAD, 0)
    for span in bad[: bisect_left(bad, until, key=lambda span: span.start)]:
        for word in span.verdict:
            times[word] += max(0, min(span.end, until) - max(span.start, fault.began))
    return (
        fault.what,
        format_seconds(fault.began),
        "on" if fault.ended is None else format_roughly(fault.ended - fault.began),
        format_roughly(took[(len(took) - 1) // 2]) if took else "-",
        str(len({verdict.by for verdict in verdicts})),
        *(f"{times[word] / SECOND:.3f}" for word in _BAD),
        _right_again(m, fault, bad, until),
    )


def _right_again(m: Measurements, fault: Fault, bad: Sequence[Span], until: int) -> str:
    if fault.ended is None:
        return "-"
    times = recoveries(bad, m.audit.changes, fault.ended, until)
    if not any(times.values()):
        return "at once"
    last = max(sorted(times, key=natural), key=lambda host: times[host])
    if math.isinf(times[last]):
        still = sum(math.isinf(time) for time in times.values())
        return f"not yet, {still} {'host' if still == 1 else 'hosts'}"
    return f"{format_roughly(int(times[last]))}, {last}"


def strays_table(m: Measurements) -> Table | None:
    """Packets that reached another endpoint than the name they were sent to means."""
    strays = {
        (flow, reached): count
        for flow, fates in m.fates.flows.items()
        for reached, count in fates.misdelivered.items()
    }
    if not strays:
        return None
    ranked = sorted(strays, key=lambda key: (-strays[key], key))
    hidden = len(ranked) - MOST_STRAYS
    return Table(
        ("mis-delivered", "meant for", "reached", "packets"),
        tuple(
            (f"{flow.protocol} {flow.source}", flow.intended, reached,
             format_count(strays[flow, reached]))
            for flow, reached in ranked[:MOST_STRAYS]
        ),
        left=(0, 1, 2),
        notes=(f"and {hidden} more: see packets.csv",) if hidden > 0 else (),
    )  # fmt: skip
