"""Containers of one host: made, started, stopped, removed. Their networks are the worker's matter.

What takes time is a process and takes what :class:`~overlaysim.cluster.timing.Timing` names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.images import Image
from overlaysim.cluster.timing import Timing
from overlaysim.host.container import Container, Execution
from overlaysim.host.host import Host
from overlaysim.host.programs import program_for
from overlaysim.sim import Event, Steps

KILLED = 137
"""Exit code of a process ended by SIGKILL (128 + 9)."""


class Runtime:
    """Runs the containers of one host.

    Args:
        detach_all: takes a container out of all its networks, when it has ended.
    """

    def __init__(
        self,
        host: Host,
        identifiers: Identifiers,
        timing: Timing,
        detach_all: Callable[[Container], None],
    ) -> None:
        self._host = host
        self._identifiers = identifiers
        self._timing = timing
        self._detach_all = detach_all
        self._simulator = host.around.simulator
        self._exits: dict[str, Event] = {}
        self._locks: dict[str, Event] = {}
        self._marks: dict[str, tuple[int, int]] = {}

    def create(
        self,
        name: str,
        image: Image,
        command: tuple[str, ...],
        *,
        entrypoint: tuple[str, ...] = (),
        hostname: str = "",
        labels: Mapping[str, str] | None = None,
        environment: tuple[str, ...] = (),
        extra_hosts: tuple[str, ...] = (),
        service: tuple[str, str] = ("", ""),
    ) -> Container:
        """Make a container (not started, attached to nothing)."""
        container_id = self._identifiers.local()
        container = Container(
            container_id, name, self._host.name, image.name,
            image.process(entrypoint, command), hostname or container_id[:12],
            self._host.new_stack(name), self._simulator.now,
            labels=labels or {}, environment=environment, extra_hosts=extra_hosts, service=service,
        )  # fmt: skip
        self._host.containers[container_id] = container
        return container

    # ---- one at a time --------------------------------------------------------------------

    def exists(self, container: Container) -> bool:
        """Whether the container has not been removed."""
        return container.id in self._host.containers

    def unlocked(self, container: Container) -> Steps:
        """Wait until nobody is starting, connecting or removing the container.

        The daemon holds a container's lock during these (moby, ``daemon/start.go``).
        """
        while container.id in self._locks:
            yield self._locks[container.id]

    @contextmanager
    def locked(self, container: Container) -> Iterator[None]:
        """Let others wait meanwhile; call it right after :meth:`unlocked`."""
        lock = self._locks[container.id] = self._simulator.event()
        try:
            yield
        finally:
            del self._locks[container.id]
            lock.succeed()

    # ---- running --------------------------------------------------------------------------

    def start(self, container: Container) -> Steps:
        """Start a container's main program.

        Raises:
            MissingProgram: the image does not have it.
        """
        program = program_for(container, container.command, self._host)
        yield self._simulator.sleep(self._timing.container_start)
        container.state, container.started = "running", self._simulator.now
        container.exit_code, container.error, container.finished = 0, "", None
        self._marks[container.id] = (len(container.output), len(container.errors))
        self._exits[container.id] = self._simulator.event()
        container.main = self._host.execute(container, program)
        self._host.daemon.spawn(self._watch(container, container.main))

    def _watch(self, container: Container, main: Execution) -> Steps:
        """When the main program ends, the container does."""
        status = yield main.done
        container.output += main.program.lines
        container.errors += main.program.errors
        container.main = None
        container.state, container.exit_code = "exited", status
        container.finished = self._simulator.now
        for execution in list(container.executions):
            execution.kill(KILLED)
        self._detach_all(container)
        self._exits.pop(container.id).succeed(status)

    def exit_of(self, container: Container) -> Event:
        """Return an event that gives the exit code when the running container has ended."""
        return self._exits[container.id]

    def written_since_start(self, container: Container) -> tuple[list[str], list[str]]:
        """Lines of output and of errors since the container was last started, once it has ended."""
        output, errors = self._marks.get(container.id, (0, 0))
        return container.output[output:], container.errors[errors:]

    def stop(self, container: Container, grace: int | None = None) -> Steps:
        """End a container with SIGTERM and, after the grace period, SIGKILL.

        A plain ``sleep`` or ``ping`` is process 1 and ignores SIGTERM, as on a real host; an
        image's own server ends at once.
        """
        if container.main is None:
            return
        ended = self.exit_of(container)
        if not self.terminate(container):
            limit = self._timing.stop_grace if grace is None else grace
            yield self._simulator.any_of([ended, self._simulator.sleep(limit)])
            if not ended.triggered:
                self.kill(container)
        yield ended

    def terminate(self, container: Container) -> bool:
        """Send SIGTERM; whether the main program ends on it."""
        if container.main is None or not container.main.handles_term:
            return False
        container.main.stop()
        return True

    def kill(self, container: Container) -> None:
        """End a container at once."""
        if container.main is not None:
            container.main.kill(KILLED)

    def forget(self) -> None:
        """The daemon has gone, with all that it was watching."""
        self._exits.clear()

    def remove(self, container: Container) -> Steps:
        """Remove a container, unless somebody else has; a running one is killed."""
        yield from self.unlocked(container)
        if not self.exists(container):
            return
        with self.locked(container):
            if container.main is not None:
                ended = self.exit_of(container)
                self.kill(container)
                yield ended
            self._detach_all(container)
            yield self._simulator.sleep(self._timing.container_remove)
            self._marks.pop(container.id, None)
            del self._host.containers[container.id]
