"""G11-G14: readers, repeated joins, garbage collection, islands.

Scenarios of ``daemon/libnetwork/networkdb/networkdb_test.go`` in moby/moby.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from gossip_cluster import Cluster, create, delete, formed, live, networked, update

from overlaysim.gossip import LAN, EntryDeletedError, EntryError, GossipNode, NodeState
from overlaysim.gossip.member_messages import MemberCompound, UserMessage
from overlaysim.gossip.messages import NetworkEvent
from overlaysim.units import SECOND

VISIBLE = 4


def hammer(nodes: list[GossipNode], now: int) -> None:
    """Read the table on every node in every way there is."""
    for node in nodes:
        listed = {key: value for key, value, _ in node.entries("W", "T")}
        try:
            assert listed == {"k": node.get("W", "T", "k")}
        except EntryError:
            assert listed == {}
        record = node.record("W", "T", "k", now)
        assert bool(listed) == (record is not None and not record.deleted)
        node.present()


def follow(*, reading: bool) -> tuple[Cluster, list[GossipNode]]:
    """Create, update and delete on the first of five nodes, followed by the other four."""
    cluster, nodes = networked(5)

    def reached(done: Callable[[GossipNode], bool]) -> bool:
        if reading:
            hammer(nodes, cluster.now)
        return all(map(done, nodes[1:]))

    for act, value in ((create, "v1"), (update, "v2")):
        act(cluster, nodes[0], "k", value)
        cluster.run_until(lambda: reached(lambda node: live(node) == {"k": value}), VISIBLE)  # noqa: B023 - called at once
    delete(cluster, nodes[0], "k")
    cluster.run_until(lambda: reached(lambda node: live(node) == {}), VISIBLE)
    return cluster, nodes


def test_g11_five_nodes_with_readers() -> None:
    cluster, nodes = follow(reading=True)
    for node in nodes:
        with pytest.raises(EntryDeletedError, match="deleted and awaits garbage collection"):
            node.get("W", "T", "k")
    undisturbed, _ = follow(reading=False)
    assert cluster.trace() == undisturbed.trace()


def announced(cluster: Cluster, node: GossipNode) -> int:
    """Latest Lamport time at which a node was heard to join or leave W; 0 if never."""
    times = [0]
    for _, datagram in cluster.datagrams:
        packet = datagram.packet
        parts = packet.messages if isinstance(packet, MemberCompound) else (packet,)
        times += [
            part.content.time
            for part in parts
            if isinstance(part, UserMessage)
            and isinstance(part.content, NetworkEvent)
            and part.content.node == node.name
        ]
    return max(times)


def test_g12_join_leave_iteration() -> None:
    cluster, (a, b) = formed(2)

    def step(node: GossipNode, *calls: str) -> None:
        """Make calls without pause and wait until the network clock is seen to have advanced."""
        cluster.datagrams.clear()
        before = announced_at[node.name]
        for call in calls:
            cluster.do(node, call, "W")
        cluster.run_until(lambda: announced(cluster, node) >= before + len(calls), 3)
        announced_at[node.name] = announced(cluster, node)

    def count(*expected: int) -> None:
        cluster.run_until(
            lambda: [len(node.network_members("W")) for node in (a, b)] == [*expected], 3
        )

    announced_at = {a.name: 0, b.name: 0}
    step(a, "join_network")
    count(1, 1)
    step(a, "leave_network")
    count(0, 0)
    step(a, "join_network")
    step(b, "join_network")
    count(2, 2)
    step(a, "leave_network", "join_network")
    count(2, 2)
    cluster.run(3)
    count(2, 2)
    assert b.attached(a.name, "W")
    assert a.network_ready("W")
    create(cluster, a, "k", "v")  # a node that is leaving could not
    cluster.run_until(lambda: live(b) == {"k": "v"}, VISIBLE)


def test_g13_garbage_collection() -> None:
    cluster, (a, b, c) = formed(3, settings=replace(LAN, entry_lifetime=30 * SECOND))
    keys = [f"k{i}" for i in range(5)]

    def stored(*nodes: GossipNode) -> list[int]:
        """Entries and tombstones."""
        return [
            sum(node.record("W", "T", key, cluster.now) is not None for key in keys)
            for node in nodes
        ]

    cluster.do(a, "join_network", "W")
    cluster.do(b, "join_network", "W")
    both = sorted([a.name, b.name])
    cluster.run_until(lambda: a.network_members("W") == b.network_members("W") == both, VISIBLE)
    for i, key in enumerate(keys):
        create(cluster, (a, b)[i % 2], key, "v")
    cluster.run(1)
    assert len(live(a)) == len(live(b)) == 5
    for i, key in enumerate(keys):
        delete(cluster, (a, b)[i % 2], key)
    cluster.run(1)
    assert live(a) == live(b) == {}
    assert stored(a, b) == [5, 5]
    cluster.run(5)
    cluster.do(c, "join_network", "W")
    cluster.run(1)
    assert stored(a, b, c) == [5, 5, 5]
    cluster.run(30)
    assert stored(a, b, c) == [0, 0, 0]
    cluster.run(15)
    assert stored(a, b, c) == [0, 0, 0]


def states(viewer: GossipNode, names: list[str]) -> list[NodeState | None]:
    return [viewer.node_state(name) for name in names]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_g14_island_merge(seed: int) -> None:
    tenth = replace(LAN, rejoin_interval=6 * SECOND, rejoin_duration=SECOND)
    cluster, nodes = formed(5, seed, settings=tenth)
    old, rest = nodes[:3], nodes[3:]
    addresses, departed = [node.address for node in old], [node.name for node in old]
    for node in rest:
        cluster.do(node, "join_cluster", addresses)
        cluster.run_until(lambda: node.cluster_joined, 10)  # noqa: B023 - called at once
    for node in old:
        cluster.do(node, "leave_cluster")
        cluster.run_until(lambda: node.stopped, 10)  # noqa: B023 - called at once
    gone = (NodeState.LEFT, NodeState.FAILED)
    cluster.poll(
        lambda: all(state in gone for node in rest for state in states(node, departed)), 120, 1
    )
    new = [cluster.start(f"again{i}", address) for i, address in enumerate(addresses)]
    everybody = sorted(node.name for node in [*rest, *new])
    cluster.run_until(lambda: all(list(node.members()) == everybody for node in [*rest, *new]), 120)
    for node in new:  # they joined nobody, and know nothing of those who had their addresses
        assert states(node, departed) == [None] * 3
        assert states(node, everybody) == [NodeState.ACTIVE] * 5
    for node in rest:
        assert all(state in gone for state in states(node, departed))
        assert states(node, everybody) == [NodeState.ACTIVE] * 5
