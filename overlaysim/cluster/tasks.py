"""The tasks of one host: orders of the manager carried out, and every step reported back."""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.cluster.images import Image
from overlaysim.cluster.reports import StatusReports
from overlaysim.cluster.requests import Order, Refused, TaskOrder, TaskStart, TaskStatus
from overlaysim.cluster.worker import Worker
from overlaysim.host.container import Attachment, Container
from overlaysim.host.programs import MissingProgram
from overlaysim.naming.records import EndpointRecord
from overlaysim.sim import Event, Process, Steps

COMMAND_NOT_FOUND = 127

Verdict = tuple[str, str, str, int]
"""How a task ended: its state, message, error and exit code."""


@dataclass(slots=True)
class Run:
    """One task on this host, from its order to its removal.

    Attributes:
        start, stop: happen when the manager says so.
        process: carries the task out; it ends when the task has.
        remove: whether its container is to be removed in the end.
        forced: whether to end it at once and without order, because the host leaves the swarm.
        ended: whether its end has been reported.
    """

    order: TaskOrder
    start: Event
    stop: Event
    process: Process | None = None
    container: Container | None = None
    remove: bool = False
    forced: bool = False
    ended: bool = False

    def stopping(self) -> bool:
        """Whether it is to end."""
        return self.stop.triggered


