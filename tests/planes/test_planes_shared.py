"""Bulk traffic on the event plane beside others who use the same hosts and links."""

from __future__ import annotations

import pytest

from overlaysim.errors import ModelError
from overlaysim.planes.event import EventPlane
from overlaysim.planes.records import Tally
from overlaysim.planes.workload import BulkFlow
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.traffic.schedule import Constant, Fixed, Schedule
from overlaysim.underlay import LinkSpec, Underlay, star
from overlaysim.units import SECOND, US

LENGTH = 1000
FLOW = BulkFlow(
    name="flow", source="a", peers=((0, "c"),), frames=(composition("bulk", LENGTH),),
    schedule=Schedule(gaps=Constant(SECOND), sizes=Fixed(LENGTH), count=1),
)  # fmt: skip


class Network:
    """Hosts a, b and c on a switch, and a frame of somebody else from b to c."""

    def __init__(self) -> None:
        self.simulator = Simulator()
        link = LinkSpec(rate=10**9, delay=US)
        self.underlay = Underlay(self.simulator, star(["a", "b", "c"], link), framing="none")
        self.order: list[str] = []
        self.simulator.ledger.on_end.append(lambda journey: self.order.append(journey.kind))

    def send(self) -> Journey:
        """Send a frame as long as the bulk frames at this instant."""
        journey = self.simulator.ledger.create("data", self.simulator.now, source="b", intended="c")
        journey.composition, journey.length = composition("data", LENGTH), LENGTH
        journey.destination = "c"
        self.underlay.send(journey, "b")
        return journey

    def deliver(self, journey: Journey) -> None:
        self.simulator.ledger.deliver(journey, self.simulator.now, "c")


def test_frames_of_others_go_on_to_whom_they_went_before_and_come_first() -> None:
    network = Network()
    for host in ("a", "b", "c"):
        network.underlay.attach(host, network.deliver)
    tally = Tally([FLOW])
    plane = EventPlane(network.simulator, network.underlay, [FLOW], tally.add)
    network.simulator.call_at(0, lambda _: network.send())
    plane.run()
    # Both frames come to the switch at one instant. The bulk frame was made first, and yet waits.
    assert network.order == ["data", "bulk"]
    assert tally.flows[0].queue == 8 * US
    assert tally.delivered == 1


def test_frames_for_nobody_are_a_bug() -> None:
    network = Network()
    plane = EventPlane(network.simulator, network.underlay, [FLOW], Tally([FLOW]).add)
    network.simulator.call_at(0, lambda _: network.send())
    with pytest.raises(ModelError, match="nobody takes the data packets of c"):
        plane.run()
