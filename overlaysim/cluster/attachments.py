"""The managers' part in overlay networks: made, removed, and joined by standalone containers."""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.cluster.allocator import Allocator
from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.names import check_name
from overlaysim.cluster.records import Attachment, Grant, Network, NetworkSpec
from overlaysim.cluster.requests import DEADLINE, AttachRequest, DetachRequest, Refused
from overlaysim.cluster.store import Store
from overlaysim.cluster.timing import Timing
from overlaysim.errors import InputError
from overlaysim.overlay.ipam import AddressPool
from overlaysim.overlay.pool_errors import AddressInUse, PoolExhausted
from overlaysim.sim import Simulator, Steps
from overlaysim.units import MS

RETRY = 500 * MS
"""How often an attachment that got no address is tried again within its limit."""
TRAVEL = 100 * MS
"""Time that an answer may take to the daemon that waits for it."""


class NetworkControl:
    """Overlay networks and the attachments to them.

    Args:
        changed: called when an address or a subnet has become free: somebody may wait for one.
    """

    def __init__(
        self,
        simulator: Simulator,
        store: Store,
        allocator: Allocator,
        identifiers: Identifiers,
        timing: Timing,
        changed: Callable[[], None],
    ) -> None:
        self._simulator = simulator
        self._store = store
        self._allocator = allocator
        self._identifiers = identifiers
        self._timing = timing
        self._changed = changed
        # Stays that are over, by container and instant of the request: a belated copy of the
        # request, from behind a link that was cut, must not begin them again.
        self._over: set[tuple[str, int]] = set()

    # ---- networks -------------------------------------------------------------------------

    def create(self, spec: NetworkSpec) -> Network:
        """Make an overlay network.

        Raises:
            Refused: the name exists or cannot be one, or it would be the second ingress network.
        """
        check_name(spec.name)
        for network in self._store.networks.values():
            if network.spec.name == spec.name:
                raise Refused("exists", f"network with name {spec.name} already exists")
            if network.spec.ingress and spec.ingress:
                raise Refused(
                    "exists",
                    "rpc error: code = AlreadyExists desc = ingress network "
                    f"({network.id}) is already present",
                )
        network = Network(self._identifiers.swarm(), spec, self._simulator.now)
        self._allocator.allocate_network(network)
        self._store.networks[network.id] = network
        return network

    def remove(self, ref: str) -> None:
        """Remove an overlay network that nobody uses.

        Raises:
            Refused: it is unknown or ingress, or a service, a task or a container uses it.
        """
        network = self._store.network(ref)
        if network.spec.ingress:
            raise Refused(
                "denied", "every node takes part in the ingress network; it cannot be removed here"
            )
        user = self._user_of(network)
        if user:
            raise Refused(
                "invalid",
                f"rpc error: code = FailedPrecondition desc = network {network.id} is in use by "
                f"{user}",
            )
        del self._store.networks[network.id]
        self._allocator.release_network(network)
        for other in self._store.networks.values():
            if other.info is None:  # it had to wait: perhaps for this subnet
                self._allocator.allocate_network(other)
        self._changed()

    def _user_of(self, network: Network) -> str:
        for service in self._store.services.values():
            if any(attached.network == network.id for attached in service.spec.networks):
                return f"service {service.id}"
        for task in self._store.tasks.values():
            if network.id in task.addresses:
                return f"task {task.id}"
        for attachment in self._store.attachments:
            if attachment.network == network.id:
                return f"task {attachment.id}"
        return ""

    # ---- standalone containers ------------------------------------------------------------

    def attach(self, request: AttachRequest) -> Steps:
        """Give a container an address, waiting for one if need be; returns a :class:`Grant`.

        Raises:
            Refused: the network is unknown or not attachable, the asking node is no member, or
                there is no address in time.
        """
        yield self._simulator.sleep(self._timing.allocate)
        network = self._attachable(request.network)
        # An attachment without an address stays pending, whatever the reason, until the asking
        # daemon gives up; what it says then is said here, in time for the answer to travel.
        deadline = request.asked + self._timing.attach_limit
        while self._simulator.now < deadline:
            if (request.container, request.asked) in self._over:
                break
            try:
                return self._grant(network, request)
            except (PoolExhausted, AddressInUse, InputError):
                left = deadline - TRAVEL - self._simulator.now
            if left <= 0:
                break
            yield self._simulator.sleep(min(RETRY, left))
        raise Refused("unavailable", DEADLINE)

    def _attachable(self, ref: str) -> Network:
        try:
            network = self._store.network(ref)
        except Refused as error:
            raise Refused(
                error.kind, f"rpc error: code = NotFound desc = {error.message}"
            ) from None
        if not network.spec.attachable:
            raise Refused(
                "denied",
                f"rpc error: code = PermissionDenied desc = network {ref} not manually attachable",
            )
        return network

    def _grant(self, network: Network, request: AttachRequest) -> Grant:
        if request.node not in self._store.nodes:
            raise Refused(
                "denied",
                f"rpc error: code = PermissionDenied desc = node {request.node} is no member",
            )
        if network.pool is None or network.info is None:
            raise PoolExhausted(f"network {network.spec.name} has no subnet")
        address = self._granted(request)  # the answer to an earlier try may have been lost
        if address is None:
            address = self._allocate(network.pool, network, request)
        balancer = self._allocator.load_balancer(network, request.node)
        return Grant(network.info, address, balancer)

    def _granted(self, request: AttachRequest) -> str | None:
        for attachment in self._store.attachments:
            if (attachment.container, attachment.asked) == (request.container, request.asked):
                return attachment.address
        return None

    def _allocate(self, pool: AddressPool, network: Network, request: AttachRequest) -> str:
        """Take the container's address first, then its node's load balancer's: .2 and .3."""
        address = pool.allocate() if request.address is None else pool.request(request.address)
        try:
            self._allocator.load_balancer(network, request.node)
        except PoolExhausted:
            pool.release(address)
            raise
        self._store.attachments.append(
            Attachment(
                self._identifiers.swarm(), network.id, request.node, request.container,
                request.asked, address,
            )
        )  # fmt: skip
        return address

    def detach(self, request: DetachRequest) -> None:
        """A standalone container left a network: its address is free."""
        now, limit = self._simulator.now, self._timing.attach_limit
        self._over = {stay for stay in self._over if stay[1] + limit > now}
        self._over.add((request.container, request.asked))
        for attachment in list(self._store.attachments):
            if (attachment.container, attachment.asked) == (request.container, request.asked):
                self._free(attachment)

    def release_node(self, node: str) -> None:
        """A node is no longer a member: the addresses of its containers are free."""
        for attachment in list(self._store.attachments):
            if attachment.node == node:
                self._free(attachment)
        for network in self._store.networks.values():
            self._allocator.release_load_balancer(network, node)

    def _free(self, attachment: Attachment) -> None:
        self._store.attachments.remove(attachment)
        network = self._store.networks[attachment.network]
        if network.pool is not None:
            network.pool.release(attachment.address)
        if not self._store.uses(network.id, attachment.node):
            self._allocator.release_load_balancer(network, attachment.node)
        self._changed()
