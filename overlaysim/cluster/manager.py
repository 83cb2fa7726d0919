"""The swarm's managers: what they decide when a host or a user asks.

The manager serves requests of workers (join, attach, heartbeat, task status) on TCP 2377 and the
calls of its own daemon (create a network, a service, …). Tasks are the orchestrator's matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from overlaysim.cluster.allocator import Allocator
from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.liveness import Liveness
from overlaysim.cluster.orchestrator import Orchestrator
from overlaysim.cluster.records import (
    Attachment,
    Grant,
    Network,
    NetworkSpec,
    Node,
    Service,
    ServiceSpec,
)
from overlaysim.cluster.requests import (
    AttachRequest,
    DetachRequest,
    Heartbeat,
    JoinRequest,
    Refused,
    TaskStatus,
    Welcome,
)
from overlaysim.cluster.scheduler import ConstraintError, parse_constraint
from overlaysim.cluster.store import Store
from overlaysim.cluster.timing import Timing
from overlaysim.overlay.pool_errors import AddressInUse, PoolExhausted
from overlaysim.sim import Simulator, Steps
from overlaysim.sim.events import NodeChanged
from overlaysim.units import MS

INGRESS = NetworkSpec("ingress", ingress=True)
ALLOCATION_RETRY = 500 * MS
"""How often an attachment that got no address is tried again within its limit."""


class Manager:
    """The cluster's one brain.

    Args:
        pools, mask: where subnets of new networks come from (``swarm init --default-addr-pool``).
    """

    def __init__(
        self,
        simulator: Simulator,
        identifiers: Identifiers,
        timing: Timing,
        *,
        pools: tuple[str, ...] = ("10.0.0.0/8",),
        mask: int = 24,
    ) -> None:
        self.id = identifiers.swarm()
        self.created = simulator.now
        self.store = Store()
        self.allocator = Allocator(pools, mask)
        self.identifiers = identifiers
        self.timing = timing
        self.orchestrator = Orchestrator(simulator, self.store, self.allocator, identifiers, timing)
        self._simulator = simulator
        self._liveness = Liveness(
            simulator, timing.heartbeat, lambda node: self.set_node_state(node, "down")
        )
        self._digest = identifiers.digest()
        self.tokens = {role: identifiers.token(self._digest) for role in ("worker", "manager")}
        self.create_network(INGRESS)

    # ---- nodes ----------------------------------------------------------------------------

    def rotate_token(self, role: str) -> str:
        """Make a new join token for a role; the old one is worth nothing from now on."""
        self.tokens[role] = self.identifiers.token(self._digest)
        return self.tokens[role]

    def admit(
        self, hostname: str, address: str, role: str, availability: str = "active"
    ) -> Welcome:
        """Enter a node and give it its place in the ingress network."""
        node = Node(
            self.identifiers.swarm(), hostname, address, role, self._simulator.now,
            availability=availability, leader=not self.store.nodes,
            updated=self._simulator.now,
        )  # fmt: skip
        self.store.nodes[node.id] = node
        self._simulator.bus.emit(NodeChanged(self._simulator.now, hostname, "ready"))
        self.orchestrator.changed()
        return Welcome(node.id, role, self._ingress_grant(node))

    def _ingress_grant(self, node: Node) -> Grant | None:
        for network in self.store.networks.values():
            if network.spec.ingress and network.info is not None:
                address = self.allocator.load_balancer(network, node.id)
                return Grant(network.info, address, address)
        return None

    def update_node(
        self, ref: str, version: int, *, role: str, availability: str, labels: Mapping[str, str]
    ) -> None:
        """Change a node's availability or labels.

        Raises:
            Refused: it is unknown, was changed meanwhile, or its role would change: managers are
                one here, and stay those that joined as such.
        """
        node = self.store.node(ref)
        if version != node.version:
            raise Refused("internal", "rpc error: code = Unknown desc = update out of sequence")
        if role and role != node.role:
            raise Refused(
                "invalid",
                "promotion and demotion are not simulated; join with the manager token instead",
            )
        node.availability = availability or node.availability
        node.labels = dict(labels)
        node.version += 1
        node.updated = self._simulator.now
        self.orchestrator.changed()

    def remove_node(self, ref: str, *, force: bool) -> None:
        """Forget a node that has left.

        Raises:
            Refused: it is unknown, a manager, or still up and ``force`` is not given.
        """
        node = self.store.node(ref)
        if node.role == "manager":
            raise Refused(
                "invalid",
                f"rpc error: code = FailedPrecondition desc = node {node.id} is a cluster manager "
                "and is a member of the raft cluster. It must be demoted to worker before removal",
            )
        if node.state != "down" and not force:
            raise Refused(
                "invalid",
                f"rpc error: code = FailedPrecondition desc = node {node.id} is not down and can't "
                "be removed",
            )
        del self.store.nodes[node.id]
        self._liveness.forget(node)
        for network in self.store.networks.values():
            self.allocator.release_load_balancer(network, node.id)
        self._simulator.bus.emit(NodeChanged(self._simulator.now, node.hostname, "removed"))

    def set_node_state(self, node: Node, state: str) -> None:
        """Note that a node went down or came back."""
        if node.state != state:
            node.state, node.updated = state, self._simulator.now
            self._simulator.bus.emit(NodeChanged(self._simulator.now, node.hostname, state))
            self.orchestrator.changed()

    # ---- requests of workers --------------------------------------------------------------

    def serve(self, request: object) -> Steps:
        """Answer a worker's request; a generator, since some answers take time."""
        if isinstance(request, JoinRequest):
            return self._join(request)
        if isinstance(request, AttachRequest):
            return (yield from self._attach(request))
        if isinstance(request, DetachRequest):
            return self.detach(request)
        if isinstance(request, Heartbeat):
            return self._heartbeat(request)
        if isinstance(request, TaskStatus):
            return self.orchestrator.report(request)
        raise Refused("internal", f"unknown request {type(request).__name__}")

    def _join(self, request: JoinRequest) -> Welcome:
        role = next((r for r, token in self.tokens.items() if token == request.token), None)
        if role is None:
            raise Refused(
                "invalid",
                "rpc error: code = InvalidArgument desc = A valid join token is necessary to join "
                "this cluster",
            )
        return self.admit(request.hostname, request.address, role, request.availability)

    def _heartbeat(self, request: Heartbeat) -> int:
        node = self.store.nodes.get(request.node)
        if node is None:
            raise Refused("not found", "rpc error: code = NotFound desc = node not registered")
        self.set_node_state(node, "ready")
        return self._liveness.heard(node)

    def _attach(self, request: AttachRequest) -> Steps:
        yield self._simulator.sleep(self.timing.allocate)
        network = self._attachable(request.network)
        limit = self._simulator.now + self.timing.attach_limit
        while True:
            try:
                return self._grant(network, request)
            except PoolExhausted:
                # A task without an address stays pending; the asking daemon gives up after 20 s.
                if self._simulator.now >= limit:
                    raise Refused("unavailable", "context deadline exceeded") from None
                yield self._simulator.sleep(ALLOCATION_RETRY)

    def _attachable(self, ref: str) -> Network:
        try:
            network = self.store.network(ref)
        except Refused:
            raise Refused("not found", f"network {ref} not found") from None
        if not network.spec.attachable:
            raise Refused(
                "denied",
                f"Could not attach to network {ref}: rpc error: code = PermissionDenied desc = "
                f"network {ref} not manually attachable",
            )
        return network

    def _grant(self, network: Network, request: AttachRequest) -> Grant:
        if network.pool is None or network.info is None:
            raise PoolExhausted(f"network {network.spec.name} has no subnet")
        if request.address:
            try:
                network.pool.request(request.address)
            except AddressInUse as error:
                raise Refused("invalid", str(error)) from None
        address = request.address or network.pool.allocate()
        # The container's address first, then its node's load balancer: .2 and .3.
        self.store.attachments.append(
            Attachment(network.id, request.node, request.container, address)
        )
        return Grant(network.info, address, self.allocator.load_balancer(network, request.node))

    def detach(self, request: DetachRequest) -> None:
        """Take a standalone container's address back."""
        for attachment in list(self.store.attachments):
            if (attachment.network, attachment.container) == (request.network, request.container):
                self.store.attachments.remove(attachment)
                network = self.store.networks.get(request.network)
                if network is not None and network.pool is not None:
                    network.pool.release(attachment.address)
        self.orchestrator.release_idle_load_balancers()

    # ---- networks -------------------------------------------------------------------------

    def create_network(self, spec: NetworkSpec) -> Network:
        """Make an overlay network.

        Raises:
            Refused: the name exists.
        """
        if any(network.spec.name == spec.name for network in self.store.networks.values()):
            raise Refused("exists", f"network with name {spec.name} already exists")
        network = Network(self.identifiers.swarm(), spec, self._simulator.now)
        self.allocator.allocate_network(network)
        self.store.networks[network.id] = network
        return network

    def remove_network(self, ref: str) -> None:
        """Remove an overlay network that nobody uses.

        Raises:
            Refused: it is unknown, or a service or a container uses it.
        """
        network = self.store.network(ref)
        for service in self.store.services.values():
            if any(attached.network == network.id for attached in service.spec.networks):
                raise Refused(
                    "invalid",
                    "rpc error: code = FailedPrecondition desc = network "
                    f"{network.id} is in use by service {service.id}",
                )
        users = [t.id for t in self.store.tasks.values() if network.id in t.addresses]
        users += [a.container for a in self.store.attachments if a.network == network.id]
        if users:
            raise Refused(
                "invalid",
                "rpc error: code = FailedPrecondition desc = network "
                f"{network.id} is in use by task {users[0][:25]}",
            )
        self.allocator.release_network(network)
        del self.store.networks[network.id]

    # ---- services -------------------------------------------------------------------------

    def create_service(self, spec: ServiceSpec) -> Service:
        """Make a service; its tasks follow by themselves.

        Raises:
            Refused: the name exists, or the spec asks for something impossible.
        """
        if any(service.spec.name == spec.name for service in self.store.services.values()):
            raise Refused(
                "exists",
                "rpc error: code = AlreadyExists desc = name conflicts with an existing object: "
                f"service {spec.name} already exists",
            )
        self._check(spec)
        now = self._simulator.now
        service = Service(self.identifiers.swarm(), spec, now, now)
        self.allocator.allocate_service(service, self.store.networks)
        self.store.services[service.id] = service
        self.orchestrator.changed()
        return service

    def update_service(self, ref: str, version: int, spec: ServiceSpec) -> Service:
        """Give a service another spec; what has to change in its tasks follows.

        Raises:
            Refused: it is unknown, was changed meanwhile, or the spec is impossible.
        """
        service = self.store.service(ref)
        if version != service.version:
            raise Refused("internal", "rpc error: code = Unknown desc = update out of sequence")
        if spec.name != service.spec.name:
            raise Refused(
                "invalid",
                "rpc error: code = Unimplemented desc = renaming services is not supported",
            )
        self._check(spec)
        service.previous, service.spec = service.spec, spec
        service.version += 1
        service.updated = self._simulator.now
        self.allocator.allocate_service(service, self.store.networks)
        self.orchestrator.changed()
        return service

    def remove_service(self, ref: str) -> None:
        """Remove a service; its tasks end in order."""
        service = self.store.service(ref)
        del self.store.services[service.id]
        self.allocator.release_service(service, self.store.networks)
        self.orchestrator.changed()

    def rollback_service(self, ref: str) -> Service:
        """Put a service's previous spec back.

        Raises:
            Refused: it is unknown or has no previous spec.
        """
        service = self.store.service(ref)
        if service.previous is None:
            raise Refused(
                "invalid",
                "rpc error: code = FailedPrecondition desc = service "
                f"{service.id} does not have a previous spec",
            )
        return self.update_service(service.id, service.version, replace(service.previous))

    def _check(self, spec: ServiceSpec) -> None:
        for attached in spec.networks:
            network = self.store.network(attached.network)
            if network.spec.ingress:
                raise Refused(
                    "invalid",
                    "rpc error: code = InvalidArgument desc = Service cannot be explicitly "
                    f'attached to the ingress network "{network.spec.name}"',
                )
        for text in spec.constraints:
            try:
                parse_constraint(text)
            except ConstraintError as error:
                raise Refused(
                    "invalid", f"rpc error: code = InvalidArgument desc = {error}"
                ) from None