class TaskRunner:
    """Runs a host's tasks, each in a container of its own."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._runtime = worker.runtime
        self._simulator = worker.host.around.simulator
        self._daemon = worker.host.daemon
        self._reports = StatusReports(self._simulator, self._daemon, worker.ask)
        self._runs: dict[str, Run] = {}

    # ---- orders ---------------------------------------------------------------------------

    def take(self, order: Order) -> None:
        """Take an order of the manager; the work goes on by itself.

        The same order may come twice, when the manager did not hear that it had arrived.
        """
        if isinstance(order, TaskOrder):
            if order.task not in self._runs:
                self._begin(order)
            return
        run = self._runs.get(order.task)
        if run is None:
            if not isinstance(order, TaskStart):
                self._report(order.task, "shutdown", "shutdown")
        elif isinstance(order, TaskStart):
            happen(run.start)
        else:
            self._end(run, remove=order.remove)

    def end_all(self) -> Steps:
        """End every task at once, without a word to the manager: the host leaves the swarm."""
        self._reports.clear()
        runs = list(self._runs.values())
        for run in runs:
            run.forced = True
            self._end(run, remove=True)
            if run.container is not None:
                self._runtime.kill(run.container)
        for run in runs:
            if run.process is not None:
                yield run.process

    def mute(self) -> None:
        """The swarm's agent stops: whatever becomes of the tasks, it is not reported."""
        self._reports.muted = True

    def recover(self) -> None:
        """The daemon has started again, and finds what the tasks left.

        One that had been started has ended meanwhile and is reported so; any other is taken up
        from its beginning (moby/swarmkit, ``agent/worker.go``, Init).
        """
        self._reports.resume()
        for run in list(self._runs.values()):
            if run.ended:
                if run.remove:
                    run.process = self._daemon.spawn(self._clean_up(run))
            elif run.container is not None and run.container.started is not None:
                self._report_end(run, SHUT_DOWN if run.stopping() else self._verdict(run.container))
            else:
                self._take_up(run)

    def _take_up(self, run: Run) -> None:
        if run.container is not None:
            self._worker.host.containers.pop(run.container.id, None)
        del self._runs[run.order.task]
        self._begin(run.order)
        again = self._runs[run.order.task]
        if run.start.triggered:
            happen(again.start)
        if run.stopping():
            self._end(again, remove=run.remove)

    def _begin(self, order: TaskOrder) -> None:
        run = Run(order, self._simulator.event(), self._simulator.event())
        self._runs[order.task] = run
        if order.start:
            happen(run.start)
        run.process = self._daemon.spawn(self._carry_out(run))

    def _end(self, run: Run, *, remove: bool) -> None:
        happen(run.stop)
        if remove and not run.remove:
            run.remove = True
            if run.process is not None and run.process.triggered:
                run.process = self._daemon.spawn(self._clean_up(run))

    # ---- a task's life --------------------------------------------------------------------

    def _carry_out(self, run: Run) -> Steps:
        """Take a task through its states; its end is reported unless the host leaves the swarm."""
        verdict = yield from self._live(run)
        if not run.forced:
            self._report_end(run, verdict)
        yield from self._clean_up(run)

    def _report_end(self, run: Run, verdict: Verdict) -> None:
        state, message, error, exit_code = verdict
        self._report(
            run.order.task, state, message, error=error, exit_code=exit_code,
            container=run.container.id if run.container is not None else "",
        )  # fmt: skip
        run.ended = not self._reports.muted

    def _live(self, run: Run) -> Steps:
        """Prepare, wait for the start, run, end; returns state, message, error, exit code."""
        order = run.order
        self._report(order.task, "preparing", "preparing")
        prepared = self._simulator.sleep(self._worker.timing.task_prepare)
        yield self._simulator.any_of([run.stop, prepared])
        if not run.stopping():
            run.container = self._create(order)
            self._report(order.task, "ready", "prepared", container=run.container.id)
            yield self._simulator.any_of([run.start, run.stop])
        if run.stopping() or run.container is None:
            return SHUT_DOWN
        self._report(order.task, "starting", "starting", container=run.container.id)
        try:
            yield from self._start(run, run.container)
        except (MissingProgram, Refused) as error:
            run.container.exit_code, run.container.error = COMMAND_NOT_FOUND, str(error)
            return "failed", "started", f"starting container failed: {error}", COMMAND_NOT_FOUND
        if run.container.main is None:
            return self._verdict(run.container)
        if not run.stopping():
            self._report(order.task, "running", "started", container=run.container.id)
            ended = self._runtime.exit_of(run.container)
            yield self._simulator.any_of([ended, run.stop])
            if not run.stopping():
                return self._verdict(run.container)
        yield from self._shut_down(run, run.container)
        return SHUT_DOWN

    @staticmethod
    def _verdict(container: Container) -> Verdict:
        status = container.exit_code
        if status == 0:
            return "complete", "finished", "", 0
        return "failed", "finished", f"task: non-zero exit ({status})", status

    def _create(self, order: TaskOrder) -> Container:
        spec = order.spec
        name = f"{spec.name}.{order.slot or self._worker.node}.{order.task}"
        labels = {
            "com.docker.swarm.node.id": self._worker.node,
            "com.docker.swarm.service.id": order.service,
            "com.docker.swarm.service.name": spec.name,
            "com.docker.swarm.task.id": order.task,
            "com.docker.swarm.task.name": name,
        }
        return self._runtime.create(
            name, Image.named(spec.image), spec.command, hostname=spec.hostname,
            labels={**labels, **dict(spec.container_labels)}, environment=spec.environment,
            extra_hosts=spec.extra_hosts, service=(spec.name, order.service),
        )  # fmt: skip

    def _start(self, run: Run, container: Container) -> Steps:
        """Plug the container into its networks and start it; its names follow at the end.

        A task's names enter only now that it runs; a standalone container's when it is attached.
        """
        plugged: list[tuple[Attachment, EndpointRecord]] = []
        yield from self._runtime.unlocked(container)
        if not self._runtime.exists(container):
            raise Refused("not found", f"No such container: {container.id}")
        with self._runtime.locked(container):
            try:
                for network in run.order.networks:
                    attachment = yield from self._worker.plug(container, network.grant, ())
                    record = task_record(run.order, container, attachment, network.vip,
                                         network.aliases)  # fmt: skip
                    plugged.append((attachment, record))
                if not run.order.networks:
                    self._worker.attach_local(container, "bridge")
                yield from self._runtime.start(container)
            except (MissingProgram, Refused):
                self._worker.detach_all(container)
                raise
        if not run.stopping():
            for attachment, record in plugged:
                self._worker.host.publish_names(attachment, record)

    def _shut_down(self, run: Run, container: Container) -> Steps:
        """End a running task in order: out of the load balancing, a pause, then the signal."""
        if run.forced:
            self._runtime.kill(container)
        if container.main is None:
            return
        ended = self._runtime.exit_of(container)
        for attachment in container.attachments:
            self._worker.host.disable(attachment)
        drain = self._simulator.sleep(self._worker.timing.task_drain)
        yield self._simulator.any_of([ended, drain])
        yield from self._runtime.stop(container)

    def _clean_up(self, run: Run) -> Steps:
        """Remove what is left of a task that has ended, if it is to be removed."""
        if run.remove:
            if run.container is not None:
                yield from self._runtime.remove(run.container)
            self._runs.pop(run.order.task, None)

    def _report(
        self,
        task: str,
        state: str,
        message: str,
        *,
        error: str = "",
        container: str = "",
        exit_code: int = 0,
    ) -> None:
        self._reports.put(TaskStatus(task, state, message, error, container, exit_code))


SHUT_DOWN = ("shutdown", "shutdown", "", 0)
"""The verdict on a task that ended because the manager wanted it to."""


def happen(event: Event) -> None:
    """Let an event happen unless it has."""
    if not event.triggered:
        event.succeed()


def task_record(
    order: TaskOrder,
    container: Container,
    attachment: Attachment,
    vip: str,
    aliases: tuple[str, ...],
) -> EndpointRecord:
    """The names of a task in one of its networks, and of the service behind it."""
    names = container.names(attachment)
    return EndpointRecord(
        name=names[0], service_name=order.spec.name, service_id=order.service, virtual_ip=vip,
        endpoint_ip=attachment.interface.address, aliases=aliases, task_aliases=names[1:],
    )  # fmt: skip
