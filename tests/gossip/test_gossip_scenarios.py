"""The reference's own scenarios, as far as nodes come and go by their own word.

Named after ``daemon/libnetwork/networkdb/networkdb_test.go`` and its neighbours in moby/moby. The
limits are the reference's: what is polled for within four seconds there must be true by then here.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from gossip_cluster import Cluster, formed, live, networked

from overlaysim.gossip import LAN, EntryDeletedError, GossipNode
from overlaysim.units import SECOND

VISIBLE = 4


def create(cluster: Cluster, node: GossipNode, key: str, value: str) -> None:
    cluster.do(node, "create_entry", "W", "T", key, value, 110)


def update(cluster: Cluster, node: GossipNode, key: str, value: str) -> None:
    cluster.do(node, "update_entry", "W", "T", key, value, 110)


def delete(cluster: Cluster, node: GossipNode, key: str) -> None:
    cluster.do(node, "delete_entry", "W", "T", key)


def expect(cluster: Cluster, nodes: list[GossipNode], key: str, value: str | None) -> None:
    cluster.run_until(lambda: all(live(node).get(key) == value for node in nodes), VISIBLE)


def test_two_nodes_form_a_cluster() -> None:
    _, nodes = formed(2)
    expected = {node.name: node.address for node in nodes}
    assert [node.members() for node in nodes] == [expected, expected]


def test_membership_of_a_network_is_known_to_nodes_outside_it() -> None:
    cluster, (a, b) = formed(2)
    cluster.do(a, "join_network", "W")
    cluster.run_until(lambda: b.network_members("W") == [a.name], VISIBLE)
    cluster.do(a, "leave_network", "W")
    cluster.run_until(lambda: b.network_members("W") == [], VISIBLE)


def test_many_networks() -> None:
    cluster, (a, b) = formed(2)
    networks = {a: [f"a{i}" for i in range(10)], b: [f"b{i}" for i in range(10)]}
    for node, own in networks.items():
        for network in own:
            cluster.do(node, "join_network", network)

    def seen(viewer: GossipNode, other: GossipNode) -> int:
        return sum(other.name in viewer.network_members(network) for network in networks[other])

    cluster.run_until(lambda: seen(a, b) == seen(b, a) == 10, VISIBLE)
    for node, own in networks.items():
        for network in own:
            cluster.do(node, "leave_network", network)
    cluster.run_until(lambda: seen(a, b) == seen(b, a) == 0, VISIBLE)


def test_create_update_delete_with_an_outsider() -> None:
    cluster, (a, b, outsider) = formed(3)
    cluster.do(a, "join_network", "W")
    cluster.run_until(lambda: b.network_members("W") == [a.name], VISIBLE)
    cluster.do(b, "join_network", "W")
    create(cluster, a, "k", "v1")
    expect(cluster, [b], "k", "v1")
    update(cluster, a, "k", "v2")
    expect(cluster, [b], "k", "v2")
    delete(cluster, a, "k")
    expect(cluster, [b], "k", None)
    with pytest.raises(EntryDeletedError, match="k is deleted"):
        b.get("W", "T", "k")
    assert not any(name == outsider.name for _, name, _ in cluster.changes)


def test_mutual_writes() -> None:
    cluster, (a, b) = networked(2)
    for i in range(10):
        create(cluster, a, f"a{i}", f"from a {i}")
        create(cluster, b, f"b{i}", f"from b {i}")
    cluster.run_until(lambda: len(live(a)) == len(live(b)) == 20, VISIBLE)
    assert live(a) == live(b)
    for i in range(10):
        delete(cluster, a, f"a{i}")
        delete(cluster, b, f"b{i}")
    cluster.run_until(lambda: live(a) == live(b) == {}, VISIBLE)


def test_a_node_that_leaves_takes_its_entries_along() -> None:
    cluster, (a, b) = networked(2)
    create(cluster, a, "k", "v")
    expect(cluster, [b], "k", "v")
    cluster.do(a, "leave_cluster")
    assert not a.stopped
    expect(cluster, [b], "k", None)
    assert list(b.members()) == [b.name]
    assert b.network_members("W") == [b.name]
    cluster.run_until(lambda: a.stopped, 6)
    assert a.next_timer() is None
    last = cluster.changes[-1][2]
    assert (last.kind, last.previous, last.owner) == ("deleted", "v", a.name)


def test_a_node_alone_leaves_at_once() -> None:
    cluster = Cluster()
    node = cluster.start("only")
    cluster.do(node, "leave_cluster")
    assert node.stopped
    assert not cluster.datagrams


def test_a_watcher_sees_old_and_new_values() -> None:
    cluster, (a, b) = networked(2)
    for act in (
        lambda: create(cluster, a, "k", "v1"),
        lambda: update(cluster, a, "k", "v2"),
        lambda: delete(cluster, a, "k"),
    ):
        act()
        cluster.run(1)
    assert [(who, c.kind, c.previous, c.value) for _, who, c in cluster.changes] == [
        (b.name, "created", None, "v1"),
        (b.name, "updated", "v1", "v2"),
        (b.name, "deleted", "v2", None),
    ]


def test_a_late_joiner_gets_a_thousand_entries() -> None:
    cluster, (a, b) = formed(2)
    cluster.do(a, "join_network", "W")
    for i in range(1000):
        create(cluster, a, f"key{i}", f"value{i}")
    cluster.run(1)
    cluster.do(b, "join_network", "W")
    cluster.run_until(lambda: b.network_ready("W"), 1)
    assert live(b) == live(a)
    assert len(live(b)) == 1000


def test_concurrent_bulk_syncs_are_all_answered() -> None:
    cluster, (a, b) = formed(2)
    networks = [f"W{i}" for i in range(4)]
    for network in networks:
        cluster.do(a, "join_network", network)
        for i in range(50):
            cluster.do(a, "create_entry", network, "T", f"k{i}", i, 100)
    cluster.run(1)
    for network in networks:
        cluster.do(b, "join_network", network)
    cluster.run(0.003)  # handshake and one way, twice
    assert all(map(b.network_ready, networks))
    assert all(len(live(b, network)) == 50 for network in networks)
    due = b.next_timer()
    assert due is not None
    assert due - cluster.now < 30 * SECOND - 1  # nobody still waits for an answer


def test_join_and_leave_without_pause() -> None:
    cluster, (a, b) = formed(2)
    cluster.do(a, "join_network", "W")
    assert a.network_members("W") == [a.name]
    cluster.do(a, "leave_network", "W")
    assert a.network_members("W") == []
    for node in (a, b):
        cluster.do(node, "join_network", "W")
    both = [a.name, b.name]
    cluster.run_until(lambda: a.network_members("W") == b.network_members("W") == both, 3)
    cluster.do(a, "leave_network", "W")
    cluster.do(a, "join_network", "W")
    cluster.run(3)
    assert a.network_members("W") == b.network_members("W") == both
    assert a.network_ready("W")


def stored(node: GossipNode) -> int:
    """Entries and tombstones."""
    return len(node._tables.networks["W"].entries)


def test_tombstones_are_synced_and_collected() -> None:
    cluster, (a, b, c) = formed(3, settings=replace(LAN, entry_lifetime=30 * SECOND))
    for node in (a, b):
        cluster.do(node, "join_network", "W")
    cluster.run(1)
    for i in range(5):
        create(cluster, (a, b)[i % 2], f"k{i}", "v")
    cluster.run(1)
    for i in range(5):
        delete(cluster, (a, b)[i % 2], f"k{i}")
    cluster.run(1)
    assert [stored(a), stored(b)] == [5, 5]
    cluster.run(5)
    cluster.do(c, "join_network", "W")
    cluster.run(1)
    assert [stored(node) for node in (a, b, c)] == [5, 5, 5]
    for pause in (30, 15):
        cluster.run(pause)
        assert [stored(node) for node in (a, b, c)] == [0, 0, 0]


def test_five_nodes_follow_every_change() -> None:
    cluster, nodes = networked(5)
    others = nodes[1:]
    create(cluster, nodes[0], "k", "v1")
    expect(cluster, others, "k", "v1")
    update(cluster, nodes[0], "k", "v2")
    expect(cluster, others, "k", "v2")
    delete(cluster, nodes[0], "k")
    expect(cluster, others, "k", None)


def test_islands_merge() -> None:
    """Nodes that started again at the old addresses are found by those that joined through them."""
    tenth = replace(LAN, rejoin_interval=6 * SECOND, rejoin_duration=SECOND)
    cluster, nodes = formed(5, settings=tenth)
    old, rest = nodes[:3], nodes[3:]
    addresses = [node.address for node in old]
    for node in rest:
        cluster.do(node, "join_cluster", addresses)
    cluster.run(1)
    for node in old:
        cluster.do(node, "leave_cluster")
    cluster.run_until(lambda: all(len(node.members()) == 2 for node in rest), 30)
    cluster.run_until(lambda: all(node.stopped for node in old), 10)
    new = [cluster.start(f"again{i}", address) for i, address in enumerate(addresses)]
    cluster.run_until(lambda: all(len(node.members()) == 5 for node in rest + new), 120)


@pytest.mark.parametrize(("count", "datagrams"), [(3, 24), (10, 240)])
def test_datagrams_of_one_create(count: int, datagrams: int) -> None:
    """Nodes x transmit limit x targets, if everybody relays once."""
    cluster, nodes = networked(count)
    cluster.run(5)
    cluster.datagrams.clear()
    create(cluster, nodes[0], "k" * 64, "v")
    cluster.run(4)
    assert len(cluster.datagrams) == datagrams
    assert {item.kind for _, item in cluster.datagrams} == {"table"}


def test_an_idle_cluster_sends_no_datagrams_and_two_exchanges_per_interval() -> None:
    cluster, _ = networked(3)
    cluster.run(30)
    cluster.datagrams.clear()
    cluster.requests.clear()
    cluster.run(300)
    assert not cluster.datagrams
    kinds = [item.kind for _, item in cluster.requests]
    # Per node and 30 s: one push/pull, and one bulk sync with the request and its answer.
    assert kinds.count("push-pull") == pytest.approx(30, abs=3)
    assert kinds.count("bulk-sync") == pytest.approx(60, abs=6)


def test_a_burst_goes_out_five_entries_per_tick() -> None:
    """1395 bytes per tick and network hold five entries of 245 + 4."""
    cluster, (a, b) = networked(2, network="n" * 25)
    cluster.run(2)
    cluster.datagrams.clear()
    a._tables.clock.witness(1000)
    for i in range(10):
        place = ("n" * 25, "endpoint_table", f"{i:064}")
        cluster.do(a, "create_entry", *place, i, 110)
    # The names of these nodes have 12 characters, as Docker's have.
    cluster.run(0.4)
    sent = [item.length for _, item in cluster.datagrams if item.target == b.address]
    assert sent == [1260 + 35] * 2


def test_same_seed_same_traffic() -> None:
    def traffic(seed: int) -> list[tuple[int, object]]:
        cluster, nodes = networked(6, seed=seed)
        create(cluster, nodes[2], "k", "v")
        cluster.run(40)
        return [*cluster.datagrams, *cluster.requests]

    assert traffic(5) == traffic(5)
    assert traffic(5) != traffic(6)
