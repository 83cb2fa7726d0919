"""The packet workloads W1, W2 and W3 on the event plane.

Everything is on that a user gets: frames with an account of their bytes and their delays, the
ledger, counters on every link; the latency of each packet is recorded.

* W1 "line": one Poisson flow over four equal links at half load: an M/D/1 queue and three links
  without waiting.
* W2 "leaf-spine": 256 Poisson flows among 64 hosts, drop-tail queues, ECMP; some links are
  overloaded on purpose, so the answer depends on the number of packets.
* W3 "ping mesh": 50 hosts on a switch ping one another once a second.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from overlaysim.sim import Journey, Simulator, composition
from overlaysim.underlay import LinkSpec, Topology, Underlay, leaf_spine, line, star
from overlaysim.units import SECOND, US

_END = 1_000 * SECOND  # long after the last packet of any workload
GBIT = 1_000_000_000
FRAME = composition("data", payload=1000, inner_headers=42, encapsulation=8, outer_headers=42)
"""1000 B in UDP, IPv4 and Ethernet, in VXLAN, in UDP, IPv4 and Ethernet: 1092 B."""
PING = composition("data", payload=56, inner_headers=42, encapsulation=8, outer_headers=42)
"""56 B in ICMP, IPv4 and Ethernet, wrapped alike: 148 B."""


@dataclass
class Result:
    """What one run of a workload gave."""

    simulator: Simulator
    underlay: Underlay
    latencies: array[int] = field(default_factory=lambda: array("q"))
    """Picoseconds of each packet delivered (W3: of each ping, there and back)."""
    cpu: float = 0.0
    """CPU seconds of the event loop alone."""

    @property
    def created(self) -> int:
        """Packets that were sent."""
        return self.simulator.ledger.created.total()

    @property
    def dropped(self) -> int:
        """Packets that ended on the way."""
        return self.simulator.ledger.dropped.total()

    @property
    def packet_hops(self) -> int:
        """Packets fully transmitted, summed over the links."""
        return sum(link.frames for link in self.underlay.links.values())

    @property
    def mean_us(self) -> float:
        """Mean of the latencies in microseconds."""
        return sum(self.latencies) / len(self.latencies) / US

    def run(self) -> None:
        """Run the event loop until nothing is left, and check that no packet was lost count of."""
        started = time.process_time()
        self.simulator.run_to(_END)
        self.cpu = time.process_time() - started
        ledger = self.simulator.ledger
        assert self.created == ledger.delivered.total() + self.dropped
        assert self.underlay.in_flight == ledger.in_flight == 0


class PoissonFlow:
    """Sends a number of frames from host to host with exponential gaps between them."""

    def __init__(
        self, result: Result, source: str, destination: str, *, packets: int, gap: float, flow: int
    ) -> None:
        self._simulator = result.simulator
        self._send = result.underlay.send
        self._source = source
        self._destination = destination
        self._left = packets
        self._rate = 1 / gap
        self._hash = flow * 2_654_435_761 & 0xFFFF_FFFF
        self._draw = result.simulator.streams("flow", str(flow)).expovariate
        self._next: Callable[[None], None] = self._emit
        self._wait()

    def _wait(self) -> None:
        if self._left:
            self._left -= 1
            self._simulator.call_in(round(self._draw(self._rate)), self._next)

    def _emit(self, _: None) -> None:
        simulator = self._simulator
        journey = simulator.ledger.create(
            "data", simulator.now, source=self._source, intended=self._destination
        )
        journey.composition = FRAME
        journey.length = FRAME.length
        journey.destination = self._destination
        journey.flow_hash = self._hash
        self._send(journey, self._source)
        self._wait()


def _world(topology: Topology, seed: int) -> Result:
    simulator = Simulator(seed)
    return Result(simulator, Underlay(simulator, topology, framing="none", ecmp="shared"))


def _record_arrivals(result: Result, host: str) -> None:
    simulator, record = result.simulator, result.latencies.append
    deliver = simulator.ledger.deliver

    def receive(journey: Journey) -> None:
        now = simulator.now
        deliver(journey, now, host)
        record(now - journey.born)

    result.underlay.attach(host, receive)


def run_line(packets: int = 1_000_000, seed: int = 1) -> Result:
    """W1: A - S1 - S2 - S3 - B, 10 Gbit/s and 5 us a link, no queue limits, load 0.5."""
    link = LinkSpec(rate=10 * GBIT, delay=5 * US, queue_packets=None)
    result = _world(line(["A", "B"], link, switches=3), seed)
    _record_arrivals(result, "B")
    PoissonFlow(result, "A", "B", packets=packets, gap=1.7472 * US, flow=0)
    result.run()
    return result


def leaf_spine_flows(count: int = 256) -> list[tuple[int, int]]:
    """Sources and destinations of W2's flows, from its linear congruential generator."""
    state, flows = 42, []
    for _ in range(count):
        state = (1_103_515_245 * state + 12_345) % 2**31
        source = (state >> 16) % 64
        state = (1_103_515_245 * state + 12_345) % 2**31
        other = (state >> 16) % 63
        flows.append((source, other + 1 if other >= source else other))
    return flows


