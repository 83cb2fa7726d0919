"""The daemon's part for services and their tasks."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from overlaysim.cluster.manager import Manager
from overlaysim.cluster.records import Service, ServiceNetwork, ServiceSpec, Task
from overlaysim.cluster.requests import Refused
from overlaysim.cluster.scheduler import satisfies
from overlaysim.docker.api import ApiError, Filters, Json
from overlaysim.docker.daemon.base import DaemonPart, refusal
from overlaysim.docker.daemon.containers import as_text, written
from overlaysim.docker.daemon.names import made_up_name
from overlaysim.docker.daemon.published import check_ports
from overlaysim.docker.daemon.service_defaults import with_defaults
from overlaysim.docker.daemon.service_objects import service_json, service_status, task_json
from overlaysim.sim import Steps
from overlaysim.units import NS, SECOND

RESTART_DELAY = 5 * SECOND


class ServicePart(DaemonPart):
    """``/services`` and ``/tasks``."""

    def services(self) -> Steps:
        """Answer GET /services?status=true."""
        manager = self._manager()
        yield from self._pause()
        return [
            self._service_json(manager, service) | {"ServiceStatus": self._status(manager, service)}
            for service in manager.store.services.values()
        ]

    def service(self, ref: str, defaults: bool = False) -> Steps:
        """Answer GET /services/{ref}; with ``defaults`` the spec shows what was not given."""
        manager = self._manager()
        yield from self._pause()
        document = self._service_json(manager, self._find_service(manager, ref))
        if defaults:
            document["Spec"] = with_defaults(document["Spec"])
        return document

    def service_create(self, body: Json) -> Steps:
        """Answer POST /services/create."""
        manager = self._manager()
        yield from self.sleep(self._world.settings.timing.allocate)
        try:
            check_ports(body.get("EndpointSpec") or {}, manager.store.services.values())
            service = manager.services.create(self._spec(manager, body))
        except Refused as error:
            raise refusal(error) from None
        return {"ID": service.id, "Warnings": None}

    def service_update(self, ref: str, version: int, body: Json, rollback: bool = False) -> Steps:
        """Answer POST /services/{ref}/update."""
        manager = self._manager()
        yield from self.sleep(self._world.settings.timing.allocate)
        try:
            if rollback:
                manager.services.roll_back(ref)
            else:
                own = self._find_service(manager, ref)
                others = [s for s in manager.store.services.values() if s is not own]
                check_ports(body.get("EndpointSpec") or {}, others)
                manager.services.update(ref, version, self._spec(manager, body))
        except Refused as error:
            raise refusal(error) from None
        return {"Warnings": None}

    def service_remove(self, ref: str) -> Steps:
        """Answer DELETE /services/{ref}."""
        manager = self._manager()
        yield from self.sleep(self._world.settings.timing.allocate)
        manager.services.remove(self._find_service(manager, ref).id)

    def service_logs(self, ref: str) -> Steps:
        """Answer GET /services/{ref}/logs: what the tasks' programs wrote, task by task."""
        manager = self._manager()
        yield from self._pause()
        service = self._find_service(manager, ref)
        lines = []
        for task in manager.store.tasks_of(service.id):
            for worker in self._world.workers.values():
                container = worker.host.containers.get(task.container)
                if container is not None:
                    name = f"{task.name}.{task.id}@{worker.host.name}"
                    lines += [f"{name}    | {line}" for line in written(container)]
        return as_text(lines)

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
        return service_json(service, manager.store.networks)

    def _status(self, manager: Manager, service: Service) -> Json:
        nodes = sum(
            node.state != "down" and node.availability != "drain"
            and satisfies(node, service.spec.constraints)
            for node in manager.store.nodes.values()
        )  # fmt: skip
        return service_status(service, manager.store.tasks_of(service.id), nodes)

    def _spec(self, manager: Manager, body: Json) -> ServiceSpec:
        document = copy.deepcopy(body)  # the caller's own may change later
        if not document.get("Name"):
            taken = {service.spec.name for service in manager.store.services.values()}
            document["Name"] = made_up_name(self._world.identifiers, taken)
        mode = document.setdefault("Mode", {"Replicated": {}})
        if "Replicated" in mode:
            mode["Replicated"].setdefault("Replicas", 1)
        template = document.get("TaskTemplate") or {}
        container = template.get("ContainerSpec") or {}
        placement = template.get("Placement") or {}
        restart = template.get("RestartPolicy") or {}
        delay = restart.get("Delay")
        return ServiceSpec(
            name=document["Name"],
            image=container.get("Image", ""),
            command=(*(container.get("Command") or ()), *(container.get("Args") or ())),
            replicas=mode["Replicated"]["Replicas"] if "Replicated" in mode else None,
            networks=self._service_networks(
                manager, template.get("Networks") or document.get("Networks")
            ),
            endpoint_mode=(document.get("EndpointSpec") or {}).get("Mode") or "vip",
            hostname=container.get("Hostname") or "",
            environment=tuple(container.get("Env") or ()),
            extra_hosts=tuple(host_first(line) for line in container.get("Hosts") or ()),
            container_labels=tuple((container.get("Labels") or {}).items()),
            constraints=tuple(placement.get("Constraints") or ()),
            max_per_node=placement.get("MaxReplicas") or 0,
            restart_condition=restart.get("Condition") or "any",
            restart_delay=RESTART_DELAY if delay is None else delay * NS,
            force=template.get("ForceUpdate") or 0,
            document=document,
        )

    def _service_networks(
        self, manager: Manager, wanted: Iterable[Json] | None
    ) -> tuple[ServiceNetwork, ...]:
        networks = []
        for target in wanted or ():
            ref = target.get("Target", "")
            if self._worker.local.named(ref) is not None:
                raise ApiError(
                    403,
                    f"The network {ref} cannot be used with services. Only networks scoped to the "
                    "swarm can be used, such as those created with the overlay driver.",
                )
            network = manager.store.network(ref)
            target["Target"] = network.id
            networks.append(ServiceNetwork(network.id, tuple(target.get("Aliases") or ())))
        return tuple(networks)


def host_first(line: str) -> str:
    """Turn a line of /etc/hosts of a service, ``address host``, into ``host:address``."""
    address, _, host = line.partition(" ")
    return f"{host}:{address}"


def matches(manager: Manager, task: Task, filters: Filters) -> bool:
    """Whether a task passes the ``filters`` of a request: all keys, any value of each."""
    service = manager.store.services.get(task.service)
    node = manager.store.nodes.get(task.node)
    facts: dict[str, tuple[str, ...]] = {
        "id": (task.id,),
        "name": (task.name, task.spec.name),
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
