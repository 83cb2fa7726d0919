"""ns.py: a Port and a Wire for each link, its own packet generator, routing by flow.

Of its parts only the sink is not used, which would keep four lists per flow: here arrivals are
counted and their latencies summed, which is in its favour. Time is in seconds, as floats.
"""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import Any

import simpy
from ns.demux.fib_demux import FIBDemux
from ns.packet.dist_generator import DistPacketGenerator
from ns.packet.packet import Packet
from ns.port.port import Port
from ns.port.wire import Wire
from paths import Link, backwards, links_of
from peer import dice, main

from overlaysim.bench.answers import Result
from overlaysim.bench.workloads import Flow, Workload
from overlaysim.units import SECOND

ANSWERS = 1_000_000
"""Added to the number of a flow for its answers."""


class Sender:
    """Stamps what a generator sends, whose own stamp is a gap too early, and sends it on."""

    def __init__(self, env: simpy.Environment, result: Result, node: FIBDemux) -> None:
        self._env = env
        self._result = result
        self._node = node

    def put(self, packet: Packet) -> None:
        """Send a packet."""
        packet.time = self._env.now
        self._result.created += 1
        self._node.put(packet)


class Receiver:
    """Counts what arrives; answers it where a workload says so."""

    def __init__(self, env: simpy.Environment, result: Result, node: FIBDemux, *, echo: bool):
        self._env = env
        self._result = result
        self._node = node
        self._echo = echo

    def put(self, packet: Packet) -> None:
        """Take a packet in."""
        result = self._result
        result.delivered += 1
        if self._echo and packet.flow_id < ANSWERS:
            result.created += 1
            flow = packet.flow_id + ANSWERS
            self._node.put(Packet(packet.time, packet.size, packet.packet_id, flow_id=flow))
        else:
            result.measure((self._env.now - packet.time) * SECOND)


class Network:
    """The nodes of a workload and what joins them."""

    def __init__(self, workload: Workload) -> None:
        self.env = simpy.Environment()
        self.result = Result()
        self.ports: dict[Link, Port] = {}
        self._workload = workload
        self._nodes: dict[str, FIBDemux] = {}
        self._receivers: dict[str, Receiver] = {}

    def add(self, flow: Flow, seed: int) -> None:
        """Lay the way of a flow and let it begin."""
        workload = self._workload
        links = links_of(workload, flow)
        self._lay(flow.number, links)
        if workload.echo:
            self._lay(flow.number + ANSWERS, backwards(links))
        if not flow.packets:
            return
        mean = workload.gap / SECOND
        draw = dice(seed, flow).expovariate
        generator = DistPacketGenerator(
            self.env, flow.source, (lambda: draw(1 / mean)) if workload.poisson else lambda: mean,
            lambda: workload.frame,
            # It waits for a gap before its first packet too; W3 is a second late in all.
            initial_delay=flow.start / SECOND,
            size=flow.packets * workload.frame, flow_id=flow.number,
        )  # fmt: skip
        generator.out = Sender(self.env, self.result, self._nodes[links[0][0]])

    def _node(self, name: str) -> FIBDemux:
        if name not in self._nodes:
            self._nodes[name] = FIBDemux(fib={}, outs=[], ends={})
        return self._nodes[name]

    def _lay(self, flow: int, links: list[Link]) -> None:
        for link in links:
            if link not in self.ports:
                self._join(link)
            self._node(link[0]).fib[flow] = self._node(link[0]).outs.index(self.ports[link])
        end = links[-1][1]
        self._node(end).ends[flow] = self._receiver(end)

    def _receiver(self, name: str) -> Receiver:
        return self._receivers.setdefault(
            name, Receiver(self.env, self.result, self._node(name), echo=self._workload.echo)
        )

    def _join(self, link: Link) -> None:
        workload = self._workload
        # Its limit counts the packet in transmission.
        limit = None if workload.queue is None else workload.queue + 1
        port, delay = Port(self.env, workload.rate, qlimit=limit), workload.delay / SECOND
        wire: Any = Wire(self.env, lambda: delay)
        port.out, wire.out = wire, self._node(link[1])
        self.ports[link] = port
        self._node(link[0]).outs.append(port)


def play(workload: Workload, seed: int) -> Result:
    """Play a workload."""
    network = Network(workload)
    for flow in workload.flows:
        network.add(flow, seed)
    started = time.process_time()
    network.env.run()
    result = network.result
    result.cpu = time.process_time() - started
    ports = network.ports.values()
    result.dropped = sum(port.packets_dropped for port in ports)
    result.packet_hops = sum(port.packets_received - port.packets_dropped for port in ports)
    return result


if __name__ == "__main__":
    main("ns.py, Port and Wire", version("ns.py"), play)
