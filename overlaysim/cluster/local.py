"""The local bridge networks of one host: bridge, docker_gwbridge and what users make.

Subnets are the next free of 172.17.0.0/16 … 172.31.0.0/16, then 192.168.0.0/16 in /20
(moby, ``daemon/libnetwork/ipamutils/utils.go``); those in which hosts of the underlay have their
addresses are left out (a range that the host has a route to, ``ipams/defaultipam``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from overlaysim.cluster.ids import Identifiers
from overlaysim.cluster.requests import Refused
from overlaysim.errors import InputError
from overlaysim.host.container import Attachment, Container
from overlaysim.host.host import Host
from overlaysim.host.segment import NetworkInfo
from overlaysim.overlay.ipam import AddressPool
from overlaysim.overlay.pool_errors import AddressInUse, PoolExhausted

BRIDGE, GATEWAY_BRIDGE = "bridge", "docker_gwbridge"
UNCONNECTABLE = {
    "host": (
        "cannot connect container to host network - container must be created in host network mode"
    ),
    "none": (
        "container cannot be connected to multiple networks with one of the networks in private "
        "(none) mode"
    ),
}
"""Why nothing can be connected to these (moby, ``daemon/network/errors.go``)."""
LOCAL_MTU = 1500
_BRIDGE_OPTION = "com.docker.network.bridge."
ICC_OPTION = f"{_BRIDGE_OPTION}enable_icc"
"""Whether containers of a bridge network may talk to one another."""
_PREDEFINED_OPTIONS = {
    BRIDGE: {
        f"{_BRIDGE_OPTION}default_bridge": "true",
        ICC_OPTION: "true",
        f"{_BRIDGE_OPTION}enable_ip_masquerade": "true",
        f"{_BRIDGE_OPTION}host_binding_ipv4": "0.0.0.0",
        f"{_BRIDGE_OPTION}name": "docker0",
        "com.docker.network.driver.mtu": str(LOCAL_MTU),
    },
    GATEWAY_BRIDGE: {
        ICC_OPTION: "false",
        f"{_BRIDGE_OPTION}enable_ip_masquerade": "true",
        f"{_BRIDGE_OPTION}name": GATEWAY_BRIDGE,
    },
}
"""What the daemon makes its own bridges with (moby, ``daemon/daemon_unix.go``,
``daemon/network.go``)."""
_SUBNETS = [f"172.{second}.0.0/16" for second in range(17, 32)] + [
    f"192.168.{third}.0/20" for third in range(0, 256, 16)
]


@dataclass(slots=True)
class LocalNetwork:
    """A network that exists on one host only. ``host`` and ``none`` have no subnet.

    ``mesh_address`` is the routing mesh's address in docker_gwbridge; empty elsewhere.
    """

    id: str
    name: str
    driver: str
    created: int
    info: NetworkInfo | None = None
    pool: AddressPool | None = None
    internal: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    mesh_address: str = ""


class LocalNetworks:
    """Makes, lists and removes them, and attaches containers to them."""

    def __init__(self, host: Host, identifiers: Identifiers) -> None:
        self.networks: dict[str, LocalNetwork] = {}
        self._host = host
        self._identifiers = identifiers
        self.create(BRIDGE, options=_PREDEFINED_OPTIONS[BRIDGE])
        for name, driver in (("host", "host"), ("none", "null")):
            network = LocalNetwork(identifiers.local(), name, driver, host.around.simulator.now)
            self.networks[network.id] = network

    def named(self, name: str) -> LocalNetwork | None:
        """The network of this name, if there is one."""
        return next((n for n in self.networks.values() if n.name == name), None)

    def create(
        self,
        name: str,
        *,
        subnet: str = "",
        gateway: str | None = None,
        ip_range: str | None = None,
        internal: bool = False,
        labels: Mapping[str, str] | None = None,
        options: Mapping[str, str] | None = None,
    ) -> LocalNetwork:
        """Make a bridge network.

        Raises:
            Refused: the name exists, the subnet overlaps another one's, or has no room.
        """
        if self.named(name) is not None:
            raise Refused("exists", f"network with name {name} already exists")
        try:
            pool = AddressPool(self._subnet(subnet), gateway, ip_range)
        except (InputError, AddressInUse, PoolExhausted) as error:
            raise Refused("invalid", f"invalid pool request: {error}") from None
        network_id = self._identifiers.local()
        info = NetworkInfo(
            network_id, name, f"{name}@{self._host.name}", pool.subnet, pool.gateway, None,
            LOCAL_MTU, internal, isolated=(options or {}).get(ICC_OPTION) == "false",
        )  # fmt: skip
        network = LocalNetwork(
            network_id, name, "bridge", self._host.around.simulator.now, info, pool, internal,
            labels or {}, options or {},
        )  # fmt: skip
        self.networks[network_id] = network
        self._host.join_bridge(info, self._identifiers.mac())
        return network

    def _subnet(self, wanted: str) -> str:
        taken = [IPv4Network(n.info.subnet) for n in self.networks.values() if n.info]
        if wanted:
            if any(IPv4Network(wanted).overlaps(other) for other in taken):
                raise Refused(
                    "denied",
                    "invalid pool request: Pool overlaps with other one on this address space",
                )
            return wanted
        hosts_within = self._host.around.directory.hosts_within
        for subnet in _SUBNETS:
            overlaps = any(IPv4Network(subnet).overlaps(other) for other in taken)
            if not overlaps and not hosts_within(subnet):
                return subnet
        raise Refused("invalid", "all predefined address pools have been fully subnetted")

    def remove(self, network: LocalNetwork) -> None:
        """Remove a bridge network that no container uses.

        Raises:
            Refused: it is predefined or in use.
        """
        if network.name in (BRIDGE, "host", "none"):
            raise Refused(
                "denied", f"{network.name} is a pre-defined network and cannot be removed"
            )
        # On a swarm's node the routing mesh has its own leg in docker_gwbridge.
        used = network.name == GATEWAY_BRIDGE and self._host.agent is not None
        if used or any(c.attachment(network.id) for c in self._host.containers.values()):
            raise Refused(
                "denied",
                f"error while removing network: network {network.name} id {network.id} has active "
                "endpoints",
            )
        self._host.leave_network(network.id)
        del self.networks[network.id]

    def ensure_gateway_bridge(self) -> None:
        """Make docker_gwbridge, the overlay containers' way out, unless it is there.

        The sandbox of the routing mesh joins it first, so it has .2 and containers come after it
        (moby ``daemon/libnetwork/controller.go``, the ingress sandbox has a leg in it).
        """
        network = self.named(GATEWAY_BRIDGE)
        if network is None:
            network = self.create(GATEWAY_BRIDGE, options=_PREDEFINED_OPTIONS[GATEWAY_BRIDGE])
        if not network.mesh_address and network.pool is not None:
            network.mesh_address = network.pool.allocate()

    def attach(
        self,
        container: Container,
        name: str,
        aliases: tuple[str, ...] = (),
        address: str = "",
        mac: str = "",
    ) -> Attachment:
        """Give a container an interface in a bridge network and, if it has none, a default route.

        Raises:
            Refused: the network is ``host`` or ``none``, or the address cannot be had.
        """
        network = self.named(name)
        if network is None or network.info is None or network.pool is None:
            raise Refused("denied", UNCONNECTABLE.get(name, f"network {name} not found"))
        try:
            given = network.pool.request(address) if address else network.pool.allocate()
        except (InputError, AddressInUse, PoolExhausted) as error:
            raise Refused("denied", str(error)) from None
        attachment = self._host.plug(
            container, network.info, given, self._identifiers.local(),
            mac=mac or self._identifiers.mac(), aliases=aliases,
        )  # fmt: skip
        self.route(container)
        return attachment

    def route(self, container: Container) -> None:
        """Give a container that has no default route one through its first bridge network."""
        for attachment in container.attachments:
            usable = attachment.info.vni is None and not attachment.info.internal
            if usable and container.stack.default is None:
                container.stack.default = (attachment.interface, attachment.info.gateway)

    def release(self, attachment: Attachment) -> None:
        """Take the address of an unplugged interface back."""
        network = self.networks.get(attachment.info.id)
        if network is not None and network.pool is not None:
            network.pool.release(attachment.interface.address)
