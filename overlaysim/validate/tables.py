"""Experiments on the name table: changes, bursts, idle traffic, a late joiner."""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.gossip import TableChange
from overlaysim.units import MS, SECOND
from overlaysim.validate.cluster import GossipCluster, Host
from overlaysim.validate.conditions import ENTRIES, Scene
from overlaysim.validate.spread import Metrics, spread
from overlaysim.validate.traffic import Traffic

IDLE_WINDOW = 60 * SECOND
IDLE_EMPTY_WINDOW = 120 * SECOND
CHANGE_WINDOW = 8 * SECOND
"""The traffic of one change is what exceeds the idle level in a window from the change on."""
SPREADING_LIMIT = 300 * SECOND
JOINING_LIMIT = 300 * SECOND
POLL = 10 * MS


def measured(cluster: GossipCluster, during: Callable[[], object]) -> tuple[Traffic, int]:
    """What was sent while something happened, and how long that took."""
    cluster.metering = True
    began, before = cluster.now, cluster.traffic.copy()
    during()
    cluster.metering = False
    return cluster.traffic - before, cluster.now - began


def idle(scene: Scene, window: int) -> Metrics:
    """Traffic of a cluster in which nothing happens, per node and second."""
    cluster = scene.cluster
    traffic, _ = measured(cluster, lambda: cluster.run(window))
    per = len(cluster.up()) * window / SECOND
    return {
        "udp_pkts_per_node_s": traffic.datagrams / per,
        "udp_payload_B_per_node_s": traffic.datagram_bytes / per,
        "tcp_conns_per_node_s": traffic.connections / per,
        "tcp_payload_B_per_node_s": traffic.stream_bytes / per,
        "tcp_segs_per_node_s": traffic.segments / per,
    }


def failed_views(scene: Scene) -> int:
    """How many pairs of hosts there are of which the first does not list the second as active."""
    hosts = scene.cluster.up()
    return sum(len(hosts) - len(host.node.members()) for host in hosts)


class Arrivals:
    """Notes when entries get to the hosts; installed as the cluster's observer until closed.

    Args:
        cluster: what is observed.
        kind: "created" or "deleted".
        wanted: tells of a host and a key whether it is meant: the entries of a node that was held
            to be dead come and go as well.

    Attributes:
        times: by host and key: picoseconds since the beginning.
        by_sync: how many came by bulk sync.
    """

    def __init__(
        self, cluster: GossipCluster, kind: str, wanted: Callable[[Host, str], bool]
    ) -> None:
        self._cluster = cluster
        self._kind = kind
        self._wanted = wanted
        self._began = cluster.now
        self.times: dict[tuple[str, str], int] = {}
        self.by_sync = 0
        cluster.on_change = self._note

    def close(self) -> None:
        """Stop listening."""
        self._cluster.on_change = None

    def _note(self, host: Host, change: TableChange, by_sync: bool) -> None:
        if change.kind != self._kind or not self._wanted(host, change.key):
            return
        place = (host.node.name, change.key)
        if place not in self.times:
            self.times[place] = self._cluster.now - self._began
            self.by_sync += by_sync


def change(scene: Scene, kind: str, writer: Host, key: str, level: Metrics) -> Metrics:
    """One entry is created or deleted on a host: when the others see it, and what that costs.

    Args:
        scene: a quiet cluster.
        kind: "created" or "deleted".
        writer: the host.
        key: of the entry.
        level: the idle traffic of the same cluster.
    """
    cluster = scene.cluster
    others = len(cluster.up()) - 1
    arrivals = Arrivals(cluster, kind, lambda _, changed: changed == key)

    def happen() -> None:
        (scene.create if kind == "created" else scene.delete)(writer, key)
        cluster.run(CHANGE_WINDOW)

    traffic, window = measured(cluster, happen)
    cluster.run_until(lambda: len(arrivals.times) >= others, SPREADING_LIMIT, step=SECOND)
    arrivals.close()
    return {
        **spread(list(arrivals.times.values()), others),
        **_above_idle(traffic, window, level, others + 1),
        "via_bulk_sync": arrivals.by_sync,
    }


