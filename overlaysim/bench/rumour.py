"""W4: one rumour, and a minute of failure detection, with the machines that Docker runs.

The workload is known from discrete-event engines that play it with bare events: every node gossips
a rumour to three others on each of its 200 ms ticks until it has done so 4 x ceil(log10(N + 1))
times, and pings one node a second. Here full memberlist and NetworkDB nodes do it. Their sleeping
ticks cost them nothing, but the work is counted as the events that the bare loop needs, so that
scores compare.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from overlaysim.bench.calibrate import cal_ops_per_second
from overlaysim.bench.community import NETWORK, TABLE, Community, encoded_value
from overlaysim.gossip import MemberState, TableChange
from overlaysim.sim.memory import long_lived_heap
from overlaysim.units import SECOND
from overlaysim.validate.cluster import Host

VIRTUAL_SECONDS = 60
TICKS, PROBES = 5, 1
"""Gossip ticks and probes per node and second."""
PER_PROBE = 4
"""Events of a probe in the bare loop: tick, ping, answer, deadline."""


@dataclass(frozen=True, slots=True)
class RumourResult:
    """What one run gave.

    Attributes:
        nodes: how many.
        events: that the bare loop needs for the same work.
        messages: datagrams sent.
        cpu: seconds of CPU time of the event loop.
        score: events per CPU second, divided by cal ops per CPU second.
        everyone_knows: virtual seconds until all have heard the rumour; None if some have not.
        false_verdicts: pairs of nodes of which one suspects the other at the end or has lost it.
    """

    nodes: int
    events: int
    messages: int
    cpu: float
    score: float
    everyone_knows: float | None
    false_verdicts: int


def run_rumour(nodes: int, seed: int = 1) -> RumourResult:
    """Run the workload once, with a calibration just before and just after."""
    community = Community(nodes, 0, seed=seed)
    cluster = community.cluster
    heard: list[int] = []

    def on_change(host: Host, change: TableChange, by_sync: bool) -> None:
        heard.append(cluster.now)

    cluster.on_change = on_change
    cluster.run(SECOND)  # all tickers have begun to tick
    cluster.datagrams.clear()
    began, before = cluster.now, cal_ops_per_second()
    with long_lived_heap():  # the search for garbage of the set-up is not part of the run
        started = time.process_time()
        with cluster.acting(community.hosts[0]) as node:
            node.create_entry(NETWORK, TABLE, "rumour", 0, encoded_value(0), cluster.now)
        cluster.run(VIRTUAL_SECONDS * SECOND)
        cpu = time.process_time() - started
    calibration = (before + cal_ops_per_second()) / 2
    rumours = cluster.datagrams["table"]
    events = nodes * VIRTUAL_SECONDS * (TICKS + PROBES * PER_PROBE) + rumours
    everyone = len(heard) == nodes - 1
    return RumourResult(
        nodes, events, cluster.datagrams.total(), cpu, events / cpu / calibration,
        (max(heard) - began) / SECOND if everyone else None, _false_verdicts(community),
    )  # fmt: skip


def _false_verdicts(community: Community) -> int:
    names = [host.node.name for host in community.hosts]
    return sum(
        host.node.member_state(name) is not MemberState.ALIVE
        for host in community.hosts
        for name in names
    )
