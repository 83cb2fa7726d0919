"""G01-G10: what a few nodes that come and go by their own word must agree on.

Scenarios of ``daemon/libnetwork/networkdb/networkdb_test.go`` in moby/moby. What is polled for
within four seconds there must be true by then here.
"""

from __future__ import annotations

import pytest
from gossip_cluster import Cluster, create, delete, encoded, formed, live, networked, update

from overlaysim.gossip import (
    DatagramIn,
    EntryAbsentError,
    EntryError,
    GossipError,
    GossipNode,
    NodeState,
)
from overlaysim.gossip.member_messages import Dead
from overlaysim.units import SECOND

VISIBLE = 4
"""Seconds within which a change must be visible."""


def expect(cluster: Cluster, nodes: list[GossipNode], key: str, value: str) -> None:
    cluster.run_until(lambda: all(live(node).get(key) == value for node in nodes), VISIBLE)
    assert all(node.get("W", "T", key) == value for node in nodes)


def readable(node: GossipNode, key: str) -> bool:
    try:
        node.get("W", "T", key)
    except EntryError:
        return False
    return True


def expect_gone(cluster: Cluster, nodes: list[GossipNode], key: str) -> None:
    cluster.run_until(lambda: not any(readable(node, key) for node in nodes), VISIBLE)


def test_g01_formation() -> None:
    cluster = Cluster()
    a, b = cluster.start("a"), cluster.start("b")
    assert a.members() == {"a": a.address}
    assert b.members() == {"b": b.address}
    cluster.do(b, "join_cluster", [a.address])
    cluster.run_until(lambda: len(a.members()) == len(b.members()) == 2, 30)
    assert a.members() == b.members() == {"a": a.address, "b": b.address}


def test_g02_network_membership() -> None:
    cluster, (a, b) = formed(2)
    cluster.do(a, "join_network", "W")
    cluster.run_until(lambda: b.network_members("W") == [a.name], VISIBLE)
    assert b.attached(a.name, "W")
    cluster.do(a, "leave_network", "W")
    cluster.run_until(lambda: b.network_members("W") == [], VISIBLE)
    assert not b.attached(a.name, "W")


def test_g03_many_networks() -> None:
    cluster, (a, b) = formed(2)
    networks = {a.name: [f"a{i}" for i in range(10)], b.name: [f"b{i}" for i in range(10)]}

    def everywhere(call: str) -> None:
        for node in (a, b):
            for network in networks[node.name]:
                cluster.do(node, call, network)

    def seen(viewer: GossipNode, other: GossipNode) -> int:
        return sum(
            viewer.network_members(network) == [other.name] for network in networks[other.name]
        )

    everywhere("join_network")
    cluster.run_until(lambda: seen(a, b) == seen(b, a) == 10, VISIBLE)
    everywhere("leave_network")
    cluster.run_until(lambda: seen(a, b) == seen(b, a) == 0, VISIBLE)


def test_g04_create_update_delete_with_an_outsider() -> None:
    cluster, (a, b, outsider) = formed(3)
    cluster.do(a, "join_network", "W")
    cluster.run_until(lambda: b.network_members("W") == [a.name], VISIBLE)
    cluster.do(b, "join_network", "W")
    create(cluster, a, "k", "v1")
    expect(cluster, [b], "k", "v1")
    update(cluster, a, "k", "v2")
    expect(cluster, [b], "k", "v2")
    delete(cluster, a, "k")
    expect_gone(cluster, [b], "k")
    cluster.run(40)  # past a bulk sync: nobody hands it to the outsider later, either
    assert not any(name == outsider.name for _, name, _ in cluster.changes)
    assert outsider.record("W", "T", "k", cluster.now) is None


def test_g05_mutual_writes() -> None:
    cluster, (a, b) = networked(2)
    for i in range(10):
        create(cluster, a, f"a{i}", f"from a {i}")
        create(cluster, b, f"b{i}", f"from b {i}")
    for i in range(10):
        expect(cluster, [b], f"a{i}", f"from a {i}")
        expect(cluster, [a], f"b{i}", f"from b {i}")
    for i in range(10):
        delete(cluster, a, f"a{i}")
        delete(cluster, b, f"b{i}")
    for i in range(10):
        expect_gone(cluster, [a, b], f"a{i}")
        expect_gone(cluster, [a, b], f"b{i}")
    assert live(a) == live(b) == {}


