"""The managers' part in nodes: admitted, watched, changed, removed."""

from __future__ import annotations

from collections.abc import Mapping

from overlaysim.cluster.attachments import NetworkControl
from overlaysim.cluster.dispatcher import Dispatcher
from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.liveness import Liveness
from overlaysim.cluster.orchestrator import Orchestrator
from overlaysim.cluster.records import Node
from overlaysim.cluster.requests import Refused
from overlaysim.cluster.store import Store
from overlaysim.sim import Simulator
from overlaysim.sim.events import NodeChanged

AVAILABILITIES = ("active", "pause", "drain")


class NodeControl:
    """The nodes of the swarm, as its managers see them.

    Attributes:
        liveness: listens to the nodes' heartbeats.
    """

    def __init__(
        self,
        simulator: Simulator,
        store: Store,
        identifiers: Identifiers,
        dispatcher: Dispatcher,
        networks: NetworkControl,
        orchestrator: Orchestrator,
        heartbeat: int,
    ) -> None:
        self._simulator = simulator
        self._store = store
        self._identifiers = identifiers
        self._dispatcher = dispatcher
        self._networks = networks
        self._orchestrator = orchestrator
        self.liveness = Liveness(simulator, heartbeat, lambda node: self.set_state(node, "down"))

    def admit(self, hostname: str, address: str, role: str, availability: str) -> Node:
        """Enter a node. The first one is the leader; all others are watched from now on."""
        now = self._simulator.now
        node = Node(
            self._identifiers.swarm(), hostname, address, role, now, availability=availability,
            leader=not self._store.nodes, updated=now,
        )  # fmt: skip
        self._store.nodes[node.id] = node
        if not node.leader:
            self.liveness.heard(node)
        self._simulator.bus.emit(NodeChanged(now, hostname, "ready"))
        self._orchestrator.changed()
        return node

    def heartbeat(self, node_id: str) -> int:
        """Note that a node is alive; returns the time until its next heartbeat is due.

        Raises:
            Refused: it is no member.
        """
        node = self._store.nodes.get(node_id)
        if node is None:
            raise Refused("not found", "rpc error: code = NotFound desc = node not registered")
        self.set_state(node, "ready")
        if node.leader:  # elected while its heartbeat to another manager was on its way
            return self.liveness.period
        return self.liveness.heard(node)

    def set_state(self, node: Node, state: str) -> None:
        """Note that a node went down or came back."""
        if node.state != state:
            node.state, node.updated = state, self._simulator.now
            self._simulator.bus.emit(NodeChanged(self._simulator.now, node.hostname, state))
            self._dispatcher.wake(node)
            self._orchestrator.changed()

    def update(
        self, ref: str, version: int, *, role: str, availability: str, labels: Mapping[str, str]
    ) -> None:
        """Change a node's availability or labels.

        Raises:
            Refused: it is unknown, was changed meanwhile, or its role would change: managers are
                one here, and stay those that joined as such.
        """
        node = self._store.node(ref)
        if version != node.version:
            raise Refused("internal", "rpc error: code = Unknown desc = update out of sequence")
        if availability and availability not in AVAILABILITIES:
            raise Refused("invalid", f'invalid Availability: "{availability}"')
        if role and role != node.role:
            raise Refused(
                "invalid",
                "promotion and demotion are not simulated; join with the manager token instead",
            )
        node.availability = availability or node.availability
        node.labels = dict(labels)
        node.version += 1
        node.updated = self._simulator.now
        self._orchestrator.changed()

    def remove(self, ref: str, *, force: bool) -> None:
        """Forget a node that has left.

        Raises:
            Refused: it is unknown, a manager, or still up and ``force`` is not given.
        """
        node = self._store.node(ref)
        if node.role == "manager":
            raise Refused(
                "invalid",
                f"rpc error: code = FailedPrecondition desc = node {node.id} is a cluster manager "
                "and is a member of the raft cluster. It must be demoted to worker before removal",
            )
        if node.state != "down" and not force:
            raise Refused(
                "invalid",
                f"rpc error: code = FailedPrecondition desc = node {node.id} is not down and can't "
                "be removed",
            )
        del self._store.nodes[node.id]
        self.liveness.forget(node)
        self._dispatcher.forget(node)
        self._orchestrator.lifecycle.orphan(node)
        self._networks.release_node(node.id)
        self._simulator.bus.emit(NodeChanged(self._simulator.now, node.hostname, "removed"))
        self._orchestrator.changed()

    @property
    def manager_addresses(self) -> tuple[str, ...]:
        """Where the managers are that have not left, the leader first."""
        managers = [n for n in self._store.nodes.values() if n.role == "manager" and not n.left]
        return tuple(n.address for n in sorted(managers, key=lambda n: not n.leader))

    def lead(self, hostname: str) -> None:
        """Another manager leads, or the same one again: it has heard of no node yet.

        Nodes that are not down are unknown until their next heartbeat.
        """
        for node in self._store.nodes.values():
            node.leader = node.hostname == hostname and node.role == "manager" and not node.left
            if node.leader:
                self.liveness.forget(node)
                self.set_state(node, "ready")
            elif node.state != "down":
                self.set_state(node, "unknown")
                self.liveness.allow(node)

    def retire_manager(self, hostname: str) -> Node | None:
        """A manager has left; returns who leads from now on, if there is another one."""
        managers = [node for node in self._store.nodes.values() if node.role == "manager"]
        for node in managers:
            if node.hostname == hostname:
                node.leader, node.left = False, True
                self.liveness.forget(node)
                self.set_state(node, "down")
        left = [node for node in managers if node.state == "ready"]
        if not left:
            return None
        leader = next((node for node in left if node.leader), left[0])
        leader.leader = True
        self.liveness.forget(leader)
        return leader
