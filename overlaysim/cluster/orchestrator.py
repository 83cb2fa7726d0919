"""From services to tasks: the loop that makes the swarm what the services' specs say.

Each run compares what is wanted with what there is, makes, replaces and stops tasks, and takes
waiting ones on their way. It runs a debounce interval after something changed (moby/swarmkit,
``manager/orchestrator`` and ``manager/scheduler``).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from overlaysim.cluster.allocator import Allocator
from overlaysim.cluster.dispatcher import Dispatcher
from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.lifecycle import Lifecycle
from overlaysim.cluster.placement import Placement
from overlaysim.cluster.records import Node, Service, Task
from overlaysim.cluster.requests import TaskStatus
from overlaysim.cluster.scheduler import satisfies
from overlaysim.cluster.store import Store
from overlaysim.cluster.timing import Timing
from overlaysim.cluster.updater import Updater
from overlaysim.sim import Simulator

Rows = dict[Any, list[Task]]
"""Tasks by slot number (by node in a global service), the newest last."""


class Orchestrator:
    """Decides which tasks there shall be.

    Attributes:
        lifecycle: makes and ends single tasks.
        paused: whether there is no leader: nothing is decided then.
    """

    def __init__(
        self,
        simulator: Simulator,
        store: Store,
        allocator: Allocator,
        identifiers: Identifiers,
        dispatcher: Dispatcher,
        timing: Timing,
    ) -> None:
        self.lifecycle = Lifecycle(
            simulator, store, allocator, identifiers, dispatcher, self.changed
        )
        self._simulator = simulator
        self._store = store
        self._timing = timing
        self._placement = Placement(simulator, store, allocator, self.lifecycle, dispatcher)
        self._updater = Updater(simulator, store, self.lifecycle, self.changed)
        self._pending = False
        self.paused = False

    def changed(self) -> None:
        """Something changed: run once the debounce interval is over."""
        if not self._pending:
            self._pending = True
            self._simulator.call_in(self._timing.schedule, self._run)

    def report(self, status: TaskStatus) -> None:
        """Take a node's word on how far a task has come."""
        task = self.lifecycle.report(status)
        if task is not None and task.state in ("failed", "rejected"):
            self._placement.failed(task)

    # ---- one run --------------------------------------------------------------------------

    def _run(self, _: object) -> None:
        self._pending = False
        if self.paused:
            return
        for task in list(self._store.tasks.values()):
            if task.service not in self._store.services:
                self.lifecycle.stop(task, "remove")
        for service in self._store.services.values():
            self._restart(service)
            if service.spec.replicas is None:
                self._reconcile_global(service)
            else:
                self._reconcile_replicated(service, service.spec.replicas)
            rows = self._held(service)
            self._updater.advance(service, [rows[key][-1] for key in sorted(rows)])
        self.lifecycle.start_ready()
        self._placement.run()
        self.lifecycle.forget_old()

    def _restart(self, service: Service) -> None:
        """Replace the tasks that ended by themselves and those that cannot stay where they are."""
        for task in self._store.tasks_of(service.id):
            if not task.wanted:
                continue
            node = self._store.nodes.get(task.node)
            misplaced = bool(task.node) and (node is None or not suits(node, task))
            if not task.ended and not misplaced:
                continue
            if service.spec.replicas is None and (node is None or not suits(node, task)):
                self.lifecycle.stop(task, "shutdown")
            elif restarts(task):
                drained = node is not None and node.availability == "drain"
                self.lifecycle.replace(service, task, 0 if drained else task.spec.restart_delay)
            else:
                self.lifecycle.stop(task, "shutdown")

    def _held(self, service: Service) -> Rows:
        """The slots that somebody has: a task to run, or one that has done all it should."""
        rows: Rows = {}
        for task in self._store.tasks_of(service.id):
            if task.desired != "remove":
                rows.setdefault(task.instance, []).append(task)
        return {key: row for key, row in rows.items() if row[-1].wanted or not restarts(row[-1])}

    def _reconcile_replicated(self, service: Service, replicas: int) -> None:
        held = self._held(service)
        for slot in least_useful(held)[: max(len(held) - replicas, 0)]:
            for task in self._store.tasks_of(service.id):
                if task.slot == slot:
                    self.lifecycle.stop(task, "remove")
        slot = 0
        for _ in range(replicas - len(held)):
            slot += 1
            while slot in held:
                slot += 1
            self.lifecycle.create(service, slot)

    def _reconcile_global(self, service: Service) -> None:
        held = self._held(service)
        for node in self._store.nodes.values():
            able = node.state == "ready" and node.availability == "active"
            if able and node.id not in held and satisfies(node, service.spec.constraints):
                self.lifecycle.create(service, 0, node.id)


def least_useful(held: Rows) -> list[Any]:
    """Slots in the order in which scaling down removes them.

    Not running first, then of the node with most replicas, then the highest number (moby/swarmkit,
    ``manager/orchestrator/replicated/{services,slot}.go``).
    """
    tasks = {key: row[-1] for key, row in held.items()}
    per_node = Counter(task.node for task in tasks.values())
    order = []
    while tasks:
        task = max(tasks.values(), key=lambda t: (t.state != "running", per_node[t.node], t.slot))
        del tasks[task.instance]
        per_node[task.node] -= 1
        order.append(task.instance)
    return order


def suits(node: Node, task: Task) -> bool:
    """Whether a task that is on a node may stay there; a paused node keeps what it has."""
    usable = node.state != "down" and node.availability != "drain"
    return usable and satisfies(node, task.spec.constraints)


def restarts(task: Task) -> bool:
    """Whether a task is followed by another when it ends (``restart.go``, ShouldRestart)."""
    condition = task.spec.restart_condition
    return condition == "any" or (condition == "on-failure" and task.state != "complete")
