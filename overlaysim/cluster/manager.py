"""The swarm's managers: what they decide when a host or a user asks.

They serve requests of workers (join, attach, heartbeat, task status) on TCP 2377 and the calls of
their own daemon (create a network, a service, …). All managers of a swarm are this one object:
Raft keeps real managers' copies equal, here there is but one copy.
"""

from __future__ import annotations

from overlaysim.cluster.allocator import Allocator
from overlaysim.cluster.attachments import NetworkControl
from overlaysim.cluster.dispatcher import Dispatcher
from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.nodes import NodeControl
from overlaysim.cluster.orchestrator import Orchestrator
from overlaysim.cluster.records import Grant, NetworkSpec
from overlaysim.cluster.requests import (
    AttachRequest,
    DetachRequest,
    Heartbeat,
    HeartbeatReply,
    JoinRequest,
    Refused,
    TaskStatus,
    Welcome,
)
from overlaysim.cluster.services import ServiceControl
from overlaysim.cluster.store import Store
from overlaysim.cluster.timing import Timing
from overlaysim.host.rpc import Rpc
from overlaysim.overlay.pool_errors import PoolExhausted
from overlaysim.sim import Event, Simulator, Steps
from overlaysim.wire import VXLAN_PORT

INGRESS = NetworkSpec("ingress", ingress=True)


class Manager:
    """The cluster's one brain.

    Attributes:
        version, updated: of the swarm's own settings.
        paused: whether there is no leader: requests wait, and nothing is decided.

    Args:
        rpc: the leader's line to the nodes.
        data_path_port: UDP port of VXLAN (``swarm init --data-path-port``).
        pools, mask: where subnets of new networks come from (``swarm init --default-addr-pool``).

    Raises:
        InputError: no such subnets can be cut from the pools.
    """

    def __init__(
        self,
        simulator: Simulator,
        identifiers: Identifiers,
        timing: Timing,
        rpc: Rpc,
        *,
        pools: tuple[str, ...] = ("10.0.0.0/8",),
        mask: int = 24,
        data_path_port: int = VXLAN_PORT,
    ) -> None:
        self.data_path_port = data_path_port
        self.allocator = Allocator(pools, mask)
        self.id = identifiers.swarm()
        self.created = self.updated = simulator.now
        self.version = 1
        self.store = Store()
        self.dispatcher = Dispatcher(simulator, rpc)
        self.orchestrator = Orchestrator(
            simulator, self.store, self.allocator, identifiers, self.dispatcher, timing
        )
        self.networks = NetworkControl(
            simulator, self.store, self.allocator, identifiers, timing, self.orchestrator.changed
        )
        self.services = ServiceControl(
            simulator, self.store, self.allocator, identifiers, self.orchestrator
        )
        self.nodes = NodeControl(
            simulator, self.store, identifiers, self.dispatcher, self.networks, self.orchestrator,
            timing.heartbeat,
        )  # fmt: skip
        self.paused = False
        self._simulator = simulator
        self._led: Event = simulator.event()
        self._identifiers = identifiers
        self._digest = identifiers.digest()
        self.tokens = {role: identifiers.token(self._digest) for role in ("worker", "manager")}
        self.networks.create(INGRESS)

    def rotate_token(self, role: str) -> str:
        """Make a new join token for a role; the old one is worth nothing from now on."""
        self.tokens[role] = self._identifiers.token(self._digest)
        return self.tokens[role]

    def admit(
        self, hostname: str, address: str, role: str, availability: str = "active"
    ) -> Welcome:
        """Enter a node and give it its place in the ingress network."""
        node = self.nodes.admit(hostname, address, role, availability)
        managers = self.nodes.manager_addresses
        return Welcome(node.id, role, self._ingress_grant(node.id), managers)

    def _ingress_grant(self, node: str) -> Grant | None:
        for network in self.store.networks.values():
            if network.spec.ingress and network.info is not None:
                try:
                    address = self.allocator.load_balancer(network, node)
                except PoolExhausted:
                    return None  # a member all the same, as in a swarm of more than 253 nodes
                return Grant(network.info, address, address)
        return None

    def serve(self, request: object) -> Steps:
        """Answer a node's request; a generator, since some answers take time.

        Raises:
            Refused: the request cannot be granted.
        """
        while self.paused:
            yield self._led
        match request:
            case JoinRequest():
                return self._join(request)
            case AttachRequest():
                return (yield from self.networks.attach(request))
            case DetachRequest():
                return self.networks.detach(request)
            case Heartbeat():
                pause = self.nodes.heartbeat(request.node)
                return HeartbeatReply(pause, self.nodes.manager_addresses)
            case TaskStatus():
                return self.orchestrator.report(request)
        raise Refused("internal", f"unknown request {type(request).__name__}")

    # ---- the leader -----------------------------------------------------------------------

    def pause(self) -> None:
        """There is no leader: what is stored stays, and nothing happens."""
        self.paused = self.dispatcher.paused = self.orchestrator.paused = True
        self.nodes.liveness.pause()

    def lead(self, hostname: str, rpc: Rpc) -> None:
        """A manager leads from now on, perhaps again."""
        self.paused = self.orchestrator.paused = False
        self.nodes.lead(hostname)
        self.dispatcher.lead(rpc, self.store.nodes.values())
        self.orchestrator.changed()
        led, self._led = self._led, self._simulator.event()
        led.succeed()

    def _join(self, request: JoinRequest) -> Welcome:
        role = next((r for r, token in self.tokens.items() if token == request.token), None)
        if role is None:
            raise Refused(
                "invalid",
                "rpc error: code = InvalidArgument desc = A valid join token is necessary to join "
                "this cluster",
            )
        return self.admit(request.hostname, request.address, role, request.availability)
