"""From services to tasks: the loop that makes the swarm what the services' specs say.

Each run compares what is wanted with what there is, makes and stops tasks, gives new ones their
addresses, and assigns them to nodes. It runs a debounce interval after something changed
(moby/swarmkit, ``manager/orchestrator`` and ``manager/scheduler``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from overlaysim.cluster.allocator import Allocator
from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.records import TASK_STATES, Grant, Node, Service, Task
from overlaysim.cluster.requests import TaskNetwork, TaskOrder, TaskStatus, TaskStop
from overlaysim.cluster.scheduler import choose, eligible
from overlaysim.cluster.store import Store
from overlaysim.cluster.timing import Timing
from overlaysim.overlay.pool_errors import PoolExhausted
from overlaysim.sim import Simulator
from overlaysim.sim.events import TaskChanged

HISTORY = 5
"""Old tasks kept per slot (``--task-history-limit``)."""
NO_NODE = "no suitable node (scheduling constraints not satisfied on {count} nodes)"


class Orchestrator:
    """Makes, places and ends tasks.

    ``dispatch`` is set by whoever connects managers with workers: it carries an order to a node.
    """

    def __init__(
        self,
        simulator: Simulator,
        store: Store,
        allocator: Allocator,
        identifiers: Identifiers,
        timing: Timing,
    ) -> None:
        self.dispatch: Callable[[Node, TaskOrder | TaskStop], None] = lambda node, order: None
        self._simulator = simulator
        self._store = store
        self._allocator = allocator
        self._identifiers = identifiers
        self._timing = timing
        self._pending = False
        self._dispatched: set[str] = set()

    def changed(self) -> None:
        """Something changed: run once the debounce interval is over."""
        if not self._pending:
            self._pending = True
            self._simulator.call_in(self._timing.schedule, self._run)

    def report(self, status: TaskStatus) -> None:
        """Take a worker's word on how far a task has come; an older word than known is ignored."""
        task = self._store.tasks.get(status.task)
        if task is None or TASK_STATES.index(status.state) <= TASK_STATES.index(task.state):
            return
        task.container = status.container or task.container
        task.error, task.exit_code = status.error, status.exit_code
        self._move(task, status.state, status.message)
        if task.ended:
            self._retire(task)
        self.changed()

    def release_idle_load_balancers(self) -> None:
        """Take back the load-balancer address of each node that a network no longer reaches."""
        for network in self._store.networks.values():
            if network.spec.ingress:
                continue
            for node in list(network.load_balancers):
                if not self._store.uses(network.id, node):
                    self._allocator.release_load_balancer(network, node)

    # ---- one run --------------------------------------------------------------------------

    def _run(self, _: object) -> None:
        self._pending = False
        for task in list(self._store.tasks.values()):
            if task.service not in self._store.services:
                self._stop(task, "remove")
        for service in self._store.services.values():
            self._evacuate(service)
            if service.spec.replicas is None:
                self._reconcile_global(service)
            else:
                self._reconcile_replicated(service, service.spec.replicas)
            self._roll(service)
        self._allocate()
        self._assign()

    def _evacuate(self, service: Service) -> None:
        """Move tasks away from nodes that are down or drained."""
        for task in self._store.tasks_of(service.id):
            node = self._store.nodes.get(task.node)
            if task.wanted and task.node and (node is None or unusable(node)):
                self._stop(task, "shutdown")

    def _reconcile_replicated(self, service: Service, replicas: int) -> None:
        occupied = {task.slot for task in self._present(service)}
        surplus = len([t for t in self._present(service) if t.wanted]) - replicas
        for task in self._least_useful(service)[: max(surplus, 0)]:
            self._stop(task, "remove")
        missing = replicas - len(occupied) - len(self._finished_slots(service) - occupied)
        slot = 1
        while missing > 0:
            if slot not in occupied and slot not in self._finished_slots(service):
                self._create(service, slot)
                missing -= 1
            slot += 1

    def _reconcile_global(self, service: Service) -> None:
        nodes = eligible(list(self._store.nodes.values()), service.spec.constraints)
        wanted = {node.id for node in nodes}
        present = {task.node for task in self._present(service)}
        for task in self._present(service):
            if task.node not in wanted:
                self._stop(task, "shutdown")
        for node in nodes:
            if node.id not in present:
                self._create(service, 0, node.id)

    def _roll(self, service: Service) -> None:
        """Replace tasks of an older template one at a time, stop first (parallelism 1)."""
        present = self._present(service)
        if any(task.state != "running" or not task.wanted for task in present):
            return
        for task in sorted(present, key=lambda task: task.slot):
            if task.spec.template != service.spec.template:
                self._stop(task, "shutdown")
                return

    def _present(self, service: Service) -> list[Task]:
        """Tasks that hold their slot: not ended, and not lost with their node."""
        return [
            task for task in self._store.tasks_of(service.id)
            if not task.ended and task.desired != "remove" and not self._lost(task)
        ]  # fmt: skip

    def _lost(self, task: Task) -> bool:
        node = self._store.nodes.get(task.node)
        return bool(task.node) and (node is None or node.state == "down")

    def _finished_slots(self, service: Service) -> set[int]:
        """Slots whose last task ended by itself and is not to be restarted."""
        last = {task.slot: task for task in self._store.tasks_of(service.id)}
        return {
            slot for slot, task in last.items()
            if died(task) and not restarts(task)
        }  # fmt: skip

    def _least_useful(self, service: Service) -> list[Task]:
        """Whom to remove first: not running, then of the fullest node, then the highest slot."""
        tasks = [task for task in self._present(service) if task.wanted]
        order: list[Task] = []
        per_node = Counter(task.node for task in tasks)
        while tasks:
            task = max(tasks, key=lambda t: (t.state != "running", per_node[t.node], t.slot))
            tasks.remove(task)
            per_node[task.node] -= 1
            order.append(task)
        return order

    # ---- single tasks ---------------------------------------------------------------------

    def _create(self, service: Service, slot: int, node: str = "") -> None:
        now = self._simulator.now
        task = Task(
            self._identifiers.swarm(), service.id, slot, service.spec, now, node=node, changed=now
        )
        before = [
            old for old in self._store.tasks_of(service.id)
            if old.slot == slot and node in ("", old.node)
        ]  # fmt: skip
        if before and (self._lost(before[-1]) or died(before[-1])):
            task.not_before = now + service.spec.restart_delay
        self._store.tasks[task.id] = task
        for old in before[: max(len(before) - HISTORY + 1, 0)]:
            if old.ended:
                del self._store.tasks[old.id]

    def _stop(self, task: Task, desired: str) -> None:
        if task.desired == desired:
            return
        task.desired = desired
        node = self._store.nodes.get(task.node)
        if task.ended or TASK_STATES.index(task.state) < TASK_STATES.index("assigned"):
            if not task.ended:
                self._move(task, "shutdown", "shutdown")
            self._retire(task)
        elif node is not None:
            self.dispatch(node, TaskStop(task.id))

    def _retire(self, task: Task) -> None:
        """The task is over: its addresses are free again."""
        self._allocator.release_task(task, self._store.networks)
        self.release_idle_load_balancers()
        if task.desired == "remove":
            self._store.tasks.pop(task.id, None)

    def _allocate(self) -> None:
        for task in self._waiting("new"):
            try:
                self._allocator.allocate_task(task, self._store.networks)
            except PoolExhausted:
                continue  # it stays new; the next release of an address tries again
            if len(task.addresses) == len(task.spec.networks):
                self._move(task, "pending", "pending task scheduling")

    def _assign(self) -> None:
        nodes = list(self._store.nodes.values())
        for task in self._waiting("pending"):
            node = self._store.nodes.get(task.node) or self._place(task, nodes)
            if node is None:
                task.error = NO_NODE.format(count=len(nodes))
                continue
            task.node, task.error = node.id, ""
            self._move(task, "assigned", "scheduler assigned task to node")
        # Load-balancer addresses come after scheduling, for nodes new to a network.
        for task in self._waiting("assigned"):
            self._dispatched.add(task.id)
            self.dispatch(self._store.nodes[task.node], self._order(task))

    def _waiting(self, state: str) -> list[Task]:
        undispatched = [
            task for task in self._store.tasks.values()
            if task.state == state and task.wanted and task.id not in self._dispatched
        ]  # fmt: skip
        return sorted(undispatched, key=lambda task: (task.created, task.slot))

    def _place(self, task: Task, nodes: list[Node]) -> Node | None:
        of_service = Counter(
            other.node for other in self._store.tasks_of(task.service)
            if other.node and other.wanted
        )  # fmt: skip
        spec = task.spec
        return choose(nodes, spec.constraints, of_service, self._store.load(), spec.max_per_node)

    def _order(self, task: Task) -> TaskOrder:
        service = self._store.services[task.service]
        networks = []
        for attached in task.spec.networks:
            network = self._store.networks[attached.network]
            assert network.info is not None
            balancer = self._allocator.load_balancer(network, task.node)
            grant = Grant(network.info, task.addresses[network.id], balancer)
            vip = service.vips.get(network.id, "")
            networks.append(TaskNetwork(grant, vip, attached.aliases))
        return TaskOrder(
            task.id, task.service, task.slot, task.spec, tuple(networks), task.not_before
        )

    def _move(self, task: Task, state: str, message: str) -> None:
        task.state, task.message, task.changed = state, message, self._simulator.now
        node = self._store.nodes.get(task.node)
        host = node.hostname if node is not None else ""
        self._simulator.bus.emit(
            TaskChanged(self._simulator.now, task.spec.name, task.id, host, state)
        )


def unusable(node: Node) -> bool:
    """Whether tasks have to leave the node."""
    return node.state == "down" or node.availability == "drain"


def died(task: Task) -> bool:
    """Whether a task ended by itself, not because somebody wanted it to."""
    return task.ended and task.desired == "running"


def restarts(task: Task) -> bool:
    """Whether a task that ended by itself is followed by another one."""
    condition = task.spec.restart_condition
    return condition == "any" or (
        condition == "on-failure" and task.state in ("failed", "rejected")
    )
