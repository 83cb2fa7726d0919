"""What a cluster sends, and the comings and goings that no numbered scenario covers."""

from __future__ import annotations

from typing import Any

import pytest
from gossip_cluster import Cluster, create, delete, encoded, live, networked

from overlaysim.gossip import LAN, NodeState
from overlaysim.gossip.community import acquaint
from overlaysim.units import SECOND
from overlaysim.validate.cluster import LATENCY, GossipCluster


def test_a_node_alone_leaves_at_once() -> None:
    cluster = Cluster()
    node = cluster.start("only")
    cluster.do(node, "leave_cluster")
    assert node.stopped
    assert not cluster.datagrams


def test_a_crashed_host_is_found_out_and_its_entries_are_hidden() -> None:
    cluster, nodes = networked(5)
    create(cluster, nodes[0], "k", "v")
    cluster.run(2)
    cluster.crash(nodes[0])
    cluster.run_until(
        lambda: all(node.node_state(nodes[0].name) is NodeState.FAILED for node in nodes[1:]), 30
    )
    assert all(live(node) == {} for node in nodes[1:])
    assert all(node.node_state(other.name) is NodeState.ACTIVE for node in nodes[1:]
               for other in nodes[1:])  # fmt: skip


def test_two_halves_find_each_other_again() -> None:
    """Each half goes on alone; what it wrote meanwhile reaches the other one after the heal."""
    cluster, nodes = networked(6)
    left, right = nodes[:3], nodes[3:]
    create(cluster, nodes[0], "before", 1)
    create(cluster, nodes[5], "given up", 2)
    cluster.run(2)
    cluster.cut_off(*left)
    cluster.run_until(lambda: all(len(node.members()) == 3 for node in nodes), 60)
    assert all(live(node) == {"before": 1} for node in left)
    assert all(live(node) == {"given up": 2} for node in right)
    create(cluster, nodes[1], "left", 3)
    create(cluster, nodes[4], "right", 4)
    delete(cluster, nodes[5], "given up")
    cluster.run(60)  # longer than memberlist remembers the dead
    cluster.heal()
    cluster.run_until(lambda: all(len(node.members()) == 6 for node in nodes), 60)
    whole = {"before": 1, "left": 3, "right": 4}
    cluster.run_until(lambda: all(live(node) == whole for node in nodes), 90)


@pytest.mark.parametrize(("count", "datagrams"), [(3, 24), (10, 240)])
def test_datagrams_of_one_create(count: int, datagrams: int) -> None:
    """Nodes x transmit limit x targets, if everybody relays once."""
    cluster, nodes = networked(count)
    cluster.run(5)
    cluster.datagrams.clear()
    create(cluster, nodes[0], "k" * 64, "v")
    cluster.run(4)
    kinds = [item.kind for _, item in cluster.datagrams]
    assert kinds.count("table") == datagrams
    assert set(kinds) == {"table", "probe"}


def test_an_idle_cluster_probes_and_makes_two_exchanges_per_interval() -> None:
    cluster, _ = networked(5)
    cluster.run(30)
    cluster.datagrams.clear()
    cluster.requests.clear()
    cluster.run(300)
    assert {item.kind for _, item in cluster.datagrams} == {"probe"}
    # One ping and one ack per node and second; at the wrap-around of its list a node that comes
    # upon itself may waste a turn.
    assert 0.97 * 5 * 2 * 300 <= len(cluster.datagrams) <= 5 * 2 * 301
    kinds = [item.kind for _, item in cluster.requests]
    # Per node and 30 s: one push/pull, and one bulk sync with the request and its answer.
    assert kinds.count("push-pull") == pytest.approx(50, abs=5)
    assert kinds.count("bulk-sync") == pytest.approx(100, abs=10)
    assert len(kinds) == kinds.count("push-pull") + kinds.count("bulk-sync")


def test_a_burst_goes_out_five_entries_per_tick() -> None:
    """1395 bytes per tick and network hold five entries of 245 + 4."""
    cluster, (a, b) = networked(2, network="n" * 25)
    cluster.run(2)
    cluster.datagrams.clear()
    for i in range(10):
        place = ("n" * 25, "endpoint_table", f"{i:064}")
        cluster.do(a, "create_entry", *place, i, encoded(i))
    # The names of these nodes have 12 characters, as Docker's have.
    cluster.run(0.4)
    sent: list[Any] = [
        item.packet
        for _, item in cluster.datagrams
        if (item.kind, item.target) == ("table", b.address)
    ]
    assert [len(packet.content.messages) for packet in sent] == [5, 5]
    # Lamport times are one byte shorter here than those of the reference's 1260 bytes.
    assert [packet.content.length for packet in sent] == [1260 - 5] * 2


def test_same_seed_same_traffic() -> None:
    def traffic(seed: int) -> list[tuple[int, str, bytes]]:
        cluster, nodes = networked(6, seed=seed)
        create(cluster, nodes[2], "k", "v")
        cluster.run(40)
        return cluster.trace()

    assert traffic(5) == traffic(5)
    assert traffic(5) != traffic(6)


def test_an_answered_probe_wakes_nobody_when_its_patience_would_end() -> None:
    cluster = GossipCluster(1, LAN)
    hosts = [cluster.start(f"node-{number}", f"10.0.0.{number}") for number in range(1, 6)]
    acquaint([host.node for host in hosts], "network")
    cluster.run(SECOND + 2 * LATENCY - 1)  # the probes of the first tick are under way
    patience = SECOND + LAN.probe_timeout
    assert {host.node.next_timer() for host in hosts} == {patience}
    cluster.run(1)
    assert patience not in {host.node.next_timer() for host in hosts}
