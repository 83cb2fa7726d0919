"""SimPy as its manual teaches it: a Store and a process per port, a process per flying packet."""

from __future__ import annotations

import time
from collections.abc import Generator

import simpy
from paths import Link, backwards, links_of
from peer import dice, main

from overlaysim.bench.answers import Result
from overlaysim.bench.workloads import Flow, Workload
from overlaysim.units import SECOND

Steps = Generator[simpy.Event, object, None]


class Packet:
    """A packet on its way."""

    __slots__ = ("back", "born", "way")

    def __init__(self, born: int, way: list[Port], back: list[Port] | None) -> None:
        self.born = born
        self.way = iter(way)
        self.back = back


class Port:
    """The sending end of a link."""

    def __init__(self, network: Network, workload: Workload) -> None:
        self._network = network
        self._env = network.env
        self._store = simpy.Store(network.env)
        self._queue = workload.queue
        self._service = workload.frame * 8 * SECOND // workload.rate
        self._delay = workload.delay
        self.carried = 0
        self.dropped = 0
        network.env.process(self._transmit())

    def put(self, packet: Packet) -> None:
        """Take a packet in, or drop it if too many wait."""
        if self._queue is not None and len(self._store.items) >= self._queue:
            self.dropped += 1
        else:
            self._store.put(packet)

    def _transmit(self) -> Steps:
        while True:
            packet = yield self._store.get()
            yield self._env.timeout(self._service)
            self.carried += 1
            self._env.process(self._propagate(packet))

    def _propagate(self, packet: Packet) -> Steps:
        yield self._env.timeout(self._delay)
        self._network.forward(packet)


class Network:
    """The ports of a workload, and where packets go."""

    def __init__(self, workload: Workload) -> None:
        self.env = simpy.Environment()
        self.result = Result()
        self.ports: dict[Link, Port] = {}
        self._workload = workload

    def way(self, links: list[Link]) -> list[Port]:
        """The ports of some links; each port is there once."""
        for link in links:
            if link not in self.ports:
                self.ports[link] = Port(self, self._workload)
        return [self.ports[link] for link in links]

    def forward(self, packet: Packet) -> None:
        """Hand a packet to its next port, or to its destination behind the last."""
        port = next(packet.way, None)
        if port is not None:
            port.put(packet)
            return
        self.result.delivered += 1
        if packet.back is None:
            self.result.measure(self.env.now - packet.born)
        else:
            self.result.created += 1
            self.forward(Packet(packet.born, packet.back, None))

    def source(self, flow: Flow, seed: int) -> Steps:
        """Send the packets of a flow."""
        links = links_of(self._workload, flow)
        way = self.way(links)
        back = self.way(backwards(links)) if self._workload.echo else None
        draw, gap = dice(seed, flow).expovariate, self._workload.gap
        if not self._workload.poisson:
            yield self.env.timeout(flow.start)
        for number in range(flow.packets):
            if self._workload.poisson:
                yield self.env.timeout(round(draw(1 / gap)))
            elif number:
                yield self.env.timeout(gap)
            self.result.created += 1
            self.forward(Packet(self.env.now, way, back))


def play(workload: Workload, seed: int) -> Result:
    """Play a workload; time is in integer picoseconds."""
    network = Network(workload)
    for flow in workload.flows:
        network.env.process(network.source(flow, seed))
    started = time.process_time()
    network.env.run()
    result = network.result
    result.cpu = time.process_time() - started
    result.packet_hops = sum(port.carried for port in network.ports.values())
    result.dropped = sum(port.dropped for port in network.ports.values())
    return result


if __name__ == "__main__":
    main("SimPy, idiomatic", simpy.__version__, play)
