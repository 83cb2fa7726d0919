"""The tables of a report, made from the measurements of a run.

Each function returns None when the run holds nothing for its table, so that a report shows only
what happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from overlaysim.measure import CATEGORIES, Change, Distribution, Measurements
from overlaysim.measure.bulk import dropped_at
from overlaysim.measure.overhead import BULK_KIND
from overlaysim.report.table import Table
from overlaysim.sim import DROP_REASONS, PARTS
from overlaysim.units import (
    SECOND,
    format_count,
    format_duration,
    format_roughly,
    format_seconds,
)

MOST_FLOWS = 16
MOST_CHANGES = 16
MOST_PLACES = 12
MOST_COMMANDS = 8

CATEGORY_LABELS = {
    "payload": "payload",
    "inner-headers": "inner headers",
    "encapsulation": "encapsulation",
    "outer-headers": "outer headers",
    "ethernet-extras": "Ethernet extras",
    "bulk-payload": "bulk payload",
    "bulk-headers": "bulk headers, extras",
    "fragment": "headers of fragments",
    "icmp": "ICMP errors",
    "probe": "gossip, probes",
    "membership": "gossip, membership",
    "table": "gossip, tables",
    "bulk-sync": "gossip, bulk sync",
    "push-pull": "gossip, push/pull",
    "manager": "managers",
    "heartbeat": "heartbeats",
}
"""What people call the categories of :data:`overlaysim.measure.CATEGORIES`."""


@dataclass(frozen=True)
class ExpectationResult:
    """One ``expect`` line after the run: its text, what was measured (in words), if it holds."""

    text: str
    measured: str
    holds: bool


class ShortNames:
    """Leaves out ``@host`` of containers where no other container of the run has that name."""

    def __init__(self, labels: Iterable[str]) -> None:
        names = Counter(label.partition("@")[0] for label in dict.fromkeys(labels))
        self._shared = {name for name, count in names.items() if count > 1}

    def __call__(self, label: str) -> str:
        """The shortest name that is still clear."""
        name = label.partition("@")[0]
        return label if name in self._shared else name


def flow_rows(m: Measurements) -> list[tuple[str, Distribution]]:
    """The flows worth a row: round trips of pings, then what else was sent one way.

    The one-way echoes of a ping are left out; the round trip tells their story.
    """
    latencies = m.latencies
    short = ShortNames(
        [label for flow in latencies.flows for label in (flow.source, flow.intended)]
    )
    pings = latencies.pings
    rows = [(f"ping {short(a)} -> {short(b)}", d) for (a, b), d in pings.items()]
    for (source, intended, protocol), distribution in latencies.flows.items():
        if protocol != "icmp" or not {(source, intended), (intended, source)} & pings.keys():
            rows.append((f"{protocol} {short(source)} -> {short(intended)}", distribution))
    return rows


def latency_tables(m: Measurements) -> tuple[Table, Table | None] | None:
    """Counts and percentiles per flow, and the shares of the parts for those that arrived."""
    rows = flow_rows(m)
    if not rows:
        return None
    shown = sorted(rows, key=lambda row: -row[1].sent)[:MOST_FLOWS]
    kept = [row for row in rows if row in shown]
    notes = [] if len(rows) == len(kept) else [f"{len(rows) - len(kept)} flows with less traffic"]
    if len(rows) > 1:
        kept.append(("all messages, one way", m.latencies.total))
    astray = any(distribution.astray for _, distribution in kept)
    table = Table(
        ("latency", "sent", "lost", *(["astray"] if astray else []), "p50", "p90", "p99", "max"),
        tuple(
            (
                label, format_count(d.sent), format_count(d.lost),
                *([format_count(d.astray)] if astray else []),
                *(_time(d.percentile(percent)) for percent in (50, 90, 99, 100)),
            )
            for label, d in kept
        ),
        notes=(
            *(f"{note}: see packets.csv" for note in notes),
            *(["astray: reached another endpoint than the sender meant"] if astray else []),
        ),
    )  # fmt: skip
    arrived = [(label, d) for label, d in kept if sum(d.parts)]
    if not arrived:
        return table, None
    parts = Table(
        ("where the time went", *PARTS, "mean"),
        tuple(
            (label, *(_percent(share) for share in d.shares), _time(round(d.mean or 0)))
            for label, d in arrived
        ),
    )
    return table, parts


def overhead_table(m: Measurements) -> Table | None:
    """Bytes on all links by what they were for."""
    if not m.overhead.size:
        return None
    rows = [
        (
            CATEGORY_LABELS[category],
            format_count(m.overhead.total[category]),
            _percent(m.overhead.share(category)),
        )
        for category in CATEGORIES
        if m.overhead.total[category]
    ]
    rows.append(("on all links", format_count(m.overhead.size), "100.0 %"))
    return Table(("on the wire", "bytes", "share"), tuple(rows))


def resolution_table(m: Measurements) -> Table | None:
    """Look-ups by verdict, and how long the hosts were in each state."""
    counts, times = m.audit.lookup_counts(), m.audit.time_in_states()
    if not counts and not times:
        return None
    rows = [
        (word, format_count(counts[word]), f"{times[word] / SECOND:.3f}")
        for word in ("correct", "missing", "stale", "wrong")
    ]
    if counts["forwarded"]:
        rows.append(("forwarded", format_count(counts["forwarded"]), ""))
    return Table(("names", "look-ups", "seconds x host"), tuple(rows))


def convergence_table(m: Measurements) -> Table | None:
    """The time until the hosts knew of each change; names that changed alike share a row."""
    groups: dict[Change, list[str]] = {}
    for change in m.audit.changes:
        alike = Change(
            change.at, change.network, "", change.host, change.what,
            change.p50, change.p99, change.p100, change.outcome,
        )  # fmt: skip
        groups.setdefault(alike, []).append(change.name)
    if not groups:
        return None
    ranked = sorted(groups, key=lambda c: (c.outcome != "open", -(c.p100 or 0)))[:MOST_CHANGES]
    kept = [change for change in groups if change in ranked]
    notes = ["50, 99, 100 %: the time until so many of the network's hosts answered correctly"]
    if any(len(names) > 1 for names in groups.values()):
        notes.append("+1: that many other names of the same container changed with it")
    if len(kept) < len(groups):
        notes.append(f"the {len(kept)} slowest of {len(groups)} changes; all are in changes.csv")
    if any(c.outcome == "superseded" and c.p100 is None for c in kept):
        notes.append("overtaken: the name changed again before")
    networks = {change.network for change in kept}
    one = len(networks) == 1
    title = f"names of {kept[0].network}" if one else "names"
    return Table(
        (title, "", *(() if one else ("network",)), "on", "at", "50 %", "99 %", "100 %"),
        tuple(
            (
                _some(groups[c]), c.what, *(() if one else (c.network,)), c.host,
                format_seconds(c.at), *(_reached(c, time) for time in (c.p50, c.p99, c.p100)),
            )
            for c in kept
        ),
        left=(0, 1, 2) if one else (0, 1, 2, 3),
        notes=tuple(notes),
    )  # fmt: skip


def drops_table(m: Measurements) -> Table | None:
    """Where packets ended and why, with what each reason means."""
    places = Counter((row.reason, row.kind, row.where) for row in m.packets if row.reason)
    for (reason, where), count in dropped_at(m.bulk).items():
        places[reason, BULK_KIND, where] += count
    if not places:
        return None
    ranked = sorted(places, key=lambda place: (-places[place], place))
    shown, hidden = ranked[:MOST_PLACES], ranked[MOST_PLACES:]
    reasons = dict.fromkeys(reason for reason, _, _ in shown)
    notes = [f"{reason}: {DROP_REASONS.get(reason, 'a reason of its own')}" for reason in reasons]
    if hidden:
        rest = format_count(sum(places[place] for place in hidden))
        files = " and ".join(["packets.csv"] * bool(len(m.packets)) + ["bulk.csv"] * bool(m.bulk))
        notes.insert(0, f"and {rest} packets at {len(hidden)} more places: see {files}")
    return Table(
        ("dropped", "kind", "where", "packets"),
        tuple((*place, format_count(places[place])) for place in shown),
        left=(0, 1, 2),
        notes=tuple(notes),
    )


def failures_table(m: Measurements) -> Table | None:
    """The docker commands that ended with an error."""
    failed = [command for command in m.commands if command.status]
    if not failed:
        return None
    hidden = len(failed) - MOST_COMMANDS
    return Table(
        ("command failed", "on host", "at", "status", "said"),
        tuple(
            (c.command, c.host, format_seconds(c.at), str(c.status), c.complaint)
            for c in failed[:MOST_COMMANDS]
        ),
        left=(0, 1, 4),
        notes=(f"and {hidden} more: see events.jsonl",) if hidden > 0 else (),
    )


def expectations_table(expectations: Sequence[ExpectationResult]) -> Table | None:
    """Each ``expect`` line, what was measured and whether it holds."""
    if not expectations:
        return None
    rows = tuple((e.text, e.measured, "holds" if e.holds else "FAILS") for e in expectations)
    return Table(("expected", "measured", ""), rows, left=(0, 1, 2))


def headline(m: Measurements) -> str:
    """The run in one line; where the plane was chosen, another line says which and why."""
    meta = m.meta
    words = [
        meta.name,
        f"seed {meta.seed}",
        f"{format_seconds(meta.simulated)} simulated",
        f"{format_count(meta.packets)} packets",
        *([] if meta.plane_reason else [f"{meta.plane} plane"]),
        *([] if meta.complete else ["interrupted"]),
    ]
    return " · ".join(words)


def conservation_line(m: Measurements) -> str:
    """The packets of the run, added up, in one sentence."""
    books = m.conservation
    reasons = ", ".join(f"{reason} {format_count(n)}" for reason, n in books.by_reason().items())
    return (
        f"conservation: {format_count(sum(books.created.values()))} packets created"
        f" = {format_count(sum(books.delivered.values()))} delivered"
        f" + {format_count(books.drops())} dropped{f' ({reasons})' if reasons else ''}"
        f" + {format_count(sum(books.in_flight.values()))} in flight"
    )


def _time(ps: int | None) -> str:
    return "-" if ps is None else format_duration(ps)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _some(names: Sequence[str]) -> str:
    """The first of several names and the number of the others."""
    return names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"


def _reached(change: Change, time: int | None) -> str:
    if time is not None:
        return "at once" if time == 0 else format_roughly(time)
    return "overtaken" if change.outcome == "superseded" else "not yet"
