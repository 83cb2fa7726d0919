"""The daemon's part for containers of this host, and programs executed in them."""

from __future__ import annotations

import re

from overlaysim.cluster.images import Image
from overlaysim.cluster.requests import Refused
from overlaysim.docker.api import ApiError, Json
from overlaysim.docker.daemon.base import DaemonPart
from overlaysim.docker.daemon.container_objects import container_item, container_json
from overlaysim.docker.daemon.names import made_up_name
from overlaysim.docker.daemon.wishes import Wish
from overlaysim.errors import nearest
from overlaysim.host.container import Container
from overlaysim.host.programs import MissingProgram, program_for
from overlaysim.host.sysctls import SysctlError, read_sysctls
from overlaysim.sim import Event, Steps
from overlaysim.units import SECOND

MISSING = 'exec: "{program}": executable file not found in $PATH: unknown'
START_FAILED = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: error during container init: "
)
EXEC_FAILED = "OCI runtime exec failed: exec failed: unable to start container process: "
CANNOT_RUN, COMMAND_NOT_FOUND = 126, 127
UNSUPPORTED_MODES = ("host", "container:")
SIGNALS = ("HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "TERM", "STOP", "CONT", "WINCH")
TERMINATING = ("TERM", "INT", "QUIT", "HUP")
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")


class ContainerPart(DaemonPart):
    """``/containers`` and ``/exec``."""

    def containers(self, all_: bool) -> Steps:
        """Answer GET /containers/json, newest first."""
        yield from self._pause()
        newest_first = reversed(list(self._host.containers.values()))
        return [
            container_item(container, self.now) for container in newest_first
            if all_ or container.state == "running"
        ]  # fmt: skip

    def container(self, ref: str) -> Steps:
        """Answer GET /containers/{ref}/json."""
        yield from self._pause()
        container = self._container(ref)
        return container_json(container, self._wish(container))

    def container_create(self, name: str, body: Json) -> Steps:
        """Answer POST /containers/create."""
        wish = Wish.read(body)
        if wish.mode.startswith(UNSUPPORTED_MODES):
            raise ApiError(
                501,
                f"network mode {wish.mode} is not simulated; use a bridge or an overlay network",
            )
        self._check_name(name)
        yield from self.sleep(self._world.settings.timing.container_create)
        self._check_name(name)  # somebody else may have taken it meanwhile
        taken = {container.name for container in self._host.containers.values()}
        entrypoint = tuple(word for word in body.get("Entrypoint") or () if word)
        container = self._worker.runtime.create(
            name or made_up_name(self._world.identifiers, taken),
            Image.named(body.get("Image", "")),
            tuple(body.get("Cmd") or ()),
            entrypoint=entrypoint,
            hostname=body.get("Hostname") or "",
            labels=body.get("Labels") or {},
            environment=tuple(body.get("Env") or ()),
            extra_hosts=tuple((body.get("HostConfig") or {}).get("ExtraHosts") or ()),
        )
        self._wishes[container.id] = wish
        return {"Id": container.id, "Warnings": []}

    def _check_name(self, name: str) -> None:
        if not name:
            return
        if not _NAME.fullmatch(name):
            raise ApiError(
                400,
                f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
            )
        for container in self._host.containers.values():
            if container.name == name:
                raise ApiError(
                    409,
                    f'Conflict. The container name "/{name}" is already in use by container '
                    f'"{container.id}". You have to remove (or rename) that container to be able '
                    "to reuse that name.",
                )

    # ---- start and end --------------------------------------------------------------------

    def container_start(self, ref: str) -> Steps:
        """Answer POST /containers/{ref}/start: join its networks, then start its process."""
        container = self._container(ref)
        yield from self._worker.runtime.unlocked(container)
        self._check_exists(container)
        if container.state == "running":
            return
        with self._worker.runtime.locked(container):
            yield from self._start(container)
        wish = self._wish(container)
        if wish.auto_remove and container.main is not None:
            ended = self._worker.runtime.exit_of(container)
            self._world.simulator.spawn(self._remove_at_end(container, ended))

    def _start(self, container: Container) -> Steps:
        try:
            for name in list(self._wish(container).endpoints):
                yield from self._connect(container, name)
            container.stack.tcp = read_sysctls(self._wish(container).sysctls)
            yield from self._worker.runtime.start(container)
        except SysctlError as error:
            self._worker.detach_all(container)
            container.exit_code = CANNOT_RUN
            container.error = f"{START_FAILED}{error}: unknown"
            raise ApiError(400, container.error) from None
        except Refused as error:
            self._worker.detach_all(container)
            # The class of the refusal is lost on its way through the daemon: always 500.
            container.error = f"failed to set up container networking: {error.message}"
            raise ApiError(500, container.error) from None
        except MissingProgram as error:
            self._worker.detach_all(container)
            container.exit_code = COMMAND_NOT_FOUND
            container.error = START_FAILED + MISSING.format(program=error.program)
            raise ApiError(400, container.error) from None

    def _remove_at_end(self, container: Container, ended: Event) -> Steps:
        yield ended
        if self._wish(container).auto_remove:
            yield from self._remove(container)

    def container_stop(self, ref: str, timeout: int | None) -> Steps:
        """Answer POST /containers/{ref}/stop."""
        container = self._container(ref)
        yield from self._worker.runtime.unlocked(container)
        # A negative time-out is one without end.
        grace = None if timeout is None else timeout * SECOND if timeout >= 0 else 10**9 * SECOND
        yield from self._worker.runtime.stop(container, grace)

    def container_restart(self, ref: str, timeout: int | None) -> Steps:
        """Answer POST /containers/{ref}/restart: it normally gets a new address."""
        container = self._container(ref)
        wish = self._wish(container)
        auto_remove, wish.auto_remove = wish.auto_remove, False
        try:
            yield from self.container_stop(container.id, timeout)
        finally:
            wish.auto_remove = auto_remove
        yield from self.container_start(container.id)

    def container_kill(self, ref: str, signal: str) -> Steps:
        """Answer POST /containers/{ref}/kill.

        Process 1 ignores what it has no handler for: of the simulated programs only a server ends
        on SIGTERM and its like.
        """
        container = self._container(ref)
        name = signal.upper().removeprefix("SIG") or "KILL"
        name = {"9": "KILL", "15": "TERM", "2": "INT", "1": "HUP", "3": "QUIT"}.get(name, name)
        if name not in SIGNALS:
            raise ApiError(400, f"Invalid signal: {signal}{nearest(name, SIGNALS)}")
        yield from self._worker.runtime.unlocked(container)
        if container.main is None:
            raise ApiError(
                409, f"cannot kill container: {ref}: container {container.id} is not running"
            )
        ended = self._worker.runtime.exit_of(container)
        if name == "KILL":
            self._worker.runtime.kill(container)
            yield ended
        elif name in TERMINATING:
            self._worker.runtime.terminate(container)

    def container_remove(self, ref: str, force: bool) -> Steps:
        """Answer DELETE /containers/{ref}."""
        container = self._container(ref)
        yield from self._worker.runtime.unlocked(container)
        self._check_exists(container)
        if container.state == "running" and not force:
            raise ApiError(
                409,
                f'cannot remove container "/{container.name}": container is running: stop the '
                "container before removing or force remove",
            )
        yield from self._remove(container)

    def _remove(self, container: Container) -> Steps:
        yield from self._worker.runtime.remove(container)
        self._wishes.pop(container.id, None)

    # ---- what it says ---------------------------------------------------------------------

    def container_wait(self, ref: str) -> Steps:
        """Answer POST /containers/{ref}/wait."""
        container = self._container(ref)
        yield from self._pause()
        if container.main is not None:
            yield self._worker.runtime.exit_of(container)
        return {"StatusCode": container.exit_code}

    def container_attach(self, ref: str) -> Steps:
        """Answer attach plus wait: what the container wrote since its start."""
        container = self._container(ref)
        waited = yield from self.container_wait(container.id)
        output, errors = self._worker.runtime.written_since_start(container)
        return {
            "Output": as_text(output), "Errors": as_text(errors),
            "StatusCode": waited["StatusCode"],
        }  # fmt: skip

    def container_logs(self, ref: str) -> Steps:
        """Answer GET /containers/{ref}/logs: its output, then its errors."""
        container = self._container(ref)
        yield from self._pause()
        return as_text(written(container))

    def exec(self, ref: str, body: Json) -> Steps:
        """Answer exec create, start and inspect in one."""
        container = self._container(ref)
        self._check_running(container)
        command = tuple(body.get("Cmd") or ())
        yield from self.sleep(self._world.settings.timing.exec_start)
        self._check_running(container)
        try:
            program = program_for(container, command, self._host)
        except MissingProgram as error:
            text = EXEC_FAILED + MISSING.format(program=error.program)
            return {"Output": "", "Errors": f"{text}\n", "ExitCode": COMMAND_NOT_FOUND}
        execution = self._host.execute(container, program)
        if body.get("Detach"):
            return {"Output": "", "Errors": "", "ExitCode": 0}
        status = yield execution.done
        return {
            "Output": as_text(program.lines), "Errors": as_text(program.errors),
            "ExitCode": status,
        }  # fmt: skip

    @staticmethod
    def _check_running(container: Container) -> None:
        if container.main is None:
            raise ApiError(409, f"container {container.id} is not running")


def written(container: Container) -> list[str]:
    """Every line that a container has written so far: its output, then its errors."""
    program = container.main.program if container.main is not None else None
    return [
        *container.output, *(program.lines if program else ()),
        *container.errors, *(program.errors if program else ()),
    ]  # fmt: skip


def as_text(lines: list[str]) -> str:
    """Join lines as a program would have written them."""
    return "".join(f"{line}\n" for line in lines)
