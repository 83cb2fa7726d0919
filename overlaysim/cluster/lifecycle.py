"""What happens to single tasks: made, replaced, let start, stopped, and kept for a while after.

A replacement is made at once and waits, ready, until the task before it has ended and the restart
delay is over (moby/swarmkit, ``manager/orchestrator/restart/restart.go``).
"""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.cluster.allocator import Allocator
from overlaysim.cluster.dispatcher import Dispatcher
from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.records import TASK_STATES, Node, Service, Task
from overlaysim.cluster.requests import TaskStart, TaskStatus, TaskStop
from overlaysim.cluster.store import Store
from overlaysim.sim import Simulator
from overlaysim.sim.events import TaskChanged
from overlaysim.units import SECOND

OLD_TASK_LIMIT = 60 * SECOND
"""How long a replacement waits at most for the end of the task before it (restart.go)."""
_ENDED = TASK_STATES.index("running") + 1
_DESIRED = ("ready", "running", "shutdown", "remove")


class Lifecycle:
    """The store's tasks, and the words about them that go to the nodes.

    Attributes:
        history: tasks kept per slot (``--task-history-limit``).

    Args:
        changed: called when a task has come further, so that what follows from it is done.
    """

    def __init__(
        self,
        simulator: Simulator,
        store: Store,
        allocator: Allocator,
        identifiers: Identifiers,
        dispatcher: Dispatcher,
        changed: Callable[[], None],
    ) -> None:
        self.history = 5
        self._simulator = simulator
        self._store = store
        self._allocator = allocator
        self._identifiers = identifiers
        self._dispatcher = dispatcher
        self._changed = changed

    # ---- made -----------------------------------------------------------------------------

    def create(self, service: Service, slot: int, node: str = "") -> Task:
        """Make a task that may start at once; ``node`` is given for a global service."""
        now = self._simulator.now
        task = Task(
            self._identifiers.swarm(), service.id, slot, service.spec, now, node=node, changed=now
        )
        self._store.tasks[task.id] = task
        return task

    def replace(self, service: Service, old: Task, delay: int) -> Task:
        """Stop a task and make another in its place, to start ``delay`` after now."""
        self.stop(old, "shutdown")
        task = self.create(service, old.slot, "" if old.slot else old.node)
        task.desired = "ready"
        task.predecessor = old.id
        task.not_before = task.created + delay
        self._simulator.call_in(delay, lambda _: self._changed())
        if not old.ended:
            self._simulator.call_in(OLD_TASK_LIMIT, lambda _: self._changed())
        return task

    def start_ready(self) -> None:
        """Let every task start whose time has come."""
        for task in self._store.tasks.values():
            if task.desired != "ready" or task.not_before > self._simulator.now:
                continue
            if not self._waits_for_old(task):
                task.desired = "running"
                node = self._store.nodes.get(task.node)
                if task.sent and node is not None:
                    self._dispatcher.send(node, TaskStart(task.id))

    def _waits_for_old(self, task: Task) -> bool:
        old = self._store.tasks.get(task.predecessor)
        if old is None or old.ended or self._simulator.now >= task.created + OLD_TASK_LIMIT:
            return False
        node = self._store.nodes.get(old.node)
        return node is not None and node.state != "down"

    # ---- reported -------------------------------------------------------------------------

    def report(self, status: TaskStatus) -> Task | None:
        """Take a node's word on how far a task has come.

        Returns the task; None, and nothing is changed, if the word is older than what is known.
        """
        task = self._store.tasks.get(status.task)
        if task is None or _rank(task.state) >= min(_rank(status.state), _ENDED):
            return None
        task.container = status.container or task.container
        task.error, task.exit_code = status.error, status.exit_code
        self.move(task, status.state, status.message)
        if task.ended:
            self._retire(task)
        self._changed()
        return task

    def move(self, task: Task, state: str, message: str) -> None:
        """Note that a task has reached a state."""
        task.state, task.message, task.changed = state, message, self._simulator.now
        node = self._store.nodes.get(task.node)
        host = node.hostname if node is not None else ""
        self._simulator.bus.emit(
            TaskChanged(self._simulator.now, task.spec.name, task.id, host, state)
        )

    # ---- stopped --------------------------------------------------------------------------

    def stop(self, task: Task, desired: str) -> None:
        """Let a task end (``shutdown``) or end and disappear (``remove``)."""
        if _DESIRED.index(desired) <= _DESIRED.index(task.desired):
            return
        task.desired = desired
        node = self._store.nodes.get(task.node)
        if task.sent and node is not None and (desired == "remove" or not task.ended):
            self._dispatcher.send(node, TaskStop(task.id, remove=desired == "remove"))
        if not task.sent and not task.ended:
            self.move(task, "shutdown", "shutdown")
        if task.ended:
            self._retire(task)

    def orphan(self, node: Node) -> None:
        """A node is no longer a member: what was on it is lost, its addresses are free."""
        for task in list(self._store.tasks.values()):
            if task.node == node.id and not task.ended:
                self.move(task, "orphaned", "node is no longer a member")
                self._retire(task)

    def forget_old(self) -> None:
        """Keep only so many tasks of each slot, the newest (``taskreaper/task_reaper.go``)."""
        rows: dict[tuple[str, int | str], list[Task]] = {}
        for task in self._store.tasks.values():
            rows.setdefault((task.service, task.instance), []).append(task)
        for row in rows.values():
            ended = [task for task in row[:-1] if task.ended and not task.wanted]
            for task in ended[: max(len(row) - self.history, 0)]:
                self.stop(task, "remove")

    def _retire(self, task: Task) -> None:
        """A task is over: its addresses are free, and its node's load balancers perhaps too."""
        networks = [self._store.networks[network] for network in task.addresses]
        self._allocator.release_task(task, self._store.networks)
        for network in networks:
            if not self._store.uses(network.id, task.node):
                self._allocator.release_load_balancer(network, task.node)
        if task.desired == "remove":
            self._store.tasks.pop(task.id, None)


def _rank(state: str) -> int:
    return TASK_STATES.index(state)