def test_g06_graceful_node_leave() -> None:
    cluster, (a, b) = networked(2)
    create(cluster, a, "k", "v")
    expect(cluster, [b], "k", "v")
    cluster.do(a, "leave_cluster")
    expect_gone(cluster, [b], "k")
    assert b.node_state(a.name) is NodeState.LEFT
    assert b.network_members("W") == [b.name]
    cluster.run_until(lambda: a.stopped, 6)


def test_g07_watch() -> None:
    cluster, (a, b) = networked(2)

    def told() -> list[tuple[str, object, object]]:
        return [(c.kind, c.previous, c.value) for _, who, c in cluster.changes if who == b.name]

    story: list[tuple[str, object, object]] = [
        ("created", None, "v1"), ("updated", "v1", "v2"), ("deleted", "v2", None)
    ]  # fmt: skip
    create(cluster, a, "k", "v1")
    cluster.run_until(lambda: told() == story[:1], 1)
    update(cluster, a, "k", "v2")
    cluster.run_until(lambda: told() == story[:2], 1)
    delete(cluster, a, "k")
    cluster.run_until(lambda: told() == story, 1)
    cluster.run(40)  # past a bulk sync: nothing is told twice
    assert told() == story


def test_g08_late_joiner() -> None:
    cluster, (a, b) = formed(2)
    cluster.do(a, "join_network", "W")
    for i in range(1000):
        create(cluster, a, f"key{i}", f"value{i}")
    cluster.run_until(lambda: b.network_members("W") == [a.name], VISIBLE)
    cluster.do(b, "join_network", "W")
    cluster.run_until(lambda: b.network_ready("W"), VISIBLE)
    assert live(b) == live(a) == {f"key{i}": f"value{i}" for i in range(1000)}
    assert {owner for _, _, owner in b.entries("W", "T")} == {a.name}


def test_g09_bulk_sync_to_a_failed_but_alive_peer() -> None:
    cluster, (a, b) = networked(2)
    cluster.run(20)
    accusation = DatagramIn(b.address, Dead(1, b.name, "accuser"))
    a.receive(accusation, cluster.now)
    assert a.node_state(b.name) is NodeState.FAILED
    create(cluster, a, "from-a", 1)
    create(cluster, b, "from-b", 2)
    began = cluster.now
    cluster.do(a, "bulk_sync", b.name)
    assert a.syncs_pending == 1
    cluster.run_until(lambda: a.syncs_pending == 0, 0.02)
    # Three trips for the request, three for the answer, and B has not spoken up for itself yet.
    assert cluster.now - began == 6 * cluster.latency
    assert a.node_state(b.name) is NodeState.FAILED
    assert live(b) == {"from-a": 1, "from-b": 2}
    assert live(a) == {"from-a": 1}
    hidden = a.record("W", "T", "from-b", cluster.now)
    assert hidden is not None
    assert (hidden.value, hidden.owner, hidden.hidden) == (2, b.name, True)
    with pytest.raises(EntryAbsentError):
        a.get("W", "T", "from-b")
    with pytest.raises(GossipError, match="never-seen"):
        a.bulk_sync("never-seen", cluster.now)
    assert a.syncs_pending == 0
    cluster.run_until(lambda: live(a) == live(b), 10)
    assert a.node_state(b.name) is NodeState.ACTIVE


def test_g10_concurrent_bulk_syncs() -> None:
    """moby issue 51701: of several waits for one peer, all end with its answer."""
    cluster, (a, b) = networked(2)
    cluster.run(20)
    for i in range(50):
        a.create_entry("W", "T", f"k{i}", i, encoded(i), cluster.now)
    began = cluster.now
    for _ in range(4):
        b.bulk_sync(a.name, cluster.now)
    assert b.syncs_pending == 4
    assert live(b) == {}
    cluster.settle(b)
    cluster.run_until(lambda: b.syncs_pending == 0, 1)
    assert cluster.now - began == 6 * cluster.latency < 30 * SECOND
    assert live(b) == {f"k{i}": i for i in range(50)}
