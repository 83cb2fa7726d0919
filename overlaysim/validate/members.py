"""Experiments on the membership: a join, a crash, a partition that heals."""

from __future__ import annotations

from overlaysim.gossip import NodeState
from overlaysim.units import SECOND
from overlaysim.validate.cluster import GossipCluster, Host
from overlaysim.validate.conditions import ENTRIES, Scene
from overlaysim.validate.spread import Metrics, spread
from overlaysim.validate.tables import failed_views

DETECTION_LIMIT = 600 * SECOND
HEALING_LIMIT = 600 * SECOND


class _Verdicts:
    """Notes when hosts first say of one node that it is in a state."""

    def __init__(self, cluster: GossipCluster, name: str, state: NodeState) -> None:
        self._cluster = cluster
        self._subject = (name, state)
        self._began = cluster.now
        self.times: dict[str, int] = {}
        cluster.on_member = self._note

    def wait(self, count: int) -> Metrics:
        """Run until that many hosts have said so."""
        self._cluster.run_until(lambda: len(self.times) >= count, DETECTION_LIMIT)
        self._cluster.on_member = None
        return spread(list(self.times.values()), count)

    def _note(self, host: Host, name: str, state: NodeState) -> None:
        if (name, state) == self._subject and host.node.name not in self.times:
            self.times[host.node.name] = self._cluster.now - self._began


def join(scene: Scene) -> Metrics:
    """One more node joins the cluster through a random one: when the others list it."""
    others = scene.cluster.up()
    joiner = scene.start_host()
    verdicts = _Verdicts(scene.cluster, joiner.node.name, NodeState.ACTIVE)
    scene.join(joiner, scene.rng.choice(others))
    # It lists itself from its start on; what it says is no news of others.
    return verdicts.wait(len(others))


def crash(scene: Scene) -> Metrics:
    """A random node is gone from one instant to the next: when the others declare it dead."""
    cluster = scene.cluster
    victim = scene.rng.choice(cluster.up())
    verdicts = _Verdicts(cluster, victim.node.name, NodeState.FAILED)
    cluster.crash(victim)
    return verdicts.wait(len(cluster.up()))


class _Repair:
    """Notes since when each host lists all others and sees all entries, without interruption.

    Attributes:
        members: by host, picoseconds from the beginning until it has listed all others for good.
        entries: the same for the entries.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._cluster = scene.cluster
        self._hosts = scene.cluster.up()
        self._began = scene.cluster.now
        self.members: dict[str, int] = {}
        self.entries: dict[str, int] = {}
        for host in self._hosts:
            self._count_members(host)
            self._count_entries(host)
        self._cluster.on_member = lambda host, *_: self._count_members(host)
        self._cluster.on_change = lambda host, *_: self._count_entries(host)

    def wait(self) -> Metrics:
        """Run until all is as it was."""
        count = len(self._hosts)
        self._cluster.run_until(
            lambda: len(self.members) == len(self.entries) == count, HEALING_LIMIT
        )
        self._cluster.on_member = self._cluster.on_change = None
        return {
            **spread(list(self.members.values()), count, "members_"),
            **spread(list(self.entries.values()), count, "entries_"),
        }

    def _count_members(self, host: Host) -> None:
        self._note(self.members, host, len(host.node.members()) == len(self._hosts))

    def _count_entries(self, host: Host) -> None:
        self._note(self.entries, host, self._scene.visible(host) == ENTRIES)

    def _note(self, since: dict[str, int], host: Host, complete: bool) -> None:
        if not complete:
            since.pop(host.node.name, None)
        else:
            since.setdefault(host.node.name, self._cluster.now - self._began)


def partition(scene: Scene, duration: int) -> Metrics:
    """The cluster falls into two halves that do not hear each other, and comes together again.

    Args:
        scene: a cluster whose nodes are in a network with entries.
        duration: how long the halves stay apart, picoseconds.
    """
    cluster = scene.cluster
    hosts = cluster.up()
    scene.rng.shuffle(hosts)
    half = len(hosts) // 2
    cluster.split([hosts[:half], hosts[half:]])
    cluster.run(duration)
    failed = failed_views(scene)
    cluster.heal()
    return {**_Repair(scene).wait(), "failed_views_at_heal": failed}