def run_leaf_spine(packets: int = 1_000_000, seed: int = 1) -> Result:
    """W2: 4 spines, 8 leaves, 64 hosts, 10 Gbit/s and 1 us a link, queues of 100 packets."""
    link = LinkSpec(rate=10 * GBIT, delay=US, queue_packets=100)
    hosts = [f"host-{number}" for number in range(64)]
    result = _world(leaf_spine(hosts, link, spines=4, leaves=8), seed)
    for host in hosts:
        _record_arrivals(result, host)
    flows = leaf_spine_flows()
    each, more = divmod(packets, len(flows))
    for flow, (source, destination) in enumerate(flows):
        PoissonFlow(
            result, hosts[source], hosts[destination],
            packets=each + (flow < more), gap=8.736 * US, flow=flow,
        )  # fmt: skip
    result.run()
    return result


class Pinger:
    """Pings one host from another once a second; echoes are sent back at once."""

    def __init__(self, result: Result, source: str, destination: str, *, count: int) -> None:
        self._result = result
        self._source = source
        self._destination = destination
        self._left = count

    def ping(self, _: None) -> None:
        """Send the next echo request."""
        self._frame(self._source, self._destination, self._answer)
        self._left -= 1
        if self._left:
            self._result.simulator.call_in(SECOND, self.ping)

    def _frame(self, source: str, destination: str, arrived: Callable[[Journey], None]) -> Journey:
        simulator = self._result.simulator
        journey = simulator.ledger.create(
            "data", simulator.now, source=source, intended=destination, protocol="icmp"
        )
        journey.packet = arrived
        journey.composition = PING
        journey.length = PING.length
        journey.destination = destination
        self._result.underlay.send(journey, source)
        return journey

    def _answer(self, request: Journey) -> None:
        reply = self._frame(self._destination, self._source, self._answered)
        reply.message = request.born

    def _answered(self, reply: Journey) -> None:
        self._result.latencies.append(self._result.simulator.now - reply.message)


def _deliver_to_pingers(result: Result, host: str) -> None:
    simulator = result.simulator

    def receive(journey: Journey) -> None:
        simulator.ledger.deliver(journey, simulator.now, host)
        journey.packet(journey)

    result.underlay.attach(host, receive)


def run_ping_mesh(seconds: int = 60, hosts: int = 50) -> Result:
    """W3: hosts on one switch, 1 Gbit/s and 50 us a link; each pings each other once a second."""
    link = LinkSpec(rate=GBIT, delay=50 * US)
    names = [f"host-{number}" for number in range(hosts)]
    result = _world(star(names, link), seed=1)
    for host in names:
        _deliver_to_pingers(result, host)
    pairs = [(a, b) for a in names for b in names if a != b]
    for number, (a, b) in enumerate(pairs):
        pinger = Pinger(result, a, b, count=seconds)
        result.simulator.call_at(number * SECOND // len(pairs), pinger.ping)
    result.run()
    return result
