"""The packet workloads W1 to W3 as bulk traffic, and what a data plane makes of them.

Everything is on that a user gets: frames with an account of their bytes and their delays, the
ledger, counters on every link; the latency of each packet is recorded.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from overlaysim.bench.answers import Result
from overlaysim.bench.workloads import HOSTS_PER_LEAF, LINE_SWITCHES, OVERHEAD, SPINES, Workload
from overlaysim.planes.run import Plane, PlaneRun
from overlaysim.planes.workload import BulkFlow
from overlaysim.planes.workload import Workload as BulkWorkload
from overlaysim.sim import Composition, composition
from overlaysim.sim.memory import long_lived_heap
from overlaysim.traffic.schedule import Constant, Fixed, Poisson, Schedule
from overlaysim.underlay import LinkSpec, Topology, leaf_spine, line, star


def play(plane: Plane, workload: Workload, seed: int) -> Result:
    """Play a workload on a data plane.

    Raises:
        ModelError: if packets do not add up.
    """
    run = PlaneRun(bulk(workload), plane, seed)
    with long_lived_heap():  # the search for garbage of the set-up is not part of the run
        started = time.process_time()
        outcome = run.run()
        cpu = time.process_time() - started
    ledger, tally = outcome.simulator.ledger, outcome.tally
    result = Result(
        ledger.created.total(), ledger.delivered.total(), ledger.dropped.total(),
        outcome.packet_hops, cpu=cpu,
    )  # fmt: skip
    latencies = tally.latencies()
    if len(latencies):
        result.measured, result.latency_sum = len(latencies), tally.total_latency
        result.latency_least, result.latency_most = int(latencies[0]), int(latencies[-1])
    return result


def bulk(workload: Workload) -> BulkWorkload:
    """A workload in the form that the data planes are given."""
    frame = composition(
        "data", workload.frame - OVERHEAD, inner_headers=42, encapsulation=8, outer_headers=42
    )
    return BulkWorkload(
        topology=_topology(workload),
        flows=tuple(_flows(workload, frame)),
        underlay={"framing": "none", "ecmp": "shared"},
    )


def _topology(workload: Workload) -> Topology:
    link = LinkSpec(rate=workload.rate, delay=workload.delay, queue_packets=workload.queue)
    hosts = [_host(number) for number in range(workload.hosts)]
    if workload.shape == "line":
        return line(hosts, link, switches=LINE_SWITCHES)
    if workload.shape == "star":
        return star(hosts, link)
    return leaf_spine(hosts, link, spines=SPINES, leaves=workload.hosts // HOSTS_PER_LEAF)


def _flows(workload: Workload, frame: Composition) -> Iterator[BulkFlow]:
    gaps = Poisson(workload.gap) if workload.poisson else Constant(workload.gap)
    for flow in workload.flows:
        yield BulkFlow(
            name=str(flow.number),
            source=_host(flow.source),
            peers=((0, _host(flow.destination)),),
            schedule=Schedule(
                gaps=gaps, sizes=Fixed(frame.payload), start=flow.start, count=flow.packets
            ),
            frames=(frame,),
            flow_hash=flow.hash,
            echo_hash=flow.hash if workload.echo else None,
            protocol="icmp" if workload.echo else "udp",
        )


def _host(number: int) -> str:
    return f"host-{number}"
