"""A whole simulated cluster: underlay, hosts, workers, and the swarm once there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from overlaysim.cluster.faults.book import FaultBook
from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.manager import Manager
from overlaysim.cluster.paths import PathTrace
from overlaysim.cluster.raft import Raft
from overlaysim.cluster.requests import (
    MANAGER_PORT,
    Assignment,
    JoinRequest,
    Refused,
    Welcome,
)
from overlaysim.cluster.supervisor import Supervisor
from overlaysim.cluster.tasks import TaskRunner
from overlaysim.cluster.timing import Timing
from overlaysim.cluster.truth import Truth
from overlaysim.cluster.worker import Worker
from overlaysim.errors import ModelError
from overlaysim.gossip import LAN, GossipSettings
from overlaysim.host.datapath import HostCosts
from overlaysim.host.directory import Directory, HostAddress
from overlaysim.host.host import Host, Surroundings
from overlaysim.host.processor import Work
from overlaysim.host.resolver import Upstream
from overlaysim.host.router import Router
from overlaysim.host.rpc import Rpc, RpcFailed
from overlaysim.overlay.encapsulation import TunnelChoice
from overlaysim.sim import Simulator, Steps
from overlaysim.underlay.network import Underlay
from overlaysim.underlay.topology import Topology
from overlaysim.wire import VXLAN_PORT

NOBODY_LISTENS = (
    'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while '
    'dialing: dial tcp {}:{}: connect: connection refused"'
)


@dataclass(frozen=True)
class WorldSettings:
    """Everything about a world but its topology and addresses; a scenario file sets it."""

    seed: int = 1
    framing: Literal["ethernet", "none"] = "ethernet"
    convergence_delay: int = 0
    ecmp: Literal["per-switch", "shared"] = "per-switch"
    hash_keys: bool = False
    timing: Timing = field(default_factory=Timing)
    gossip: GossipSettings = LAN
    replaces_learned: bool = False
    """As ``replaces`` of :class:`~overlaysim.overlay.Vtep`."""
    tunnel: TunnelChoice = field(default_factory=TunnelChoice)
    """How overlay networks cross the underlay whose own options do not say it."""
    bridge_nf: bool = True
    """As in :class:`~overlaysim.host.segment.Segment`."""
    upstream: Upstream = field(default_factory=Upstream)
    managers: tuple[str, ...] = ()
    """Hosts that become managers when they join by themselves, besides the first."""
    late: tuple[str, ...] = ()
    """Hosts that do not join the swarm by themselves, but only when told."""
    trace: bool = False
    """Whether every packet notes the links that it crosses, so that its way can be told."""


class World:
    """Builds the cluster and carries out what concerns more than one host.

    Args:
        topology: hosts, switches, routers and links.
        addresses: underlay address of each host and router.
    """

    def __init__(
        self, topology: Topology, addresses: Mapping[str, str], settings: WorldSettings
    ) -> None:
        self.settings = settings
        self.topology = topology
        self.simulator = Simulator(settings.seed)
        self.underlay = Underlay(
            self.simulator, topology, framing=settings.framing,
            convergence_delay=settings.convergence_delay, ecmp=settings.ecmp,
            hash_keys=settings.hash_keys, trace=settings.trace,
        )  # fmt: skip
        self.identifiers = Identifiers(self.simulator.streams("identifiers"))
        self.truth = Truth(self.simulator)
        self.directory = Directory()
        self.managers: dict[str, Manager] = {}
        """The manager that each manager host serves: one and the same, by host name."""
        self.rafts: dict[str, Raft] = {}
        """Who leads them, by host name as well."""
        timing = settings.timing
        around = Surroundings(
            self.simulator, self.underlay, self.directory,
            HostCosts(
                timing.resolver, Work(timing.encapsulate, timing.encapsulate_byte),
                Work(timing.decapsulate, timing.decapsulate_byte),
                Work(timing.crypt, timing.crypt_byte),
            ),
            settings.upstream, settings.gossip, self.truth.endpoint, settings.replaces_learned,
            settings.bridge_nf,
        )  # fmt: skip
        self.workers: dict[str, Worker] = {}
        self.tasks: dict[str, TaskRunner] = {}
        for name in topology.hosts:
            me = _place(name, addresses[name])
            self.directory.add_host(me)
            self._add_worker(around, me)
        for name in topology.routers:
            Router(self.simulator, self.underlay, _place(name, addresses[name]), self.directory)
        self.supervisors = {name: Supervisor(self, name) for name in topology.hosts}
        """Who stops, starts and moves the hosts when faults ask for it."""
        self.faults = FaultBook(self)
        self.paths = PathTrace(self.simulator, self.underlay)
        self.paths.port = settings.tunnel.port

    def _add_worker(self, around: Surroundings, me: HostAddress) -> None:
        host = Host(around, me)
        rpc = Rpc(self.simulator, host.streams, me.address, MANAGER_PORT)
        worker = Worker(host, rpc, self.identifiers, self.settings.timing)
        self.workers[me.name] = worker
        self.tasks[me.name] = TaskRunner(worker)
        rpc.serve(lambda source, request: self._serve(worker, request))

    def _serve(self, worker: Worker, request: object) -> Steps:
        """A message on TCP 2377: an order for the worker, or a request for its manager."""
        if isinstance(request, Assignment):
            if request.node != worker.node or not worker.active:
                raise Refused("unavailable", "this host is not that node")
            self.tasks[worker.host.name].take(request.order)
            return None
        manager = self.managers.get(worker.host.name)
        if manager is None:
            raise Refused("unavailable", NOBODY_LISTENS.format(worker.host.address, MANAGER_PORT))
        return (yield from manager.serve(request))

    # ---- the swarm ------------------------------------------------------------------------

    @property
    def hosts(self) -> dict[str, Host]:
        """Hosts by name."""
        return {name: worker.host for name, worker in self.workers.items()}

    def swarm_of(self, name: str) -> Manager | None:
        """The managers of the swarm that a host is a node of; None if it is in no swarm."""
        worker = self.workers[name]
        host = self.directory.host_at(worker.manager)
        return self.managers.get(host.name) if host is not None and worker.node else None

    def init_swarm(
        self,
        name: str,
        pools: tuple[str, ...],
        mask: int,
        availability: str = "active",
        data_path_port: int = VXLAN_PORT,
    ) -> Steps:
        """Make a host the first node and manager of a new swarm.

        Args:
            pools, mask: where subnets of overlay networks come from.
            data_path_port: UDP port of VXLAN.

        Raises:
            InputError: no such subnets can be cut from the pools.
        """
        worker = self.workers[name]
        manager = Manager(
            self.simulator, self.identifiers, self.settings.timing, worker.rpc,
            pools=pools, mask=mask, data_path_port=data_path_port,
        )  # fmt: skip
        with _busy(worker):
            yield self.simulator.sleep(self.settings.timing.swarm_init)
            self.managers[name] = manager
            self.paths.port = self.settings.tunnel.on_data_path_port(data_path_port).port
            self.rafts[name] = Raft(self.simulator, manager, worker)
            welcome = manager.admit(name, worker.host.address, "manager", availability)
            yield from worker.enter(welcome, worker.host.address, [])

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
        with _busy(worker):
            welcome: Welcome = yield from worker.rpc.call(
                manager_address, request, limit=self.settings.timing.attach_limit
            )
            yield self.simulator.sleep(self.settings.timing.swarm_join)
            remote = self.directory.host_at(manager_address)
            if welcome.role == "manager" and remote is not None and remote.name in self.managers:
                self.managers[name] = self.managers[remote.name]
                self.rafts[name] = self.rafts[remote.name]
                self.rafts[name].enter(worker)
            yield from worker.enter(welcome, manager_address, [manager_address])

    def join_others(self, first: str) -> Steps:
        """Let every host that is in no swarm join; return the names of the new ones.

        Those that join late are left out. They are workers but for the settings' ``managers``.
        """
        manager = self.managers[first]
        address = self.workers[first].host.address
        joining = [
            name for name, worker in self.workers.items()
            if not worker.node and not worker.busy and name not in self.settings.late
        ]  # fmt: skip
        processes = [
            self.workers[name].host.daemon.spawn(
                self._try_to_join(name, address, manager.tokens[self._role(name)])
            )
            for name in joining
        ]
        yield self.simulator.all_of(processes)
        return [name for name in joining if self.workers[name].node]

    def _role(self, name: str) -> str:
        return "manager" if name in self.settings.managers else "worker"

    def _try_to_join(self, name: str, address: str, token: str) -> Steps:
        with suppress(Refused, RpcFailed):  # whoever cannot be reached stays outside
            yield from self.join_swarm(name, address, token)

    def leave_swarm(self, name: str) -> Steps:
        """Take a host out of its swarm; the managers notice a worker's leaving by its silence."""
        worker = self.workers[name]
        with _busy(worker):
            yield self.simulator.sleep(self.settings.timing.swarm_leave)
            manager = self.managers.pop(name, None)
            if manager is not None:
                self._replace_manager(manager, worker)
            yield from worker.leave(self.tasks[name].end_all)

    def _replace_manager(self, manager: Manager, leaving: Worker) -> None:
        """Let the nodes that talk to a manager that leaves talk to the new leader, if any."""
        leader = manager.nodes.retire_manager(leaving.host.name)
        raft = self.rafts.pop(leaving.host.name)
        raft.leave(leaving.host.name, "" if leader is None else leader.hostname)
        if leader is None:
            return
        manager.dispatcher.lead(self.workers[leader.hostname].rpc, manager.store.nodes.values())
        for worker in self.workers.values():
            if worker is not leaving and worker.manager == leaving.host.address:
                worker.manager = leader.address

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


def _place(name: str, address: str) -> HostAddress:
    return HostAddress(name, address, mac_of_host(address))


def mac_of_host(address: str) -> str:
    """A host's MAC, made from its underlay address so that traces are easy to read."""
    return "02:00:" + ":".join(f"{int(octet):02x}" for octet in address.split("."))


@contextmanager
def _busy(worker: Worker) -> Iterator[None]:
    """Mark a host as joining or leaving meanwhile."""
    worker.busy = True
    try:
        yield
    finally:
        worker.busy = False
