"""A task's way from new to its node: addresses, a place, and the order to run it.

Whatever cannot be had now is tried again at the next change: a task without an address stays new,
one without a node stays pending (moby/swarmkit, ``manager/{allocator,scheduler}``).
"""

from __future__ import annotations

from collections import Counter

from overlaysim.cluster.allocator import Allocator
from overlaysim.cluster.dispatcher import Dispatcher
from overlaysim.cluster.lifecycle import Lifecycle
from overlaysim.cluster.records import Grant, Node, Service, Task
from overlaysim.cluster.requests import TaskNetwork, TaskOrder
from overlaysim.cluster.scheduler import Load, Wish, choose, why_not
from overlaysim.cluster.store import Store
from overlaysim.overlay.pool_errors import PoolExhausted
from overlaysim.sim import Simulator
from overlaysim.units import SECOND

MOST_FAILURES, FAILURE_MEMORY = 5, 300 * SECOND
"""A node on which a service failed so often within this time is avoided (scheduler/nodeinfo.go)."""


class Placement:
    """Takes waiting tasks as far as they can go."""

    def __init__(
        self,
        simulator: Simulator,
        store: Store,
        allocator: Allocator,
        lifecycle: Lifecycle,
        dispatcher: Dispatcher,
    ) -> None:
        self._simulator = simulator
        self._store = store
        self._allocator = allocator
        self._lifecycle = lifecycle
        self._dispatcher = dispatcher
        self._failures: dict[tuple[str, str], list[int]] = {}

    def failed(self, task: Task) -> None:
        """Remember where a task of a service failed."""
        key, now = (task.service, task.node), self._simulator.now
        recent = [at for at in self._failures.get(key, ()) if at > now - FAILURE_MEMORY]
        self._failures[key] = [*recent, now]

    def run(self) -> None:
        """Allocate, assign and send whatever waits."""
        for service in self._store.services.values():
            self._allocator.allocate_service(service, self._store.networks)
        for task in self._waiting("new"):
            service = self._store.services[task.service]
            if service.has_vips and self._allocator.allocate_task(task, self._store.networks):
                self._lifecycle.move(task, "pending", "pending task scheduling")
        for task in self._waiting("pending"):
            self._assign(task)
        # Load-balancer addresses come after scheduling, for nodes new to a network.
        for task in self._waiting("assigned"):
            self._send(task)

    def _waiting(self, state: str) -> list[Task]:
        waiting = [
            task for task in self._store.tasks.values()
            if task.state == state and task.wanted and not task.sent
        ]  # fmt: skip
        return sorted(waiting, key=lambda task: (task.created, task.slot))

    def _assign(self, task: Task) -> None:
        nodes = list(self._store.nodes.values())
        if not task.node:  # the task of a global service has its node from the start
            wish, load = Wish(task.spec.constraints, task.spec.max_per_node), self._load(task)
            node = choose(nodes, wish, load)
            if node is None:
                task.error = why_not(nodes, wish, load)
                return
            task.node = node.id
        task.error = ""
        self._lifecycle.move(task, "assigned", "scheduler assigned task to node")

    def _load(self, task: Task) -> Load:
        of_service = Counter(
            other.node for other in self._store.tasks_of(task.service)
            if other.node and other.wanted
        )  # fmt: skip
        since = self._simulator.now - FAILURE_MEMORY
        failing = [
            node for (service, node), instants in self._failures.items()
            if service == task.service and sum(at > since for at in instants) >= MOST_FAILURES
        ]  # fmt: skip
        return Load(of_service, self._store.load(), failing)

    def _send(self, task: Task) -> None:
        node = self._store.nodes.get(task.node)
        if node is None:
            return
        try:
            order = self._order(task, node)
        except PoolExhausted:  # no address for the node's load balancer
            return
        task.sent = True
        self._dispatcher.send(node, order)

    def _order(self, task: Task, node: Node) -> TaskOrder:
        service: Service = self._store.services[task.service]
        networks = []
        for attached in task.spec.networks:
            network = self._store.networks[attached.network]
            assert network.info is not None  # the task has an address in it
            balancer = self._allocator.load_balancer(network, node.id)
            grant = Grant(network.info, task.addresses[network.id], balancer)
            vip = service.vips.get(network.id, "")
            networks.append(TaskNetwork(grant, vip, attached.aliases))
        return TaskOrder(
            task.id, task.service, task.slot, task.spec, tuple(networks), task.desired == "running"
        )
