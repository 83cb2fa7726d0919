"""A whole simulated cluster: underlay, hosts, workers, and the swarm once there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.manager import Manager
from overlaysim.cluster.records import Node
from overlaysim.cluster.requests import (
    MANAGER_PORT,
    JoinRequest,
    Refused,
    TaskOrder,
    TaskStop,
    Welcome,
)
from overlaysim.cluster.timing import Timing
from overlaysim.cluster.truth import Truth
from overlaysim.cluster.worker import Worker
from overlaysim.errors import ModelError
from overlaysim.gossip import LAN, GossipSettings
from overlaysim.host.datapath import HostCosts
from overlaysim.host.directory import Directory, HostAddress
from overlaysim.host.host import Host, Surroundings
from overlaysim.host.resolver import Upstream
from overlaysim.host.rpc import Rpc, RpcFailed
from overlaysim.sim import Simulator, Steps
from overlaysim.underlay.network import Underlay
from overlaysim.underlay.topology import Topology


@dataclass(frozen=True)
class WorldSettings:
    """Everything about a world but its topology and addresses; a scenario file sets it."""

    seed: int = 1
    framing: Literal["ethernet", "none"] = "ethernet"
    convergence_delay: int = 0
    ecmp: Literal["per-switch", "shared"] = "per-switch"
    timing: Timing = field(default_factory=Timing)
    gossip: GossipSettings = LAN
    upstream: Upstream = field(default_factory=Upstream)


class World:
    """Builds the cluster and carries out what concerns more than one host.

    Args:
        topology: hosts, switches and links.
        addresses: underlay address of each host.
    """

    def __init__(
        self, topology: Topology, addresses: Mapping[str, str], settings: WorldSettings
    ) -> None:
        self.settings = settings
        self.topology = topology
        self.simulator = Simulator(settings.seed)
        self.underlay = Underlay(
            self.simulator, topology, framing=settings.framing,
            convergence_delay=settings.convergence_delay, ecmp=settings.ecmp, trace=True,
        )  # fmt: skip
        self.identifiers = Identifiers(self.simulator.streams("identifiers"))
        self.truth = Truth(self.simulator)
        self.directory = Directory()
        self.managers: dict[str, Manager] = {}
        """The manager that each manager host serves: one and the same, by host name."""
        timing = settings.timing
        around = Surroundings(
            self.simulator, self.underlay, self.directory,
            HostCosts(timing.resolver, timing.encapsulate, timing.decapsulate),
            settings.upstream, settings.gossip, self.truth.endpoint,
        )  # fmt: skip
        self.workers: dict[str, Worker] = {}
        for name in topology.hosts:
            me = HostAddress(name, addresses[name], mac_of_host(addresses[name]))
            self.directory.add_host(me)
            self._add_worker(around, me)

    def _add_worker(self, around: Surroundings, me: HostAddress) -> None:
        host = Host(around, me)
        rpc = Rpc(self.simulator, host.streams, me.address, MANAGER_PORT)
        worker = Worker(host, rpc, self.identifiers, self.settings.timing)
        self.workers[me.name] = worker
        rpc.serve(lambda source, request: self._serve(worker, request))

    def _serve(self, worker: Worker, request: object) -> Steps:
        """A message on TCP 2377: an order for the worker, or a request for its manager."""
        if isinstance(request, TaskOrder | TaskStop):
            return (yield from worker.tasks.serve(request))
        manager = self.managers.get(worker.host.name)
        if manager is None:
            raise Refused("unavailable", "This node is not a swarm manager.")
        return (yield from manager.serve(request))

    # ---- the swarm ------------------------------------------------------------------------

    @property
    def hosts(self) -> dict[str, Host]:
        """Hosts by name."""
        return {name: worker.host for name, worker in self.workers.items()}

    def init_swarm(self, name: str, manager: Manager) -> Steps:
        """Make a host the first node and manager of a new swarm."""
        worker = self.workers[name]
        self.managers[name] = manager
        manager.orchestrator.dispatch = self._dispatch
        yield self.simulator.sleep(self.settings.timing.swarm_init)
        welcome = manager.admit(name, worker.host.address, "manager")
        yield from worker.enter(welcome.node, worker.host.address, [], welcome.ingress)

    def join_swarm(
        self, name: str, manager_address: str, token: str, availability: str = "active"
    ) -> Steps:
        """Make a host a node of the swarm that the manager at this address belongs to.

        Raises:
            Refused: the token is not the swarm's.
            RpcFailed: no manager answers at the address.
        """
        worker = self.workers[name]
        request = JoinRequest(token, name, worker.host.address, availability)
        welcome: Welcome = yield from worker.rpc.call(
            manager_address, request, limit=self.settings.timing.attach_limit
        )
        yield self.simulator.sleep(self.settings.timing.swarm_join)
        if welcome.role == "manager":
            remote = self.directory.host_at(manager_address)
            assert remote is not None
            self.managers[name] = self.managers[remote.name]
        yield from worker.enter(welcome.node, manager_address, [manager_address], welcome.ingress)

    def join_others(self, first: str) -> Steps:
        """Let every host that is in no swarm join as a worker; return their names."""
        manager = self.managers[first]
        address = self.workers[first].host.address
        joining = [name for name, worker in self.workers.items() if not worker.node]
        processes = [
            self.simulator.spawn(self.join_swarm(name, address, manager.tokens["worker"]))
            for name in joining
        ]
        for process in processes:
            yield process
        return joining

    def leave_swarm(self, name: str) -> Steps:
        """Take a host out of its swarm; the managers notice by its silence."""
        yield self.simulator.sleep(self.settings.timing.swarm_leave)
        manager = self.managers.pop(name, None)
        if manager is not None:
            for node in manager.store.nodes.values():
                if node.hostname == name:
                    manager.set_node_state(node, "down")
        yield from self.workers[name].leave()

    def _dispatch(self, node: Node, order: TaskOrder | TaskStop) -> None:
        """Carry an order from the leader to a node, over the underlay unless it is the leader's."""
        self.simulator.spawn(self._deliver(node, order))

    def _deliver(self, node: Node, order: TaskOrder | TaskStop) -> Steps:
        leader = self.workers[next(iter(self.managers))]
        while node.state != "removed":
            try:
                yield from leader.rpc.call(node.address, order)
                return
            except RpcFailed:
                yield self.simulator.sleep(self.settings.timing.heartbeat)

    # ---- checks ---------------------------------------------------------------------------

    @property
    def in_flight(self) -> int:
        """Packets that links and hosts hold, counted without the ledger."""
        return self.underlay.in_flight + sum(host.in_hand for host in self.hosts.values())

    def check_conservation(self) -> None:
        """Compare the ledger with what links and hosts hold.

        Raises:
            ModelError: a packet was lost from the books or counted twice.
        """
        if self.simulator.ledger.in_flight != self.in_flight:
            raise ModelError(
                f"conservation broken at {self.simulator.now} ps: the ledger says "
                f"{self.simulator.ledger.in_flight} packets are on their way, "
                f"links and hosts hold {self.in_flight}"
            )


def mac_of_host(address: str) -> str:
    """A host's MAC, made from its underlay address so that traces are easy to read."""
    return "02:00:" + ":".join(f"{int(octet):02x}" for octet in address.split("."))
