"""A large gossip cluster that has been together for long."""

from __future__ import annotations

from dataclasses import replace

from overlaysim.gossip import LAN
from overlaysim.gossip.community import acquaint
from overlaysim.gossip.messages import TableEvent, TableEventKind
from overlaysim.units import MS
from overlaysim.validate.cluster import GossipCluster, Host

NETWORK = "qjzkx7c0v2m4n8b1l5p9w3r6t"
"""Id of the one network: 25 characters, as in Docker."""
TABLE = "endpoint_table"
VALUE = 110
"""Bytes of a name's entry (a typical EndpointRecord)."""
LATENCY = (MS // 2, 3 * MS // 2)
"""Of every message, uniform."""

SETTINGS = replace(LAN, compression=False)
"""As Docker's, but packets are not compressed: LZW in Python would be most of the work, and nothing
here depends on how long a packet is but its segments on a lossy connection."""


class Community:
    """Hosts in one cluster and one network, with names that all of them know.

    Args:
        hosts: how many.
        names: how many entries, owned by the hosts in turn.
        loss: share of the packets lost.
        seed: of all random choices.

    Attributes:
        cluster: the simulation.
        hosts: in order.
        keys: of the names, in order.
    """

    def __init__(self, hosts: int, names: int, loss: float = 0.0, seed: int = 1) -> None:
        self.cluster = cluster = GossipCluster(seed, SETTINGS, LATENCY)
        draw = cluster.simulator.streams("community").random
        self.hosts: list[Host] = []
        for number in range(hosts):
            # Their tickers are spread over one gossip interval.
            phase = int((draw() - 0.5) * SETTINGS.gossip_interval)
            self.hosts.append(cluster.start(_name(number), _address(number), phase=phase))
        self.keys = [f"{number:064x}" for number in range(names)]
        entries = {}
        for number, key in enumerate(self.keys):
            event = TableEvent(
                TableEventKind.CREATE, 1, _name(number % hosts), NETWORK, TABLE, key, -1,
                encoded_value(-1),
            )  # fmt: skip
            entries[event.place] = event
        acquaint([host.node for host in self.hosts], NETWORK, entries)
        cluster.loss = loss

    def owner(self, name: int) -> Host:
        """The host that owns the name with this number."""
        return self.hosts[name % len(self.hosts)]


def encoded_value(change: int) -> bytes:
    """The value that the change with this number writes, as bytes."""
    return f"value {change:>8} ".encode().ljust(VALUE, b".")


def _name(number: int) -> str:
    return f"{number:012x}"


def _address(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
