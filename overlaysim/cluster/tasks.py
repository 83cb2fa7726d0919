"""The tasks of one host: orders of the manager carried out, and every step reported back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlaysim.cluster.images import Image
from overlaysim.cluster.requests import Refused, TaskOrder, TaskStatus, TaskStop
from overlaysim.host.container import Attachment, Container
from overlaysim.host.programs import MissingProgram
from overlaysim.host.rpc import RpcFailed
from overlaysim.naming.records import EndpointRecord
from overlaysim.sim import Steps

if TYPE_CHECKING:
    from overlaysim.cluster.worker import Worker


class TaskRunner:
    """Runs a host's tasks, each in a container of its own."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._runtime = worker.runtime
        self._simulator = worker.host.around.simulator
        self._tasks: dict[str, Container] = {}
        self._stopping: set[str] = set()

    def end_all(self) -> Steps:
        """End every task without telling the manager: the host leaves the swarm."""
        for task in list(self._tasks):
            self._stopping.add(task)
            yield from self._end_task(task, report=False)

    def serve(self, order: object) -> Steps:
        """Take an order of the manager; the work goes on after the answer."""
        if isinstance(order, TaskOrder):
            self._simulator.spawn(self._run_task(order))
        elif isinstance(order, TaskStop):
            self._stopping.add(order.task)
            self._simulator.spawn(self._end_task(order.task))
        else:
            raise Refused("internal", f"unknown order {type(order).__name__}")
        yield self._simulator.sleep(0)

    def _run_task(self, order: TaskOrder) -> Steps:
        task = order.task
        yield from self._report(TaskStatus(task, "preparing", "preparing"))
        spec = order.spec
        container = self._runtime.create(
            f"{spec.name}.{order.slot or self._worker.node}.{task}", Image.named(spec.image), spec.command,
            hostname=spec.hostname, service=(spec.name, order.service),
        )  # fmt: skip
        self._tasks[task] = container
        yield self._simulator.sleep(self._worker.timing.task_prepare)
        if order.not_before > self._simulator.now:
            yield from self._report(TaskStatus(task, "ready", "ready"))
            yield self._simulator.sleep(order.not_before - self._simulator.now)
        if task in self._stopping:
            return
        yield from self._report(TaskStatus(task, "starting", "starting", container=container.id))
        try:
            yield from self._start_task(container, order)
        except (MissingProgram, Refused) as error:
            yield from self._worker.detach_all(container)
            container.state, container.error = "exited", str(error)
            yield from self._report(
                TaskStatus(task, "failed", "started", f"starting container failed: {error}")
            )
            return
        yield from self._report(TaskStatus(task, "running", "started", container=container.id))
        status = yield self._runtime.exit_of(container)
        if task not in self._stopping:
            state = "complete" if status == 0 else "failed"
            reason = "" if status == 0 else f"task: non-zero exit ({status})"
            yield from self._report(TaskStatus(task, state, "finished", reason, exit_code=status))

    def _start_task(self, container: Container, order: TaskOrder) -> Steps:
        plugged: list[tuple[Attachment, EndpointRecord]] = []
        for network in order.networks:
            attachment = yield from self._worker.plug(container, network.grant, ())
            names = container.names(attachment)
            record = EndpointRecord(
                name=names[0], service_name=order.spec.name, service_id=order.service,
                virtual_ip=network.vip, endpoint_ip=network.grant.address,
                aliases=network.aliases, task_aliases=names[1:],
            )  # fmt: skip
            plugged.append((attachment, record))
        if not order.networks:
            self._worker.attach_local(container, "bridge")
        yield from self._runtime.start(container)
        # A task's names enter only now that it runs; a standalone container's when it is attached.
        for attachment, record in plugged:
            self._worker.host.publish_names(container, attachment, record)

    def _end_task(self, task: str, *, report: bool = True) -> Steps:
        """End a task in order: out of the load balancing, a pause, then the signal."""
        container = self._tasks.pop(task, None)
        if container is not None and container.main is not None:
            for attachment in container.attachments:
                self._worker.host.disable(attachment)
            yield self._simulator.sleep(self._worker.timing.task_drain)
            yield from self._runtime.stop(container)
        if container is not None:
            yield from self._runtime.remove(container)
        if report:
            yield from self._report(TaskStatus(task, "shutdown", "shutdown"))

    def _report(self, status: TaskStatus) -> Steps:
        """Tell the manager, again and again until it hears it."""
        while self._worker.manager:
            try:
                yield from self._worker.rpc.call(self._worker.manager, status)
                return
            except RpcFailed:
                yield self._simulator.sleep(self._worker.timing.heartbeat)
