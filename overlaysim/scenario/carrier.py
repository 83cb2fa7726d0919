"""Carries the bulk traffic of a scenario through a world, on one plane or the other."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from overlaysim.cluster.world import World
from overlaysim.errors import ModelError
from overlaysim.measure import BulkUse, Distribution
from overlaysim.planes.event import EventPlane
from overlaysim.planes.records import Tally
from overlaysim.planes.vector import VectorPlane
from overlaysim.planes.workload import KIND
from overlaysim.scenario.bulk_flows import plan_flows
from overlaysim.scenario.model import BulkSpec
from overlaysim.scenario.plane import PlaneChoice


class Carrier:
    """The bulk traffic of one run.

    Args:
        world: whose links it takes.
        specs: what is sent.
        choice: the plane.
    """

    def __init__(self, world: World, specs: Sequence[BulkSpec], choice: PlaneChoice) -> None:
        self._world = world
        self._is_vector = choice.name == "vector"
        self._planned = list(plan_flows(world, specs, with_packets=not self._is_vector))
        flows = [planned.flow for planned in self._planned]
        self._tally = Tally(flows)
        make = VectorPlane if self._is_vector else EventPlane
        self._plane = make(world.simulator, world.underlay, flows, self._tally.add)

    def run_to(self, instant: int) -> None:
        """Run everything up to and including an instant.

        Raises:
            ModelError: a host has sent something while the vector plane ran, which knows nothing of
                hosts.
            KeyboardInterrupt: between two events; on the vector plane at ``instant`` at the latest.
        """
        if not self._is_vector:
            self._plane.run(instant)
            return
        # Ctrl-C waits for the next event: let there be one.
        self._world.simulator.call_at(instant, _nothing)
        self._plane.run(instant)
        strangers = sorted(self._world.simulator.ledger.created.keys() - {KIND})
        if strangers:
            raise ModelError(f"{strangers[0]} packets were sent while the vector plane ran")

    @property
    def in_flight(self) -> int:
        """Packets that links and hosts hold, counted without the ledger."""
        return self._world.in_flight + (self._plane.in_flight if self._is_vector else 0)

    def uses(self) -> list[BulkUse]:
        """What has become of each flow up to now.

        Raises:
            ModelError: if it is not what the ledger counted.
        """
        self._check()
        found = []
        latencies = self._tally.by_flow()
        for planned, tally, its in zip(self._planned, self._tally.flows, latencies, strict=True):
            whole = Distribution()
            times = array("q")
            times.frombytes(its.astype("int64").tobytes())
            whole.arrived_all(times, (0, 0, 0, tally.queue, tally.transmit, tally.propagate, 0))
            whole.failed_all(tally.dropped.total())
            flow = planned.flow
            found.append(
                BulkUse(
                    planned.entry, flow.source, planned.target, flow.echo_hash is not None, whole,
                    dict(sorted(tally.dropped.items())),
                )
            )  # fmt: skip
        return found

    def _check(self) -> None:
        """Compare the tally with the ledger, which counts a packet and its answer as two.

        Where packets are answered, how many have got as far as that is not in the tally.
        """
        ledger = self._world.simulator.ledger
        dropped = sum(count for (kind, _), count in ledger.dropped.items() if kind == KIND)
        ended = ledger.delivered[KIND] + dropped
        told = most = sum(tally.ended for tally in self._tally.flows)
        for planned, tally in zip(self._planned, self._tally.flows, strict=True):
            if planned.flow.echo_hash is not None:
                most += tally.ended
        if any(planned.flow.echo_hash is not None for planned in self._planned):
            most += self.in_flight
        if not told <= ended <= most:
            raise ModelError(f"{told} ends of bulk packets were told, but {ended} have ended")


def _nothing(_: object) -> None:
    pass
