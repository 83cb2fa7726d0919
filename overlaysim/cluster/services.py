"""The managers' part in services: specifications checked, stored, changed, rolled back."""

from __future__ import annotations

from overlaysim.cluster.allocator import Allocator
from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.names import check_name, invalid
from overlaysim.cluster.orchestrator import Orchestrator
from overlaysim.cluster.records import Service, ServiceSpec, Update
from overlaysim.cluster.requests import Refused
from overlaysim.cluster.scheduler import ConstraintError, parse_constraint
from overlaysim.cluster.store import Store
from overlaysim.sim import Simulator


class ServiceControl:
    """What users ask of services; what follows from it is the orchestrator's matter.

    Texts and rules as in moby/swarmkit, ``manager/controlapi/{service,common}.go``.
    """

    def __init__(
        self,
        simulator: Simulator,
        store: Store,
        allocator: Allocator,
        identifiers: Identifiers,
        orchestrator: Orchestrator,
    ) -> None:
        self._simulator = simulator
        self._store = store
        self._allocator = allocator
        self._identifiers = identifiers
        self._orchestrator = orchestrator

    def create(self, spec: ServiceSpec) -> Service:
        """Make a service; its VIPs are allocated now, its tasks follow by themselves.

        Raises:
            Refused: the name exists, or the spec asks for something impossible.
        """
        self._check(spec)
        if any(service.spec.name == spec.name for service in self._store.services.values()):
            raise Refused(
                "exists",
                "rpc error: code = AlreadyExists desc = name conflicts with an existing object: "
                f"service {spec.name} already exists",
            )
        now = self._simulator.now
        service = Service(self._identifiers.swarm(), spec, now, now)
        self._allocator.allocate_service(service, self._store.networks)
        self._store.services[service.id] = service
        self._orchestrator.changed()
        return service

    def update(self, ref: str, version: int, spec: ServiceSpec) -> Service:
        """Give a service another spec; what has to change in its tasks follows.

        Raises:
            Refused: it is unknown, was changed meanwhile, or the spec is impossible.
        """
        service = self._store.service(ref)
        if version != service.version:
            raise Refused("internal", "rpc error: code = Unknown desc = update out of sequence")
        if spec.name != service.spec.name:
            raise Refused(
                "invalid",
                "rpc error: code = Unimplemented desc = renaming services is not supported",
            )
        if (spec.replicas is None) != (service.spec.replicas is None):
            raise Refused(
                "invalid",
                "rpc error: code = Unimplemented desc = service mode change is not allowed",
            )
        self._check(spec)
        service.previous, service.update = service.spec, None
        self._put(service, spec)
        return service

    def roll_back(self, ref: str) -> Service:
        """Put a service's previous spec back.

        Raises:
            Refused: it is unknown or has no previous spec.
        """
        service = self._store.service(ref)
        if service.previous is None:
            raise Refused(
                "invalid",
                "rpc error: code = FailedPrecondition desc = service "
                f"{service.id} does not have a previous spec",
            )
        back, service.previous = service.previous, service.spec
        service.update = Update(
            "rollback_started", "manually requested rollback", self._simulator.now
        )
        self._put(service, back)
        return service

    def _put(self, service: Service, spec: ServiceSpec) -> None:
        service.spec = spec
        service.version += 1
        service.updated = self._simulator.now
        self._allocator.allocate_service(service, self._store.networks)
        self._orchestrator.changed()

    def remove(self, ref: str) -> None:
        """Remove a service; its tasks end in order."""
        service = self._store.service(ref)
        del self._store.services[service.id]
        self._allocator.release_service(service, self._store.networks)
        self._orchestrator.changed()

    def _check(self, spec: ServiceSpec) -> None:
        check_name(spec.name)
        for attached in spec.networks:
            network = self._store.network(attached.network)
            if network.spec.ingress:
                raise invalid(
                    "Service cannot be explicitly attached to the ingress network "
                    f'"{network.spec.name}"'
                )
        for text in spec.constraints:
            try:
                parse_constraint(text)
            except ConstraintError as error:
                raise invalid(str(error)) from None
