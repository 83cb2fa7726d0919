"""The transport: what a message costs in time and in packets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from overlaysim.gossip import LAN, NodeState
from overlaysim.units import MS, SECOND
from overlaysim.validate.cluster import GossipCluster, Host

NETWORK = "n" * 25


def pair(latency: tuple[int, int] = (MS // 2, MS // 2)) -> tuple[GossipCluster, Host, Host]:
    cluster = GossipCluster(1, LAN, latency)
    return cluster, cluster.start("a" * 12, "10.0.0.1"), cluster.start("b" * 12, "10.0.0.2")


def join(cluster: GossipCluster, host: Host, seed: Host) -> None:
    with cluster.acting(host) as node:
        node.join_cluster([seed.node.address], cluster.now)


def listings(cluster: GossipCluster) -> dict[str, int]:
    """Filled while the cluster runs: when a host first listed another."""
    times: dict[str, int] = {}

    def note(host: Host, name: str, state: NodeState) -> None:
        assert state is NodeState.ACTIVE
        times.setdefault(host.node.name, cluster.now)

    cluster.on_member = note
    return times


def scripted(cluster: GossipCluster, *lost: bool) -> Iterator[bool]:
    """Let the next packets be lost or not as said, and no other."""
    script = iter(lost)
    cluster.loss = 0.5
    cluster._random = lambda: 0.0 if next(script, False) else 0.9
    return script


def test_an_exchange_takes_a_handshake_and_two_messages() -> None:
    cluster, one, two = pair()
    times = listings(cluster)
    join(cluster, two, one)
    cluster.run(100 * MS)
    # SYN and SYN/ACK, the joiner's state; then the answer.
    assert times == {one.node.name: 3 * MS // 2, two.node.name: 2 * MS}


@pytest.mark.parametrize(
    ("lost", "seed_hears", "joiner_hears"),
    [
        ((True,), 1001.5, 1002),  # SYN
        ((False, True), 1001.5, 1002),  # SYN/ACK
        ((True, True), 3001.5, 3002),  # the repeated SYN as well
        ((False, False, True), 201.5, 202),  # data
        ((False, False, True, True), 401.5, 402),  # and again
    ],
)
def test_a_loss_on_a_connection_costs_its_retransmission_time(
    lost: tuple[bool, ...], seed_hears: float, joiner_hears: float
) -> None:
    cluster, one, two = pair()
    times = listings(cluster)
    join_with = scripted(cluster, *lost)
    # No other packet may be lost or take a draw of the script: both nodes have just started.
    join(cluster, two, one)
    cluster.run_until(lambda: len(times) == 2, 10 * SECOND)
    assert list(join_with) == []
    heard = {one.node.name: round(seed_hears * MS), two.node.name: round(joiner_hears * MS)}
    assert times == heard


def test_everything_sent_is_counted_at_the_sender() -> None:
    cluster, one, two = pair()
    cluster.metering = True
    join(cluster, two, one)
    cluster.run(3 * MS)
    traffic = cluster.traffic.copy()
    assert (traffic.connections, traffic.segments, traffic.datagrams) == (1, 4, 0)
    assert traffic.stream_bytes > 300  # two states of one node each
    cluster.run(2 * SECOND)
    later = cluster.traffic - traffic
    assert later.datagrams == sum(cluster.datagrams.values())
    assert later.connections == 0
    assert later.datagram_bytes > 50 * later.datagrams


def test_nothing_is_counted_unless_asked_for() -> None:
    cluster, one, two = pair()
    join(cluster, two, one)
    cluster.run(2 * SECOND)
    assert cluster.traffic.datagrams == cluster.traffic.connections == 0


def test_a_lost_datagram_is_sent_and_never_arrives() -> None:
    cluster, one, two = pair()
    join(cluster, two, one)
    cluster.run(10 * SECOND)
    cluster.loss = 0.9
    cluster.metering = True
    two_misses = listings_of_state(cluster, NodeState.FAILED)
    cluster.run(30 * SECOND)
    assert cluster.traffic.datagrams > 0
    assert two_misses == {one.node.name, two.node.name}


def listings_of_state(cluster: GossipCluster, state: NodeState) -> set[str]:
    seen: set[str] = set()
    cluster.on_member = lambda host, _, now: seen.add(host.node.name) if now is state else None
    return seen


def test_a_dial_to_a_crashed_host_runs_into_its_time_out() -> None:
    cluster, one, two = pair()
    cluster.crash(one)
    cluster.metering = True
    join(cluster, two, one)
    cluster.run(LAN.tcp_timeout - 1)
    assert not two.node.cluster_joined
    assert (cluster.traffic.connections, cluster.traffic.segments) == (1, 1)
    assert cluster.traffic.stream_bytes == 0
    assert cluster.up() == [two]


def test_groups_do_not_hear_each_other_until_healed() -> None:
    cluster, one, two = pair()
    join(cluster, two, one)
    cluster.run(5 * SECOND)
    cluster.split([[one], [two]])
    cluster.run(60 * SECOND)
    assert one.node.node_state(two.node.name) is NodeState.FAILED
    assert two.node.node_state(one.node.name) is NodeState.FAILED
    cluster.heal()
    cluster.run(60 * SECOND)
    assert one.node.node_state(two.node.name) is NodeState.ACTIVE
    assert two.node.node_state(one.node.name) is NodeState.ACTIVE


def test_hosts_in_no_group_stay_together() -> None:
    cluster, one, two = pair()
    three = cluster.start("c" * 12, "10.0.0.3")
    join(cluster, two, one)
    join(cluster, three, one)
    cluster.run(5 * SECOND)
    cluster.split([[three]])
    cluster.run(60 * SECOND)
    assert one.node.node_state(two.node.name) is NodeState.ACTIVE
    assert one.node.node_state(three.node.name) is NodeState.FAILED


def test_latency_may_be_drawn_from_a_range() -> None:
    cluster, one, two = pair((2 * MS, 4 * MS))
    times = listings(cluster)
    join(cluster, two, one)
    cluster.run(100 * MS)
    assert 6 * MS < times[one.node.name] < 12 * MS
    assert times[two.node.name] - times[one.node.name] < 4 * MS


def test_a_poll_looks_only_so_often() -> None:
    cluster, one, two = pair()
    join(cluster, two, one)
    looks: list[int] = []
    assert not cluster.run_until(lambda: bool(looks.append(cluster.now)), SECOND, step=300 * MS)
    assert looks == [0, 300 * MS, 600 * MS, 900 * MS, SECOND]
    assert cluster.now == SECOND


def test_a_condition_that_holds_ends_the_run_at_its_instant() -> None:
    cluster, one, two = pair()
    join(cluster, two, one)
    assert cluster.run_until(lambda: len(one.node.members()) == 2, SECOND)
    assert cluster.now == 3 * MS // 2
