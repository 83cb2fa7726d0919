"""A simulator with an underlay on it, and frames to send over it."""

from __future__ import annotations

from typing import Any

from overlaysim.sim import Journey, Simulator, composition
from overlaysim.underlay import Topology, Underlay


class World:
    """Sends frames of any length between hosts and keeps all of them."""

    def __init__(self, topology: Topology, *, seed: int = 0, **options: Any) -> None:
        self.simulator = Simulator(seed)
        self.underlay = Underlay(self.simulator, topology, **options)
        self.journeys: list[Journey] = []
        for host in topology.hosts:
            self.underlay.attach(host, self._receiver(host))

    def _receiver(self, host: str) -> Any:
        simulator = self.simulator
        return lambda journey: simulator.ledger.deliver(journey, simulator.now, host)

    def send(self, source: str, destination: str, length: int = 1092, flow: int = 0) -> Journey:
        """Send a frame at the present instant."""
        journey = self.simulator.ledger.create(
            "data", self.simulator.now, source=source, intended=destination
        )
        journey.composition = composition("data", length)
        journey.length = length
        journey.destination = destination
        journey.flow_hash = flow
        self.journeys.append(journey)
        self.underlay.send(journey, source)
        return journey

    def send_at(self, when: int, source: str, destination: str, length: int = 1092) -> None:
        """Send a frame at an instant to come."""
        self.simulator.call_at(when, lambda _: self.send(source, destination, length))

    def outcomes(self) -> list[str]:
        """How each frame ended, in order of sending: ``delivered``, a reason, ``on its way``."""
        return [journey.reason or journey.outcome or "on its way" for journey in self.journeys]

    def check_conservation(self) -> None:
        """Created = delivered + dropped + in flight, the last counted by the links themselves."""
        ledger = self.simulator.ledger
        ended = ledger.delivered.total() + ledger.dropped.total()
        assert ledger.created.total() == ended + self.underlay.in_flight
