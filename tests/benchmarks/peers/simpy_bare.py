"""SimPy with one timeout and one callback per packet-hop: as fast as SimPy goes.

A link is the instant until which it is busy. A packet is the instant of its birth and what is left
of its way. Nothing is a process.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import simpy
from paths import Link, backwards, links_of
from peer import dice, main
from simpy.events import Event, Timeout

from overlaysim.bench.answers import Result
from overlaysim.bench.workloads import Flow, Workload
from overlaysim.units import SECOND


class Port:
    """The sending end of a link."""

    __slots__ = ("busy", "carried", "dropped", "full", "latency", "service")

    def __init__(self, workload: Workload) -> None:
        self.service = workload.frame * 8 * SECOND // workload.rate
        self.latency = self.service + workload.delay
        self.full = None if workload.queue is None else workload.queue * self.service
        """With more work than this there is no place in the queue."""
        self.busy = 0
        self.carried = 0
        self.dropped = 0


Way = tuple[Port, ...]
Packet = tuple[int, Iterator[Port], Way | None]
"""Birth, ports still to come, the way of the answer that is due at the end."""


class Network:
    """The ports of a workload, and the packets on their way."""

    def __init__(self, workload: Workload) -> None:
        self.env = simpy.Environment()
        self.result = Result()
        self.ports: dict[Link, Port] = {}
        self._workload = workload

    def way(self, links: list[Link]) -> Way:
        """The ports of some links; each port is there once."""
        return tuple(self.ports.setdefault(link, Port(self._workload)) for link in links)

    def send(self, way: Way, back: Way | None) -> None:
        """Send a packet at this instant, to be answered if there is a way back."""
        self.result.created += 1
        self._forward((self.env.now, iter(way), back))

    def _forward(self, packet: Packet) -> None:
        port = next(packet[1], None)
        if port is None:
            self._arrived(packet)
            return
        env = self.env
        work = max(port.busy - env.now, 0)
        if port.full is not None and work > port.full:
            port.dropped += 1
            return
        port.busy = env.now + work + port.service
        port.carried += 1
        Timeout(env, work + port.latency, packet).callbacks.append(self._at_next_node)

    def _at_next_node(self, event: Event) -> None:
        self._forward(event.value)

    def _arrived(self, packet: Packet) -> None:
        born, _, back = packet
        self.result.delivered += 1
        if back is None:
            self.result.measure(self.env.now - born)
        else:
            self.result.created += 1
            self._forward((born, iter(back), None))


class Source:
    """Sends the packets of a flow."""

    def __init__(self, network: Network, workload: Workload, flow: Flow, seed: int) -> None:
        links = links_of(workload, flow)
        self._network = network
        self._way = network.way(links)
        self._back = network.way(backwards(links)) if workload.echo else None
        self._left = flow.packets
        self._draw = dice(seed, flow).expovariate
        self._poisson = workload.poisson
        self._gap = workload.gap
        if self._left:
            self._wait(self._next_gap() if workload.poisson else flow.start)

    def _next_gap(self) -> int:
        return round(self._draw(1 / self._gap)) if self._poisson else self._gap

    def _wait(self, gap: int) -> None:
        Timeout(self._network.env, gap).callbacks.append(self._send)

    def _send(self, _: Event) -> None:
        self._left -= 1
        self._network.send(self._way, self._back)
        if self._left:
            self._wait(self._next_gap())


def play(workload: Workload, seed: int) -> Result:
    """Play a workload; time is in integer picoseconds."""
    network = Network(workload)
    for flow in workload.flows:
        Source(network, workload, flow, seed)
    started = time.process_time()
    network.env.run()
    result = network.result
    result.cpu = time.process_time() - started
    result.packet_hops = sum(port.carried for port in network.ports.values())
    result.dropped = sum(port.dropped for port in network.ports.values())
    return result


if __name__ == "__main__":
    main("SimPy, bare callbacks", simpy.__version__, play)
