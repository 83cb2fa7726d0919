"""Runs a workload on either plane."""

from __future__ import annotations

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
        tally: what became of each flow; empty if somebody else took the packets.
    """

    plane: Plane
    simulator: Simulator
    underlay: Underlay
    in_flight: int
    tally: Tally

    @property
    def packet_hops(self) -> int:
        """Frames transmitted in full, added over the links."""
        return sum(link.frames for link in self.underlay.links.values())


class PlaneRun:
    """A workload that is set up on a plane and has not begun.

    Args:
        workload: what is sent, and what changes.
        plane: which plane; both give the same.
        seed: of all randomness.
        on_ends: takes all packets that ended instead of a :class:`Tally`.
        on_hops: takes every frame that crossed a link.
    """

    def __init__(
        self,
        workload: Workload,
        plane: Plane,
        seed: int = 1,
        *,
        on_ends: OnEnds | None = None,
        on_hops: OnHops | None = None,
    ) -> None:
        self._plane = plane
        self._until = workload.until
        self._simulator = simulator = Simulator(seed)
        self._underlay = underlay = Underlay(
            simulator, workload.topology, trace=on_hops is not None, **workload.underlay
        )
        for change in workload.changes:
            simulator.call_at(change.at, partial(_apply, underlay), change)
        self._tally = tally = Tally(workload.flows)
        self._runner = PLANES[plane](
            simulator, underlay, workload.flows, on_ends or tally.add, on_hops
        )

    def run(self) -> Outcome:
        """Run it to its end.

        Raises:
            ModelError: if packets do not add up.
        """
        self._runner.run(self._until)
        expected, held = self._simulator.ledger.in_flight, self._runner.in_flight
        if expected != held:
            raise ModelError(
                f"packets do not add up: {expected} should be in flight, but links hold {held}"
            )
        return Outcome(self._plane, self._simulator, self._underlay, held, self._tally)


def run_workload(
    workload: Workload,
    plane: Plane,
    seed: int = 1,
    *,
    on_ends: OnEnds | None = None,
    on_hops: OnHops | None = None,
) -> Outcome:
    """Set a workload up and run it to its end; see :class:`PlaneRun`."""
    return PlaneRun(workload, plane, seed, on_ends=on_ends, on_hops=on_hops).run()


def _apply(underlay: Underlay, change: Change) -> None:
    change.apply(underlay)
