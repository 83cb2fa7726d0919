"""The conditions of an experiment, and how a cluster is brought to its beginning."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from overlaysim.errors import ModelError
from overlaysim.gossip import LAN, LOCAL, WAN, GossipSettings
from overlaysim.gossip.pushpull import push_pull_period
from overlaysim.units import MS, SECOND
from overlaysim.validate.cluster import LATENCY, GossipCluster, Host

PROFILES: dict[str, GossipSettings] = {"lan": LAN, "wan": WAN, "local": LOCAL}

TABLE = "endpoint_table"
VALUE = b"10.0.1.17 app.overlay " * 5
"""A 22-character string five times over: 110 bytes, as in the reference measurement."""
ENTRIES = 100
"""Entries that are in the table before an experiment."""

NETWORKDB_GAP = 400 * MS
MEMBERLIST_GAP = SECOND
"""Nodes start one after the other, after a random time of at most this."""

NETWORK_JOIN_GAP = 50 * MS
FORMING_LIMIT = 600 * SECOND
LOADING_LIMIT = 600 * SECOND
QUIET = 60 * SECOND
"""How long the last copies of the entries are given to be gossiped, at Docker's interval."""
PAUSE = (3 * SECOND, 33 * SECOND)
"""Experiments on one cluster begin at a random instant this long after the one before."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Where an experiment takes place.

    Attributes:
        nodes: size of the cluster in the experiment.
        loss: percent of the packets lost once the cluster has formed.
        profile: which of memberlist's profiles all nodes run with.
        latency: one way, picoseconds.
    """

    nodes: int
    loss: float = 0.0
    profile: str = "lan"
    latency: int = LATENCY

    @property
    def settings(self) -> GossipSettings:
        """What the profile stands for."""
        return PROFILES[self.profile]


class Scene:
    """A cluster and the random choices of the experiments on it.

    Args:
        conditions: where it takes place; loss is off until :meth:`begin_loss`.
        settings: of the nodes.
        seed: of everything random.

    Attributes:
        cluster: the nodes.
        rng: for what an experiment chooses.
        network: id of the one network, 25 characters as in Docker.
    """

    def __init__(self, conditions: Conditions, settings: GossipSettings, seed: int) -> None:
        self.conditions = conditions
        self.cluster = GossipCluster(seed, settings, (conditions.latency, conditions.latency))
        self.rng: random.Random = self.cluster.simulator.streams("experiment")
        self.network = "".join(self.rng.choices("0123456789abcdefghijklmnopqrstuvwxyz", k=25))
        self._serial = 0

    def start_host(self) -> Host:
        """Start one more node, in no cluster yet; its name is 12 hex digits as in Docker."""
        number = len(self.cluster.hosts)
        address = f"10.{77 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"
        return self.cluster.start(f"{self.rng.getrandbits(48):012x}", address)

    def form(self, count: int, gap: int) -> None:
        """Start nodes at random instants; each joins the cluster through a random one of them.

        Raises:
            ModelError: they do not all list one another in reasonable time.
        """
        cluster = self.cluster
        for _ in range(count):
            seeds = cluster.up()
            host = self.start_host()
            if seeds:
                self.join(host, self.rng.choice(seeds))
            cluster.run(self.rng.randrange(gap))
        hosts = cluster.up()
        self._require(
            cluster.run_until(
                lambda: all(len(host.node.members()) == count for host in hosts),
                FORMING_LIMIT, step=SECOND,
            ),
            "the cluster has not formed",
        )  # fmt: skip

    def join(self, host: Host, seed: Host) -> None:
        """Let a host join the cluster through another one."""
        with self.cluster.acting(host) as node:
            node.join_cluster([seed.node.address], self.cluster.now)

    def enter_network(self) -> None:
        """Let all nodes join the network, until all list all as its members.

        Raises:
            ModelError: they do not in reasonable time.
        """
        cluster, hosts = self.cluster, self.cluster.up()
        for host in hosts:
            with cluster.acting(host) as node:
                node.join_network(self.network, cluster.now)
            cluster.run(NETWORK_JOIN_GAP)
        self._require(
            cluster.run_until(lambda: self._attached(hosts), FORMING_LIMIT, step=SECOND),
            "the network is not known to all",
        )

    def load(self) -> None:
        """Let the nodes create the entries in turn, and wait until gossip is silent again.

        Raises:
            ModelError: not everybody has them all in reasonable time.
        """
        cluster, hosts = self.cluster, self.cluster.up()
        for number in range(ENTRIES):
            self.create(hosts[number % len(hosts)], self.new_key())
        self._require(
            cluster.run_until(
                lambda: all(self.visible(host) == ENTRIES for host in hosts),
                LOADING_LIMIT, step=SECOND,
            ),
            "the entries are not known to all",
        )  # fmt: skip
        cluster.run(QUIET * cluster.settings.gossip_interval // (200 * MS))

    def rest(self) -> None:
        """Wait until every node has begun its push/pulls: the first one takes up to two periods."""
        settings = self.cluster.settings
        nodes = len(self.cluster.up())
        self.cluster.run(2 * push_pull_period(settings.push_pull_interval, nodes))

    def begin_loss(self) -> None:
        """From now on packets are lost."""
        self.cluster.loss = self.conditions.loss / 100

    def pause(self) -> None:
        """Let a random time pass between two experiments."""
        self.cluster.run(self.rng.randrange(*PAUSE))

    # Entries

    def new_key(self) -> str:
        """A key of 64 characters: a label, a serial number, and hex digits like Docker's ids.

        Of the reference's keys only the length is known, but random hex digits alone make bulk
        syncs too long after compression, and the packet of one entry too short.
        """
        self._serial += 1
        return f"preload-{self._serial:06d}-{self.rng.getrandbits(196):049x}"

    def create(self, host: Host, key: str) -> None:
        """Create an entry on a host."""
        with self.cluster.acting(host) as node:
            node.create_entry(self.network, TABLE, key, VALUE, VALUE, self.cluster.now)

    def delete(self, host: Host, key: str) -> None:
        """Delete an entry on a host."""
        with self.cluster.acting(host) as node:
            node.delete_entry(self.network, TABLE, key, self.cluster.now)

    def visible(self, host: Host) -> int:
        """How many entries of the table a host sees."""
        return len(host.node.entries(self.network, TABLE))

    def _attached(self, hosts: Sequence[Host]) -> bool:
        return all(
            host.node.network_ready(self.network)
            and len(host.node.network_members(self.network)) == len(hosts)
            for host in hosts
        )

    def _require(self, reached: bool, otherwise: str) -> None:
        if not reached:
            raise ModelError(f"{self.conditions.nodes} nodes: {otherwise}")