def burst(scene: Scene, writer: Host, count: int, level: Metrics) -> Metrics:
    """Entries are created at once on one host, until all others have them all.

    The ``t`` metrics are over hosts (a host counts when it has all entries), the ``entry_t``
    metrics over pairs of an entry and a host. The traffic is that of the time until then.
    """
    cluster = scene.cluster
    others = len(cluster.up()) - 1
    keys = dict.fromkeys(scene.new_key() for _ in range(count))
    arrivals = Arrivals(cluster, "created", lambda _, changed: changed in keys)

    def happen() -> None:
        for key in keys:
            scene.create(writer, key)
        limit = SPREADING_LIMIT + count * cluster.settings.gossip_interval
        cluster.run_until(lambda: len(arrivals.times) >= others * count, limit)

    traffic, window = measured(cluster, happen)
    arrivals.close()
    complete: dict[str, list[int]] = {}
    for (host, _), time in arrivals.times.items():
        complete.setdefault(host, []).append(time)
    times = [max(of_host) for of_host in complete.values() if len(of_host) == count]
    return {
        **spread(times, others),
        **spread(list(arrivals.times.values()), others * count, "entry_"),
        **_above_idle(traffic, window, level, others + 1),
        "via_bulk_sync": arrivals.by_sync,
        "window_s": window / SECOND,
    }


def _above_idle(traffic: Traffic, window: int, level: Metrics, nodes: int) -> Metrics:
    per = nodes * window / SECOND
    return {
        "extra_udp_pkts_total": traffic.datagrams - level["udp_pkts_per_node_s"] * per,
        "extra_udp_payload_B_total": (
            traffic.datagram_bytes - level["udp_payload_B_per_node_s"] * per
        ),
    }


class _Watch:
    """Looks every 10 ms which other hosts list a newcomer as a member of the network.

    It stops one look after all of them do and the newcomer is complete, as the reference does.
    """

    def __init__(self, scene: Scene, newcomer: Host, complete: Callable[[], bool]) -> None:
        self._scene = scene
        self._newcomer = newcomer.node.name
        self._complete = complete
        self._waiting = [host for host in scene.cluster.up() if host is not newcomer]
        self._began = scene.cluster.now
        self.times: list[int] = []
        self.over = False
        self._look(None)

    def _look(self, _: object) -> None:
        cluster, network = self._scene.cluster, self._scene.network
        self.over = self.over or (not self._waiting and self._complete())
        if self.over:
            return
        still = []
        for host in self._waiting:
            if host.node.attached(self._newcomer, network):
                self.times.append(cluster.now - self._began)
            else:
                still.append(host)
        self._waiting = still
        cluster.simulator.call_in(POLL, self._look)


def late_join(scene: Scene) -> Metrics:
    """One more node starts, joins the cluster, then the network with its entries.

    The calls are those of the real code, which block: joining the cluster until the node's
    announcement has used up its transmissions, joining the network until the last bulk sync. A
    call that does not end in reasonable time has no metric.
    """
    cluster, network = scene.cluster, scene.network
    seed = scene.rng.choice(cluster.up())
    peers = len(cluster.up())
    joiner = scene.start_host()
    arrivals = Arrivals(cluster, "created", lambda host, _: host is joiner)
    watch = _Watch(scene, joiner, lambda: len(arrivals.times) >= ENTRIES)
    metrics: Metrics = {}

    def call(metric: str, returned: Callable[[], bool]) -> None:
        began = cluster.now
        if cluster.run_until(returned, JOINING_LIMIT):
            metrics[metric] = (cluster.now - began) / SECOND

    def happen() -> None:
        scene.join(joiner, seed)
        call("cluster_join_call_s", lambda: joiner.node.cluster_joined)
        with cluster.acting(joiner) as node:
            node.join_network(network, cluster.now)
        call("network_join_call_s", lambda: joiner.node.network_ready(network))
        cluster.run_until(lambda: watch.over, JOINING_LIMIT)

    traffic, window = measured(cluster, happen)
    watch.over = True
    arrivals.close()
    return {
        **metrics,
        **spread(watch.times, peers, "peers_know_joiner_"),
        **spread(list(arrivals.times.values()), ENTRIES, "entries_"),
        "entries_via_bulk_sync": arrivals.by_sync,
        "traffic_window_s": window / SECOND,
        "tcp_conns_total": traffic.connections,
        "tcp_payload_B_total": traffic.stream_bytes,
    }
