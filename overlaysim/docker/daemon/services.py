"""The daemon's part for services and their tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from overlaysim.cluster.manager import Manager
from overlaysim.cluster.records import Service, ServiceNetwork, ServiceSpec, Task
from overlaysim.cluster.requests import Refused
from overlaysim.cluster.scheduler import ConstraintError, eligible
from overlaysim.docker.api import ApiError, Filters, Json
from overlaysim.docker.daemon.base import DaemonPart, refusal
from overlaysim.docker.daemon.objects import service_json, task_json
from overlaysim.sim import Steps

RESTART_DELAY_NS = 5_000_000_000
PS_PER_NS = 1000


class ServicePart(DaemonPart):
    """``/services`` and ``/tasks``."""

    def services(self) -> Steps:
        """Answer GET /services?status=true."""
        manager = self._manager()
        yield from self._pause()
        return [self._service_json(manager, service) for service in manager.store.services.values()]

    def service(self, ref: str) -> Steps:
        """Answer GET /services/{ref}."""
        manager = self._manager()
        yield from self._pause()
        return self._service_json(manager, self._find_service(manager, ref))

    def service_create(self, body: Json) -> Steps:
        """Answer POST /services/create."""
        manager = self._manager()
        yield from self.sleep(self._world.settings.timing.allocate)
        spec = self._spec(manager, body)
        try:
            service = manager.create_service(spec)
        except Refused as error:
            raise refusal(error) from None
        return {"ID": service.id, "Warnings": None}

    def service_update(self, ref: str, version: int, body: Json, rollback: bool = False) -> Steps:
        """Answer POST /services/{ref}/update."""
        manager = self._manager()
        yield from self.sleep(self._world.settings.timing.allocate)
        try:
            if rollback:
                manager.rollback_service(ref)
            else:
                manager.update_service(ref, version, self._spec(manager, body))
        except Refused as error:
            raise refusal(error) from None
        return {"Warnings": None}

    def service_remove(self, ref: str) -> Steps:
        """Answer DELETE /services/{ref}."""
        manager = self._manager()
        yield from self.sleep(self._world.settings.timing.allocate)
        manager.remove_service(self._find_service(manager, ref).id)

    def service_logs(self, ref: str) -> Steps:
        """Answer GET /services/{ref}/logs: what the tasks' programs wrote, task by task."""
        manager = self._manager()
        yield from self._pause()
        service = self._find_service(manager, ref)
        lines = []
        for task in manager.store.tasks_of(service.id):
            for worker in self._world.workers.values():
                container = worker.host.containers.get(task.container)
                if container is not None and container.main is not None:
                    name = f"{service.spec.name}.{task.slot}.{task.id}@{worker.host.name}"
                    lines += [f"{name}    | {line}" for line in container.main.program.lines]
        return "".join(f"{line}\n" for line in lines)

    def tasks(self, filters: Filters) -> Steps:
        """Answer GET /tasks, newest first."""
        manager = self._manager()
        yield from self._pause()
        tasks = [
            task for task in manager.store.tasks.values() if matches(manager, task, filters)
        ]  # fmt: skip
        return [task_json(task, manager.store.networks) for task in tasks]

    # ---- helpers --------------------------------------------------------------------------

    def _find_service(self, manager: Manager, ref: str) -> Service:
        try:
            return manager.store.service(ref)
        except Refused as error:
            raise refusal(error) from None

    def _service_json(self, manager: Manager, service: Service) -> Json:
        try:
            nodes = len(eligible(list(manager.store.nodes.values()), service.spec.constraints))
        except ConstraintError:
            nodes = 0
        return service_json(
            service, manager.store.tasks_of(service.id), manager.store.networks, nodes
        )

    def _spec(self, manager: Manager, body: Json) -> ServiceSpec:
        template = body.get("TaskTemplate") or {}
        container = template.get("ContainerSpec") or {}
        placement = template.get("Placement") or {}
        restart = template.get("RestartPolicy") or {}
        networks = self._service_networks(manager, template.get("Networks") or body.get("Networks"))
        return ServiceSpec(
            name=body.get("Name", ""),
            image=container.get("Image", ""),
            command=tuple(container.get("Command") or ()) + tuple(container.get("Args") or ()),
            replicas=replicas(body.get("Mode") or {}),
            networks=networks,
            endpoint_mode=(body.get("EndpointSpec") or {}).get("Mode") or "vip",
            hostname=container.get("Hostname") or "",
            constraints=tuple(placement.get("Constraints") or ()),
            max_per_node=placement.get("MaxReplicas") or 0,
            restart_condition=restart.get("Condition") or "any",
            restart_delay=(
                RESTART_DELAY_NS if restart.get("Delay") is None else restart["Delay"]
            ) * PS_PER_NS,
            force=template.get("ForceUpdate") or 0,
            document=body,
        )  # fmt: skip

    def _service_networks(
        self, manager: Manager, wanted: Iterable[Json] | None
    ) -> tuple[ServiceNetwork, ...]:
        networks = []
        for target in wanted or ():
            ref = target.get("Target", "")
            local = self._worker.local.named(ref)
            if local is not None:
                raise ApiError(
                    403,
                    f"rpc error: code = InvalidArgument desc = network {ref} cannot be used with "
                    "services. Only networks scoped to the swarm can be used, such as those "
                    "created with the overlay driver.",
                )
            try:
                network = manager.store.network(ref)
            except Refused as error:
                raise refusal(error) from None
            networks.append(ServiceNetwork(network.id, tuple(target.get("Aliases") or ())))
        return tuple(networks)


def replicas(mode: Json) -> int | None:
    """Read a service mode, with keys in any case as Go does: a number, or None for global."""
    lowered: dict[str, Any] = {key.lower(): value for key, value in mode.items()}
    if "global" in lowered:
        return None
    wanted = (lowered.get("replicated") or {}).get("Replicas")
    return 1 if wanted is None else int(wanted)


def matches(manager: Manager, task: Task, filters: Filters) -> bool:
    """Whether a task passes the ``filters`` of a request: all keys, any value of each."""
    service = manager.store.services.get(task.service)
    node = manager.store.nodes.get(task.node)
    name = f"{task.spec.name}.{task.slot}"
    facts: dict[str, tuple[str, ...]] = {
        "id": (task.id,),
        "name": (name, task.spec.name),
        "service": (task.service, service.spec.name if service else ""),
        "node": (task.node, node.hostname if node else ""),
        "desired-state": (task.desired,),
        "_up-to-date": (
            str(service is not None and task.spec.template == service.spec.template).lower(),
        ),
    }
    return all(
        any(value in facts.get(key, ()) for value in values) for key, values in filters.items()
    )
