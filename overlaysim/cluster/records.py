"""What the managers store: nodes, networks, services, tasks, attachments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from overlaysim.host.segment import NetworkInfo
from overlaysim.overlay.encapsulation import TunnelChoice
from overlaysim.overlay.ipam import AddressPool
from overlaysim.units import SECOND


@dataclass(slots=True)
class Node:
    """A host that is a member of the swarm.

    ``state`` is the managers' view (ready, down, unknown), ``availability`` the operator's wish;
    ``left`` says that it was a manager and has left.
    """

    id: str
    hostname: str
    address: str
    role: str
    created: int
    state: str = "ready"
    availability: str = "active"
    leader: bool = False
    left: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    updated: int = 0
    version: int = 1


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """What ``docker network create`` asks for."""

    name: str
    driver: str = "overlay"
    attachable: bool = False
    internal: bool = False
    ingress: bool = False
    subnet: str | None = None
    gateway: str | None = None
    ip_range: str | None = None
    vni: int | None = None
    underlay_mtu: int = 1500
    tunnel: TunnelChoice = field(default_factory=TunnelChoice)
    options: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Network:
    """An overlay network as the managers know it.

    ``info`` and ``pool`` are None while the network has no subnet (it overlaps another one).
    """

    id: str
    spec: NetworkSpec
    created: int
    info: NetworkInfo | None = None
    pool: AddressPool | None = None
    load_balancers: dict[str, str] = field(default_factory=dict)
    """Address of each node's load-balancer endpoint, by node id."""


@dataclass(frozen=True, slots=True)
class ServiceNetwork:
    """A network that a service's tasks attach to, and the service's extra names there."""

    network: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """What a service should be. ``replicas`` is None for global mode.

    ``document`` is the client's own JSON, kept to be shown again by inspect.
    """

    name: str
    image: str
    command: tuple[str, ...] = ()
    replicas: int | None = 1
    networks: tuple[ServiceNetwork, ...] = ()
    endpoint_mode: str = "vip"
    hostname: str = ""
    environment: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    container_labels: tuple[tuple[str, str], ...] = ()
    constraints: tuple[str, ...] = ()
    max_per_node: int = 0
    restart_condition: str = "any"
    restart_delay: int = 5 * SECOND
    force: int = 0
    document: Any = None

    @property
    def template(self) -> tuple[object, ...]:
        """What a task was made from; another template means another task.

        Name, mode and placement are no part of it (moby/swarmkit, ``manager/orchestrator/task.go``,
        IsTaskDirty).
        """
        return (
            self.image, self.command, self.networks, self.endpoint_mode, self.hostname,
            self.environment, self.extra_hosts, self.container_labels, self.restart_condition,
            self.restart_delay, self.force,
        )  # fmt: skip


@dataclass(slots=True)
class Update:
    """How far a service's tasks have come in following a new specification.

    Attributes:
        state: updating, paused or completed, or the same of a rollback.
        tasks: the tasks made by it, with the instant at which they came to run.
    """

    state: str
    message: str
    started: int
    completed: int | None = None
    tasks: dict[str, int | None] = field(default_factory=dict)


@dataclass(slots=True)
class Service:
    """A service and what the allocator gave it."""

    id: str
    spec: ServiceSpec
    created: int
    updated: int
    version: int = 1
    previous: ServiceSpec | None = None
    update: Update | None = None
    vips: dict[str, str] = field(default_factory=dict)
    """Virtual address by network id; empty in dnsrr mode."""

    @property
    def has_vips(self) -> bool:
        """Whether every virtual address that it should have is there."""
        wanted = self.spec.networks if self.spec.endpoint_mode == "vip" else ()
        return all(attached.network in self.vips for attached in wanted)


TASK_STATES = (
    "new", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running",
    "complete", "shutdown", "failed", "rejected", "remove", "orphaned",
)  # fmt: skip
"""In the order in which a task passes them (moby/swarmkit, ``api/types.proto``)."""


@dataclass(slots=True)
class Task:
    """One replica of a service on its way through :data:`TASK_STATES`.

    Attributes:
        slot: number of the replica, from 1; 0 for the task of a global service.
        desired: how far it shall go: ready (to wait for its start), running, shutdown, remove.
        predecessor: the task that has to end before this one may start.
        not_before: earliest start: a restarted task waits out the restart delay.
        sent: whether its node has been told of it.
        addresses: its address in each network, by network id.
    """

    id: str
    service: str
    slot: int
    spec: ServiceSpec
    created: int
    node: str = ""
    state: str = "new"
    desired: str = "running"
    predecessor: str = ""
    not_before: int = 0
    sent: bool = False
    changed: int = 0
    message: str = "created"
    error: str = ""
    container: str = ""
    exit_code: int = 0
    addresses: dict[str, str] = field(default_factory=dict)

    @property
    def instance(self) -> int | str:
        """What it is one in a row of: its slot, or its node in a global service."""
        return self.slot or self.node

    @property
    def name(self) -> str:
        """Its name in lists, as in ``api.1``."""
        return f"{self.spec.name}.{self.instance}"

    @property
    def ended(self) -> bool:
        """Whether it is past running: it holds no address and does no work any more."""
        return TASK_STATES.index(self.state) > TASK_STATES.index("running")

    @property
    def wanted(self) -> bool:
        """Whether it is meant to run, now or when its time comes."""
        return self.desired in ("ready", "running")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A standalone container's place in an overlay network: the managers count it as a task.

    ``asked`` is the instant of the request for it.
    """

    id: str
    network: str
    node: str
    container: str
    asked: int
    address: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a manager tells a node that may attach a container: the network and the addresses."""

    info: NetworkInfo
    address: str
    load_balancer: str
