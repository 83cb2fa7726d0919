"""Actions without waiting in between, and what the tables must come to.

In the spirit of TestNetworkDBAlwaysConverges (``networkdb_property_test.go`` in moby/moby).
"""

from __future__ import annotations

from typing import Any

from gossip_cluster import create, delete, formed, live, update

from overlaysim.gossip import GossipNode, MemberState
from overlaysim.units import SECOND

GONE = (MemberState.DEAD, MemberState.LEFT)


class Walk:
    """A cluster, and for each of its hosts the entries it owns, network by network.

    Hosts are numbers: the node on a host has another name after a crash.

    Args:
        count: hosts.
        networks: networks there are.
        seed: of all random choices of the cluster.
    """

    def __init__(self, count: int, networks: int, seed: int) -> None:
        self.cluster, nodes = formed(count, seed)
        self.nodes: list[GossipNode | None] = list(nodes)
        self.addresses = [node.address for node in nodes]
        self.networks = [f"W{number}" for number in range(networks)]
        self.owned: list[dict[str, dict[str, int]]] = [{} for _ in nodes]
        self.dead: dict[int, str] = {}
        self.writes = 0
        self.lives = 0

    # What can be done now

    def outside(self) -> list[tuple[int, str]]:
        """Hosts that are up, with the networks they are not in."""
        return [
            (host, network)
            for host, node in enumerate(self.nodes)
            for network in self.networks
            if node is not None and network not in self.owned[host]
        ]

    def inside(self) -> list[tuple[int, str]]:
        """Hosts with the networks they are in."""
        return [(host, network) for host, own in enumerate(self.owned) for network in own]

    def entries(self) -> list[tuple[int, str, str]]:
        """Hosts with the networks and keys of the entries they own."""
        return [
            (host, network, key)
            for host, network in self.inside()
            for key in self.owned[host][network]
        ]

    def up(self) -> list[int]:
        return [host for host, node in enumerate(self.nodes) if node is not None]

    def forgotten(self) -> list[int]:
        """Hosts that are down, and that nobody takes for alive any more.

        A host that is back sooner under a new name hears from the others of its old one at the same
        address, and holds it for the newer: it drops out of its own list (``NDB/nodemgmt.go``
        purgeReincarnation knows no better).
        """
        believers = [self._node(host) for host in self.up()]
        return [
            host
            for host, name in self.dead.items()
            if all(node.member_state(name) in (None, *GONE) for node in believers)
        ]

    # Actions

    def join(self, host: int, network: str) -> None:
        self.owned[host][network] = {}
        self.cluster.do(self._node(host), "join_network", network)

    def leave(self, host: int, network: str) -> None:
        del self.owned[host][network]
        self.cluster.do(self._node(host), "leave_network", network)

    def create(self, host: int, network: str) -> None:
        self.writes += 1
        key = f"k{self.writes}"
        self.owned[host][network][key] = self.writes
        create(self.cluster, self._node(host), key, self.writes, network)

    def update(self, host: int, network: str, key: str) -> None:
        self.writes += 1
        self.owned[host][network][key] = self.writes
        update(self.cluster, self._node(host), key, self.writes, network)

    def delete(self, host: int, network: str, key: str) -> None:
        del self.owned[host][network][key]
        delete(self.cluster, self._node(host), key, network)

    def crash(self, host: int) -> None:
        """The host dies, with all that only it knew."""
        self.cluster.crash(self._node(host))
        self.dead[host] = self._node(host).name
        self.nodes[host], self.owned[host] = None, {}

    def restart(self, host: int) -> None:
        """The host comes back under a new name and joins through the first three that are up."""
        self.lives += 1
        del self.dead[host]
        seeds = [self.addresses[other] for other in self.up()[:3]]
        node = self.cluster.start(f"life{self.lives:08d}", self.addresses[host])
        self.nodes[host] = node
        self.cluster.do(node, "join_cluster", seeds)

    def cut_off(self, hosts: list[int]) -> None:
        """These hosts hear only each other, until the cluster heals."""
        self.cluster.cut_off(*map(self._node, hosts))

    def _node(self, host: int) -> GossipNode:
        node = self.nodes[host]
        assert node is not None
        return node

    # The end

    def differences(self) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
        """Node, network, what it sees and what it should, wherever these differ."""
        found = []
        for network in self.networks:
            union: dict[str, int] = {}
            for own in self.owned:
                union |= own.get(network, {})
            for node, own in zip(self.nodes, self.owned, strict=True):
                if node is not None:
                    seen, expected = live(node, network), union if network in own else {}
                    if seen != expected:
                        found.append((node.name, network, seen, expected))
        return found

    def settle(self, seconds: float) -> float:
        """Wait for agreement, and see that it lasts; return how long it took at most.

        The exchanges of half a minute more show that nothing brings old states back.
        """
        began = self.cluster.now
        while self.differences():
            waited = (self.cluster.now - began) / SECOND
            assert waited < seconds, self.differences()
            self.cluster.run(0.5)
        took = (self.cluster.now - began) / SECOND
        self.cluster.run(35)
        assert self.differences() == []
        return took
