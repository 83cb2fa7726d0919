"""Runs a workload on either plane."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Literal

from overlaysim.errors import ModelError
from overlaysim.planes.event import EventPlane
from overlaysim.planes.records import OnEnds, OnHops, Tally
from overlaysim.planes.vector import VectorPlane
from overlaysim.planes.workload import Change, Workload
from overlaysim.sim import Simulator
from overlaysim.underlay import Underlay

Plane = Literal["event", "vector"]
PLANES: dict[str, type[EventPlane] | type[VectorPlane]] = {
    "event": EventPlane,
    "vector": VectorPlane,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A workload that has run.

    Attributes:
        plane: on which plane.
        simulator: its clock, and the ledger with all counts.
        underlay: its links, with their counters.
        in_flight: frames that links held at the end.
        tally: what became of each flow, if it was kept.
        cpu: CPU seconds of the run itself, without setting it up.
    """

    plane: Plane
    simulator: Simulator
    underlay: Underlay
    in_flight: int
    tally: Tally | None
    cpu: float

    @property
    def packet_hops(self) -> int:
        """Frames transmitted in full, added over the links."""
        return sum(link.frames for link in self.underlay.links.values())


def run_workload(
    workload: Workload,
    plane: Plane,
    seed: int = 1,
    *,
    on_ends: OnEnds | None = None,
    on_hops: OnHops | None = None,
) -> Outcome:
    """Run a workload to its end.

    Args:
        plane: which plane; both give the same.
        seed: of all randomness.
        on_ends: takes all packets that ended instead of a :class:`Tally`.
        on_hops: takes every frame that crossed a link.

    Raises:
        ModelError: if packets do not add up.
    """
    simulator = Simulator(seed)
    underlay = Underlay(
        simulator, workload.topology, trace=on_hops is not None, **workload.underlay
    )
    for change in workload.changes:
        simulator.call_at(change.at, partial(_apply, underlay), change)
    tally = Tally(workload.flows) if on_ends is None else None
    take = on_ends if tally is None else tally.add
    assert take is not None
    runner = PLANES[plane](simulator, underlay, workload.flows, take, on_hops)
    started = time.process_time()
    runner.run(workload.until)
    cpu = time.process_time() - started
    if simulator.ledger.in_flight != runner.in_flight:
        raise ModelError(
            f"packets do not add up: {simulator.ledger.in_flight} should be in flight, but links "
            f"hold {runner.in_flight}"
        )
    return Outcome(plane, simulator, underlay, runner.in_flight, tally, cpu)


def _apply(underlay: Underlay, change: Change) -> None:
    change.apply(underlay)
