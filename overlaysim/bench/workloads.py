"""The packet workloads W1, W2, W3 and W5 as plain data, which any program can play.

* W1 "line": one Poisson flow over four equal links at half load: an M/D/1 queue and three links
  without waiting.
* W2 "leaf-spine": Poisson flows among the hosts, four of each, drop-tail queues, ECMP; some links
  are overloaded on purpose, so the answer depends on the number of packets.
* W3 "ping mesh": 50 hosts on a switch ping one another once a second.
* W5 "incast": TCP, so only its variants are data.

What they must give stands in :mod:`overlaysim.bench.checks`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from overlaysim.units import SECOND, US

Shape = Literal["line", "leaf-spine", "star"]

GBIT = 1_000_000_000
LINE_SWITCHES = 3
SPINES = 4
HOSTS_PER_LEAF = 8
LEAF_SPINE_HOSTS = 64
FLOWS_PER_HOST = 4
MESH_HOSTS = 50
OVERHEAD = 92
"""Bytes around a payload: UDP (or ICMP), IPv4 and Ethernet, in VXLAN, in UDP, IPv4 and Ethernet."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Packets from one host to another.

    Attributes:
        number: of the flow.
        source, destination: numbers of hosts.
        packets: how many are sent.
        start: ps. A Poisson flow's first packet comes a gap later, any other's at this instant.
    """

    number: int
    source: int
    destination: int
    packets: int
    start: int = 0

    @property
    def hash(self) -> int:
        """32 bits, by which equal paths are shared out: path ``hash * paths >> 32``."""
        return self.number * 2_654_435_761 & 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Workload:
    """A network and the packets sent over it; all links are full duplex, store and forward.

    Attributes:
        name: ``W1`` to ``W3``.
        shape: of the network. A line has :data:`LINE_SWITCHES` switches and a host at either end; a
            leaf-spine :data:`SPINES` spines and a leaf for every :data:`HOSTS_PER_LEAF` hosts.
        hosts: how many.
        rate, delay: of each link, bit/s and ps.
        queue: packets that can wait before a link, besides the one in transmission; None for any
            number of them.
        frame: bytes of each packet on a link, :data:`OVERHEAD` included; nothing else takes time.
        flows: in the order of their numbers.
        gap: ps between two packets of a flow; the mean of them for Poisson flows.
        poisson: whether gaps are exponential.
        echo: whether each packet is answered, at once, by one of the same length. Latencies are
            then those there and back.
    """

    name: str
    shape: Shape
    hosts: int
    rate: int
    delay: int
    queue: int | None
    frame: int
    flows: tuple[Flow, ...]
    gap: int
    poisson: bool = True
    echo: bool = False

    @property
    def packets(self) -> int:
        """How many the flows send, answers not counted."""
        return sum(flow.packets for flow in self.flows)


def line(packets: int) -> Workload:
    """W1: A - S1 - S2 - S3 - B, 10 Gbit/s and 5 us a link, no queue limits, load 0.5."""
    flows = (Flow(0, 0, 1, packets),)
    return Workload("W1", "line", 2, 10 * GBIT, 5 * US, None, 1000 + OVERHEAD, flows, 1_747_200)


def leaf_spine(packets: int, hosts: int = LEAF_SPINE_HOSTS) -> Workload:
    """W2: 10 Gbit/s and 1 us a link, queues of 100 packets, each flow 1 Gbit/s.

    Args:
        packets: of all flows together.
        hosts: a multiple of :data:`HOSTS_PER_LEAF`; what the workload must give is known for 64.
    """
    ends = _ends(hosts, FLOWS_PER_HOST * hosts)
    flows = _shared(packets, [(source, destination, 0) for source, destination in ends])
    return Workload(
        "W2", "leaf-spine", hosts, 10 * GBIT, US, 100, 1000 + OVERHEAD, flows, 8_736_000
    )


def ping_mesh(packets: int) -> Workload:
    """W3: one switch, 1 Gbit/s and 50 us a link; every host pings every other once a second.

    Args:
        packets: echo requests of all pairs together.
    """
    pairs = [(a, b) for a in range(MESH_HOSTS) for b in range(MESH_HOSTS) if a != b]
    starts = [number * SECOND // len(pairs) for number in range(len(pairs))]
    flows = _shared(packets, [(a, b, start) for (a, b), start in zip(pairs, starts, strict=True)])
    return Workload(
        "W3", "star", MESH_HOSTS, GBIT, 50 * US, None, 56 + OVERHEAD, flows, SECOND,
        poisson=False, echo=True,
    )  # fmt: skip


class Incast(NamedTuple):
    """A variant of W5: senders on one router send to one receiver, all at once, by TCP.

    1 Gbit/s and 20 us a link, queues of 100 packets, segments of 1398 B, an initial window of 10,
    and no retransmission timeout below 200 ms.

    Attributes:
        control: of congestion: ``newreno`` or ``cubic``.
        loss: share of the frames that are lost on their way to the receiver, at random.
    """

    control: str
    loss: float


INCAST_SENDERS = 16
INCAST_BYTES = 10_000_000
"""Of each sender."""
INCASTS = {
    "W5 newreno": Incast("newreno", 0.0),
    "W5 newreno 1%": Incast("newreno", 0.01),
    "W5 cubic": Incast("cubic", 0.0),
    "W5 cubic 1%": Incast("cubic", 0.01),
}

WORKLOADS: dict[str, Callable[[int], Workload]] = {
    "W1": line,
    "W2": leaf_spine,
    "W3": ping_mesh,
}
QUICK = {"W1": 200_000, "W2": 200_000, "W3": 24_500}
FULL = {"W1": 1_000_000, "W2": 1_000_000, "W3": 147_000}
"""Packets by name of the workload. Of W2 these are the two numbers that answers are known for."""


def _ends(hosts: int, count: int) -> list[tuple[int, int]]:
    """Sources and destinations of W2's flows, from its linear congruential generator."""
    state, found = 42, []
    for _ in range(count):
        state = (1_103_515_245 * state + 12_345) % 2**31
        source = (state >> 16) % hosts
        state = (1_103_515_245 * state + 12_345) % 2**31
        other = (state >> 16) % (hosts - 1)
        found.append((source, other + 1 if other >= source else other))
    return found


def _shared(packets: int, ends: list[tuple[int, int, int]]) -> tuple[Flow, ...]:
    """Flows that send the same number of packets, but for one more of the first ones."""
    each, more = divmod(packets, len(ends))
    return tuple(
        Flow(number, source, destination, each + (number < more), start)
        for number, (source, destination, start) in enumerate(ends)
    )
