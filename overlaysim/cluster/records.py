"""What the managers store: nodes, networks, services, tasks, attachments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from overlaysim.host.segment import NetworkInfo
from overlaysim.overlay.ipam import AddressPool


@dataclass(slots=True)
class Node:
    """A host that is a member of the swarm.

    ``state`` is the managers' view (ready, down, unknown), ``availability`` the operator's wish.
    """

    id: str
    hostname: str
    address: str
    role: str
    created: int
    state: str = "ready"
    availability: str = "active"
    leader: bool = False
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
    encrypted: bool = False
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
    constraints: tuple[str, ...] = ()
    max_per_node: int = 0
    restart_condition: str = "any"
    restart_delay: int = 5_000_000_000_000
    force: int = 0
    document: Any = None

    @property
    def template(self) -> tuple[object, ...]:
        """What a running task was made from; another template means another task."""
        return (self.image, self.command, self.networks, self.hostname, self.force)


@dataclass(slots=True)
class Service:
    """A service and what the allocator gave it."""

    id: str
    spec: ServiceSpec
    created: int
    updated: int
    version: int = 1
    previous: ServiceSpec | None = None
    vips: dict[str, str] = field(default_factory=dict)
    """Virtual address by network id; empty in dnsrr mode."""


TASK_STATES = (
    "new", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running",
    "complete", "shutdown", "failed", "rejected", "remove", "orphaned",
)  # fmt: skip
"""In the order in which a task passes them (moby/swarmkit, ``api/types.proto``)."""


@dataclass(slots=True)
class Task:
    """One replica of a service on its way through :data:`TASK_STATES`."""

    id: str
    service: str
    slot: int
    spec: ServiceSpec
    created: int
    node: str = ""
    state: str = "new"
    desired: str = "running"
    changed: int = 0
    message: str = "created"
    error: str = ""
    container: str = ""
    exit_code: int = 0
    not_before: int = 0
    """Earliest start of its process: a restarted task waits out the restart delay."""
    addresses: dict[str, str] = field(default_factory=dict)
    """Address by network id."""

    @property
    def ended(self) -> bool:
        """Whether it is past running: it holds no address and does no work any more."""
        return TASK_STATES.index(self.state) > TASK_STATES.index("running")

    @property
    def wanted(self) -> bool:
        """Whether the orchestrator wants it to run (or to wait for its turn)."""
        return self.desired in ("running", "ready") and not self.ended


@dataclass(frozen=True, slots=True)
class Attachment:
    """A standalone container's place in an overlay network (swarm: an attachment task)."""

    network: str
    node: str
    container: str
    address: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a manager tells a node that may attach a container: the network and the addresses."""

    info: NetworkInfo
    address: str
    load_balancer: str
