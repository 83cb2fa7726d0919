"""The packet workloads on the event plane: one callback per packet-hop.

Everything is on that a user gets: frames with an account of their bytes and their delays, the
ledger, counters on every link; the latency of each packet is recorded.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable

from overlaysim.bench.answers import Result
from overlaysim.bench.workloads import (
    HOSTS_PER_LEAF,
    LINE_SWITCHES,
    OVERHEAD,
    SPINES,
    Flow,
    Workload,
)
from overlaysim.errors import ModelError
from overlaysim.sim import Journey, Simulator, composition
from overlaysim.underlay import LinkSpec, Topology, Underlay, leaf_spine, line, star
from overlaysim.units import SECOND

_SLACK = 1_000 * SECOND
"""After the last packet was sent; everything has arrived long before."""


def play(workload: Workload, seed: int) -> Result:
    """Play a workload event by event.

    Raises:
        ModelError: if a packet was lost count of.
    """
    run = _Run(workload, seed)
    started = time.process_time()
    run.simulator.run_to(_end(workload))
    cpu = time.process_time() - started
    return run.result(cpu)


def topology_of(workload: Workload) -> Topology:
    """The network of a workload; its hosts are called ``host-0`` and so on."""
    link = LinkSpec(rate=workload.rate, delay=workload.delay, queue_packets=workload.queue)
    hosts = [host_name(number) for number in range(workload.hosts)]
    if workload.shape == "line":
        return line(hosts, link, switches=LINE_SWITCHES)
    if workload.shape == "star":
        return star(hosts, link)
    return leaf_spine(hosts, link, spines=SPINES, leaves=workload.hosts // HOSTS_PER_LEAF)


def host_name(number: int) -> str:
    """The name of the host with this number."""
    return f"host-{number}"


def _end(workload: Workload) -> int:
    longest = max((flow.packets for flow in workload.flows), default=0)
    return max(flow.start for flow in workload.flows) + 2 * longest * workload.gap + _SLACK


class _Run:
    """A workload on its simulated network, ready to run."""

    def __init__(self, workload: Workload, seed: int) -> None:
        self.workload = workload
        self.simulator = Simulator(seed)
        self.underlay = Underlay(
            self.simulator, topology_of(workload), framing="none", ecmp="shared"
        )
        self.latencies = array("q")
        self.frame = composition(
            "data", payload=workload.frame - OVERHEAD, inner_headers=42, encapsulation=8,
            outer_headers=42,
        )  # fmt: skip
        attach = _answer_or_record if workload.echo else _record
        for number in range(workload.hosts):
            attach(self, host_name(number))
        source = _Pinger if workload.echo else _PoissonSource
        for flow in workload.flows:
            source(self, flow)

    def result(self, cpu: float) -> Result:
        """What came of it."""
        ledger, latencies = self.simulator.ledger, self.latencies
        created, delivered = ledger.created.total(), ledger.delivered.total()
        dropped, left = ledger.dropped.total(), self.underlay.in_flight
        if created != delivered + dropped or left or ledger.in_flight:
            raise ModelError(
                f"{created} packets created, {delivered} delivered, {dropped} dropped, {left} left"
            )
        hops = sum(link.frames for link in self.underlay.links.values())
        result = Result(created, delivered, dropped, hops, cpu=cpu, measured=len(latencies))
        if latencies:
            result.latency_sum = sum(latencies)
            result.latency_least, result.latency_most = min(latencies), max(latencies)
        return result


class _PoissonSource:
    """Sends the frames of a flow with exponential gaps between them."""

    def __init__(self, run: _Run, flow: Flow) -> None:
        self._simulator = run.simulator
        self._send = run.underlay.send
        self._source = host_name(flow.source)
        self._destination = host_name(flow.destination)
        self._left = flow.packets
        self._rate = 1 / run.workload.gap
        self._hash = flow.hash
        self._frame = run.frame
        self._draw = run.simulator.streams("flow", str(flow.number)).expovariate
        self._next: Callable[[None], None] = self._emit
        self._wait()

    def _wait(self) -> None:
        if self._left:
            self._left -= 1
            self._simulator.call_in(round(self._draw(self._rate)), self._next)

    def _emit(self, _: None) -> None:
        simulator, frame = self._simulator, self._frame
        journey = simulator.ledger.create(
            "data", simulator.now, source=self._source, intended=self._destination
        )
        journey.composition = frame
        journey.length = frame.length
        journey.destination = self._destination
        journey.flow_hash = self._hash
        self._send(journey, self._source)
        self._wait()


def _record(run: _Run, host: str) -> None:
    """Have a host take in frames and record how long they were on their way."""
    simulator, record = run.simulator, run.latencies.append
    deliver = simulator.ledger.deliver

    def receive(journey: Journey) -> None:
        now = simulator.now
        deliver(journey, now, host)
        record(now - journey.born)

    run.underlay.attach(host, receive)


class _Pinger:
    """Pings one host from another at a fixed interval; echoes are sent back at once."""

    def __init__(self, run: _Run, flow: Flow) -> None:
        self._run = run
        self._source = host_name(flow.source)
        self._destination = host_name(flow.destination)
        self._left = flow.packets
        self._gap = run.workload.gap
        if self._left:
            run.simulator.call_at(flow.start, self._ping)

    def _ping(self, _: None) -> None:
        self._frame(self._source, self._destination, self._answer)
        self._left -= 1
        if self._left:
            self._run.simulator.call_in(self._gap, self._ping)

    def _frame(self, source: str, destination: str, arrived: Callable[[Journey], None]) -> Journey:
        simulator, frame = self._run.simulator, self._run.frame
        journey = simulator.ledger.create(
            "data", simulator.now, source=source, intended=destination, protocol="icmp"
        )
        journey.packet = arrived
        journey.composition = frame
        journey.length = frame.length
        journey.destination = destination
        self._run.underlay.send(journey, source)
        return journey

    def _answer(self, request: Journey) -> None:
        reply = self._frame(self._destination, self._source, self._answered)
        reply.message = request.born

    def _answered(self, reply: Journey) -> None:
        self._run.latencies.append(self._run.simulator.now - reply.message)


def _answer_or_record(run: _Run, host: str) -> None:
    """Have a host hand what it takes in to the pinger that waits for it."""
    simulator = run.simulator

    def receive(journey: Journey) -> None:
        simulator.ledger.deliver(journey, simulator.now, host)
        journey.packet(journey)

    run.underlay.attach(host, receive)
