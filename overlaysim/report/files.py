"""The files of a run.

Everything is reproducible to the byte: integers in picoseconds and bytes, sorted keys, line feeds,
no time stamps, nothing of the machine or the interpreter.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from overlaysim.measure import CATEGORIES, Measurements
from overlaysim.report.layout import TopologyView
from overlaysim.report.run_folder import MANIFEST, PROGRAM, appearing_folder
from overlaysim.report.safe import csv_line
from overlaysim.report.sections import ExpectationResult
from overlaysim.report.text import render_text
from overlaysim.sim import PARTS

Cells = Iterable[str | int | None]


class Capture(Protocol):
    """What was captured and can write itself."""

    def write(self, path: Path) -> None:
        """Write ``capture.pcapng``."""


def write_run_folder(
    path: Path,
    measurements: Measurements,
    *,
    topology: TopologyView | None = None,
    figures: bool = True,
    capture: Capture | None = None,
    expectations: Sequence[ExpectationResult] = (),
) -> None:
    """Write the folder of a run; it appears complete or not at all.

    Args:
        path: the folder. One that an earlier run wrote is replaced.
        measurements: the run.
        topology: what the topology figure shows; without it there is no such figure.
        figures: whether to draw (the only part that needs matplotlib).
        capture: written as ``capture.pcapng`` if given.
        expectations: the ``expect`` lines, judged.

    Raises:
        InputError: if ``path`` is a file, or a folder with other things in it.
    """
    with appearing_folder(path) as folder:
        _write(folder / "report.txt", [render_text(measurements, expectations=expectations)])
        _write(folder / "packets.csv", map(csv_line, packet_lines(measurements)))
        _write(folder / "lookups.csv", map(csv_line, lookup_lines(measurements)))
        _write(folder / "changes.csv", map(csv_line, change_lines(measurements)))
        _write(folder / "links.csv", map(csv_line, link_lines(measurements)))
        if measurements.bulk:
            _write(folder / "bulk.csv", map(csv_line, bulk_lines(measurements)))
        _write(folder / "events.jsonl", map(event_line, measurements.events))
        if capture is not None:
            capture.write(folder / "capture.pcapng")
        if figures:
            from overlaysim.report.figures import write_figures  # noqa: PLC0415 (matplotlib)

            write_figures(folder / "figures", measurements, topology)
        _write(folder / MANIFEST, [_manifest(measurements, expectations, folder)])


def packet_lines(m: Measurements) -> Iterator[Cells]:
    """Every packet that ended, by the order of its end."""
    parts = [f"{part.replace('-', '_')}_ps" for part in PARTS]
    yield (
        "number", "kind", "protocol", "source", "intended", "outcome", "reached", "reason",
        "where", "message", "length_bytes", "born_ps", "ended_ps", *parts,
    )  # fmt: skip
    for row in m.packets:
        yield (
            row.number, row.kind, row.protocol, row.source, row.intended,
            "delivered" if row.delivered else "dropped", row.reached, row.reason, row.where,
            _message(row.message), row.length, row.born, row.ended, *row.parts,
        )  # fmt: skip


def lookup_lines(m: Measurements) -> Iterator[Cells]:
    """Every look-up with its verdict, in time order; lists are joined by blanks."""
    yield (
        "at_ps", "took_ps", "host", "container", "network", "name", "type", "rcode", "answers",
        "expected", "forwarded", "verdict",
    )  # fmt: skip
    for lookup in m.audit.lookups:
        e = lookup.event
        yield (
            e.at, e.took, e.host, e.container, e.network, e.name, e.qtype, e.rcode,
            " ".join(e.answers), " ".join(lookup.expected), "yes" if e.forwarded else "no",
            " ".join(lookup.verdict),
        )  # fmt: skip


def change_lines(m: Measurements) -> Iterator[Cells]:
    """Every change of a name with its convergence, in time order."""
    yield (
        "at_ps", "network", "name", "host", "change", "p50_ps", "p99_ps", "p100_ps", "outcome",
    )  # fmt: skip
    for c in m.audit.changes:
        yield c.at, c.network, c.name, c.host, c.what, c.p50, c.p99, c.p100, c.outcome


def link_lines(m: Measurements) -> Iterator[Cells]:
    """Every direction of every link: frames, bytes by category, drops, use."""
    yield (
        "link", "rate_bit_per_s", "frames", "bytes_on_wire",
        *(f"{category.replace('-', '_')}_bytes" for category in CATEGORIES),
        "busy_ps", "largest_queue_frames", "dropped", "drop_reasons",
    )  # fmt: skip
    for link in m.links:
        yield (
            link.name, link.rate, link.frame_count, link.bytes_on_wire,
            *link.bytes_by_category().values(), link.busy, link.largest_queue,
            sum(link.drops.values()),
            "; ".join(f"{reason} {count}" for reason, count in sorted(link.drops.items())),
        )  # fmt: skip


def bulk_lines(m: Measurements) -> Iterator[Cells]:
    """Every flow of bulk traffic: counts, latencies and their parts, drops by reason and place."""
    yield (
        "entry", "source", "target", "echo", "sent", "delivered", "lost", "p50_ps", "p90_ps",
        "p99_ps", "max_ps", "queue_ps", "transmit_ps", "propagate_ps", "drop_reasons",
    )  # fmt: skip
    for flow in m.bulk:
        latency = flow.latency
        yield (
            flow.entry + 1, flow.source, flow.target, "yes" if flow.echo else "no", latency.sent,
            latency.received, latency.lost,
            *(latency.percentile(percent) for percent in (50, 90, 99, 100)), *latency.parts[3:6],
            "; ".join(f"{why} {where} {count}" for (why, where), count in flow.dropped.items()),
        )  # fmt: skip


def event_line(event: Any) -> str:
    """One trace event as one line of JSON, its type under ``event``."""
    return _json({"event": type(event).__name__, **dataclasses.asdict(event)}) + "\n"


def _manifest(
    m: Measurements, expectations: Sequence[ExpectationResult], folder: Path
) -> str:  # fmt: skip
    meta = m.meta
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    content = {
        "program": PROGRAM,
        "version": meta.version,
        "scenario": {"name": meta.name, "sha256": meta.scenario_sha256},
        "seed": meta.seed,
        "settings": dict(meta.settings),
        "addresses": dict(meta.addresses),
        "warnings": list(meta.warnings),
        "plane": meta.plane,
        "plane_reason": meta.plane_reason,
        "simulated_ps": meta.simulated,
        "packets": meta.packets,
        "complete": meta.complete,
        "expectations": [dataclasses.asdict(e) for e in expectations],
        "files": [*files, MANIFEST],
    }
    return _json(content, indent=2) + "\n"


def _json(content: Any, indent: int | None = None) -> str:
    return json.dumps(content, sort_keys=True, indent=indent, allow_nan=False)


def _message(key: Hashable) -> str:
    """A message key in one cell."""
    if key is None:
        return ""
    return "/".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _write(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(lines)
