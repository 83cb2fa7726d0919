"""Everything that a plane has to say of a workload, in a form that can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from overlaysim.planes.records import Ends, Hops
from overlaysim.planes.run import Plane, run_workload
from overlaysim.planes.workload import Workload

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Side:
    """What one plane gave."""

    ends: list[Row]
    hops: list[Row]
    links: dict[str, Row]
    ledger: Row
    in_flight: int


def run_on(plane: Plane, workload: Workload, seed: int = 1) -> Side:
    """Run a workload and note every packet's fate, every hop and every counter."""
    ends: list[Row] = []
    hops: list[Row] = []

    def note_ends(some: Ends) -> None:
        columns = (
            some.numbers, some.flows, some.born, some.turned, some.ended, some.transmit,
            some.propagate, some.queue,
        )  # fmt: skip
        for row in zip(*(column.tolist() for column in columns), strict=True):
            ends.append((*row, some.reason, some.where))

    def note_hops(some: Hops) -> None:
        for row in zip(*(column.tolist() for column in some[1:]), strict=True):
            hops.append((some.link, *row))

    outcome = run_workload(workload, plane, seed, on_ends=note_ends, on_hops=note_hops)
    links = {
        link.name: (
            link.busy, link.largest_queue, sorted((k, v) for k, v in link.drops.items() if v),
            sorted((repr(k), v) for k, v in link.compositions.items() if v),
        )
        for link in outcome.underlay.links.values()
    }  # fmt: skip
    ledger = outcome.simulator.ledger
    counts = tuple(
        sorted((key, count) for key, count in counter.items() if count)
        for counter in (ledger.created, ledger.delivered, ledger.dropped)
    )
    return Side(sorted(ends), sorted(hops), links, counts, outcome.in_flight)


def agree(workload: Workload, seed: int = 1) -> None:
    """Check that both planes give the same."""
    compare(run_on("event", workload, seed), run_on("vector", workload, seed))


def compare(event: Side, vector: Side) -> None:
    """Check field by field, so that pytest shows the first packet that differs."""
    assert vector.ends == event.ends
    assert vector.hops == event.hops
    assert vector.links == event.links
    assert vector.ledger == event.ledger
    assert vector.in_flight == event.in_flight
