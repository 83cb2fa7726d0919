"""Rolling updates: tasks of an older specification are replaced one at a time, stop first.

moby/swarmkit, ``manager/orchestrator/update/updater.go`` with its defaults: parallelism 1, no
delay, monitor 5 s, pause when a new task fails or ends within that time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from overlaysim.cluster.lifecycle import Lifecycle
from overlaysim.cluster.records import Service, Task, Update
from overlaysim.cluster.scheduler import satisfies
from overlaysim.cluster.store import Store
from overlaysim.sim import Simulator
from overlaysim.units import SECOND

MONITOR = 5 * SECOND
"""How long a new task has to run until it counts as a success."""


class Updater:
    """Takes each service's update one step further whenever something has changed.

    Args:
        changed: called when time alone lets an update go on.
    """

    def __init__(
        self,
        simulator: Simulator,
        store: Store,
        lifecycle: Lifecycle,
        changed: Callable[[], None],
    ) -> None:
        self._simulator = simulator
        self._store = store
        self._lifecycle = lifecycle
        self._changed = changed

    def advance(self, service: Service, slots: Sequence[Task]) -> None:
        """Replace the next task, wait, finish or pause.

        Args:
            service: whose update it is.
            slots: the task that stands for each slot, in the order of the slots.
        """
        outdated = [task for task in slots if self._outdated(task, service)]
        update = service.update
        if update is None and outdated:
            update = Update("updating", "update in progress", self._simulator.now)
            service.update = update
        if update is None or update.state not in ("updating", "rollback_started"):
            return
        if not self._watch(update) or any(ran is None for ran in update.tasks.values()):
            return
        if outdated:
            new = self._lifecycle.replace(service, outdated[0], 0)
            update.tasks[new.id] = None
        else:
            self._finish(update)

    def _outdated(self, task: Task, service: Service) -> bool:
        """Whether it was made from another template, or is where it may no longer be."""
        node = self._store.nodes.get(task.node)
        return task.spec.template != service.spec.template or (
            node is not None and not satisfies(node, service.spec.constraints)
        )

    def _watch(self, update: Update) -> bool:
        """Look at the update's own tasks; a failure pauses it, and False is returned."""
        for task_id, ran in update.tasks.items():
            task = self._store.tasks.get(task_id)
            if task is not None and failed(task) and (ran is None or task.changed - ran <= MONITOR):
                rollback = update.state == "rollback_started"
                update.state = "rollback_paused" if rollback else "paused"
                update.message = (
                    f"update paused due to failure or early termination of task {task_id}"
                )
                return False
            # A task that was lost with its node is no longer waited for: another one follows it.
            if ran is None and (task is None or task.ended or task.state == "running"):
                update.tasks[task_id] = self._simulator.now if task is None else task.changed
        return True

    def _finish(self, update: Update) -> None:
        """Complete the update once its last task has run for the monitor time."""
        now = self._simulator.now
        begun = max((ran for ran in update.tasks.values() if ran is not None), default=now)
        if update.tasks and now < begun + MONITOR:
            self._simulator.call_at(begun + MONITOR, lambda _: self._changed())
            return
        rollback = update.state == "rollback_started"
        update.state = "rollback_completed" if rollback else "completed"
        update.message = "rollback completed" if rollback else "update completed"
        update.completed = now


def failed(task: Task) -> bool:
    """Whether a task ended by itself, whatever its exit code: a service is meant to go on."""
    return task.state in ("complete", "failed", "rejected")
