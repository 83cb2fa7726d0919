"""The daemon's part for containers of this host, and programs executed in them."""

from __future__ import annotations

from overlaysim.cluster.images import Image
from overlaysim.cluster.requests import Refused
from overlaysim.docker.api import ApiError, Json
from overlaysim.docker.daemon.base import DaemonPart
from overlaysim.docker.daemon.names import made_up_name
from overlaysim.docker.daemon.objects import container_item, container_json
from overlaysim.host.container import Container
from overlaysim.host.programs import MissingProgram, program_for
from overlaysim.sim import Steps
from overlaysim.units import SECOND

MISSING = 'exec: "{program}": executable file not found in $PATH'
START_FAILED = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: error during container init: "
)
EXEC_FAILED = "OCI runtime exec failed: exec failed: unable to start container process: "
COMMAND_NOT_FOUND = 127
UNSUPPORTED_MODES = ("host", "container:")


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
        wish = self._wishes.get(container.id, {})
        return container_json(container, network_mode(wish))

    def container_create(self, name: str, body: Json) -> Steps:
        """Answer POST /containers/create."""
        containers = self._host.containers.values()
        taken = {container.name: container for container in containers}
        if name in taken:
            raise ApiError(
                409,
                f'Conflict. The container name "/{name}" is already in use by container '
                f'"{taken[name].id}". You have to remove (or rename) that container to be able to '
                "reuse that name.",
            )
        mode = network_mode(body)
        if mode.startswith(UNSUPPORTED_MODES):
            raise ApiError(
                501, f"network mode {mode} is not simulated; use a bridge or an overlay network"
            )
        yield from self.sleep(self._world.settings.timing.container_create)
        entrypoint = tuple(body.get("Entrypoint") or ())
        container = self._worker.runtime.create(
            name or made_up_name(self._world.identifiers, set(taken)),
            Image.named(body.get("Image", "")),
            entrypoint + tuple(body.get("Cmd") or ()),
            hostname=body.get("Hostname") or "",
            labels=body.get("Labels") or {},
            environment=tuple(body.get("Env") or ()),
            extra_hosts=tuple((body.get("HostConfig") or {}).get("ExtraHosts") or ()),
        )
        self._wishes[container.id] = body
        return {"Id": container.id, "Warnings": []}

    def container_start(self, ref: str) -> Steps:
        """Answer POST /containers/{ref}/start: join its networks, then start its process."""
        container = self._container(ref)
        if container.state == "running":
            return
        body = self._wishes.get(container.id, {})
        try:
            yield from self._join_networks(container, body)
            yield from self._worker.runtime.start(container)
        except Refused as error:
            yield from self._worker.detach_all(container)
            # The class of the refusal is lost on its way through the daemon: always 500.
            raise ApiError(500, f"failed to set up container networking: {error.message}") from None
        except MissingProgram as error:
            yield from self._worker.detach_all(container)
            container.state, container.exit_code = "created", COMMAND_NOT_FOUND
            container.error = START_FAILED + MISSING.format(program=error.program)
            raise ApiError(400, container.error) from None
        if (body.get("HostConfig") or {}).get("AutoRemove"):
            self._world.simulator.spawn(self._remove_at_end(container))

    def _join_networks(self, container: Container, body: Json) -> Steps:
        mode = network_mode(body)
        endpoints = (body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        names = [mode, *(name for name in endpoints if name != mode)]
        for name in names:
            if name == "none" or container_is_in(container, name):
                continue
            endpoint = endpoints.get(name) or {}
            aliases = tuple(endpoint.get("Aliases") or ())
            address = (endpoint.get("IPAMConfig") or {}).get("IPv4Address") or None
            mac = endpoint.get("MacAddress") or ""
            if self._worker.local.named(name) is not None:
                self._worker.attach_local(container, name, aliases, address or "")
            elif self._worker.node:
                yield from self._worker.attach(
                    container, name, address=address, aliases=aliases, mac=mac
                )
            else:
                raise Refused("not found", f"network {name} not found")

    def _remove_at_end(self, container: Container) -> Steps:
        if container.main is not None:
            yield self._worker.runtime.exit_of(container)
        yield from self._worker.runtime.remove(container)

    def container_stop(self, ref: str, timeout: int | None) -> Steps:
        """Answer POST /containers/{ref}/stop."""
        grace = None if timeout is None else timeout * SECOND
        yield from self._worker.runtime.stop(self._container(ref), grace)

    def container_restart(self, ref: str, timeout: int | None) -> Steps:
        """Answer POST /containers/{ref}/restart: it normally gets a new address."""
        yield from self.container_stop(ref, timeout)
        yield from self.container_start(ref)

    def container_kill(self, ref: str, signal: str) -> Steps:
        """Answer POST /containers/{ref}/kill; any signal ends the program here."""
        container = self._container(ref)
        if container.main is None:
            raise ApiError(
                409,
                f"cannot kill container: {ref}: container {container.id} is not running",
            )
        ended = self._worker.runtime.exit_of(container)
        self._worker.runtime.kill(container)
        yield ended

    def container_remove(self, ref: str, force: bool) -> Steps:
        """Answer DELETE /containers/{ref}."""
        container = self._container(ref)
        if container.state == "running" and not force:
            raise ApiError(
                409,
                f'cannot remove container "/{container.name}": container is running: stop the '
                "container before removing or force remove",
            )
        yield from self._worker.runtime.remove(container)
        self._wishes.pop(container.id, None)

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
        before, errors_before = len(container.output), len(container.errors)
        waited = yield from self.container_wait(ref)
        return {
            "Output": as_text(container.output[before:]),
            "Errors": as_text(container.errors[errors_before:]),
            "StatusCode": waited["StatusCode"],
        }

    def container_logs(self, ref: str) -> Steps:
        """Answer GET /containers/{ref}/logs."""
        container = self._container(ref)
        yield from self._pause()
        running = container.main.program.lines if container.main is not None else []
        return as_text([*container.output, *running])

    def exec(self, ref: str, body: Json) -> Steps:
        """Answer exec create, start and inspect in one."""
        container = self._container(ref)
        if container.state != "running":
            raise ApiError(409, f"container {container.id} is not running")
        command = tuple(body.get("Cmd") or ())
        yield from self.sleep(self._world.settings.timing.exec_start)
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


def network_mode(body: Json) -> str:
    """The network that a container is created for; ``bridge`` unless it names one."""
    mode = (body.get("HostConfig") or {}).get("NetworkMode") or "bridge"
    return "bridge" if mode == "default" else mode


def container_is_in(container: Container, network: str) -> bool:
    """Whether the container is attached to the network of this name or id."""
    return any(network in (a.info.name, a.info.id) for a in container.attachments)


def as_text(lines: list[str]) -> str:
    """Join lines as a program would have written them."""
    return "".join(f"{line}\n" for line in lines)
