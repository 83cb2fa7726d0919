"""The daemon's part for networks: the swarm's overlays and this host's bridges."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from overlaysim.cluster.local import LocalNetwork
from overlaysim.cluster.records import Network, NetworkSpec
from overlaysim.cluster.requests import Refused
from overlaysim.docker.api import ApiError, Json
from overlaysim.docker.daemon.base import NOT_IN_A_SWARM, DaemonPart, refusal
from overlaysim.docker.daemon.objects import (
    local_network_json,
    swarm_network_json,
    verbose_services,
)
from overlaysim.sim import Steps

PREDEFINED = ("bridge", "host", "none")
MTU_OPTION = "com.docker.network.driver.mtu"
VNI_OPTION = "com.docker.network.driver.overlay.vxlanid_list"


class NetworkPart(DaemonPart):
    """``/networks``."""

    def networks(self) -> Steps:
        """Answer GET /networks: on a worker only those it takes part in."""
        yield from self._pause()
        return [self._json(network) for network in self._visible()]

    def network(self, ref: str, verbose: bool = False, scope: str = "") -> Steps:
        """Answer GET /networks/{ref}."""
        yield from self._pause()
        network = self._find_network(ref, scope)
        document = self._json(network)
        if verbose and isinstance(network, Network) and network.id in self._host.memberships:
            document["Services"] = verbose_services(self._host, network.id)
        return document

    def network_create(self, body: Json) -> Steps:
        """Answer POST /networks/create."""
        name, driver = body.get("Name", ""), body.get("Driver") or "bridge"
        if name in PREDEFINED:
            raise ApiError(403, f"operation is not permitted on predefined {name} network")
        if driver not in ("bridge", "overlay"):
            raise ApiError(
                404, f'could not find plugin {driver} in v1 plugin registry: plugin "{driver}" '
                "not found",
            )  # fmt: skip
        config = ((body.get("IPAM") or {}).get("Config") or [{}])[0]
        check_addresses(config)
        yield from self.sleep(self._world.settings.timing.network_create)
        try:
            if driver == "overlay":
                return {"Id": self._create_overlay(name, body, config), "Warning": ""}
            network = self._worker.local.create(
                name, subnet=config.get("Subnet") or "", gateway=config.get("Gateway") or None,
                internal=bool(body.get("Internal")), labels=body.get("Labels") or {},
                options=body.get("Options") or {},
            )  # fmt: skip
        except Refused as error:
            raise refusal(error) from None
        return {"Id": network.id, "Warning": ""}

    def _create_overlay(self, name: str, body: Json, config: Json) -> str:
        if not self._worker.node:
            raise ApiError(503, NOT_IN_A_SWARM)
        options = body.get("Options") or {}
        spec = NetworkSpec(
            name,
            attachable=bool(body.get("Attachable")),
            internal=bool(body.get("Internal")),
            ingress=bool(body.get("Ingress")),
            subnet=config.get("Subnet") or None,
            gateway=config.get("Gateway") or None,
            ip_range=config.get("IPRange") or None,
            vni=number_option(options, VNI_OPTION, 1, 2**24 - 1),
            underlay_mtu=number_option(options, MTU_OPTION, 126, 65535) or 1500,
            encrypted="encrypted" in options,
            options=options,
            labels=body.get("Labels") or {},
        )
        return self._manager().create_network(spec).id

    def network_remove(self, ref: str) -> Steps:
        """Answer DELETE /networks/{ref}."""
        network = self._find_network(ref)
        yield from self.sleep(self._world.settings.timing.network_remove)
        try:
            if isinstance(network, LocalNetwork):
                self._worker.local.remove(network)
            else:
                self._manager().remove_network(network.id)
        except Refused as error:
            raise refusal(error) from None

    def networks_prune(self) -> Steps:
        """Answer POST /networks/prune: remove every network of users that nobody uses."""
        deleted = []
        for network in self._visible():
            name = network.name if isinstance(network, LocalNetwork) else network.spec.name
            if name in (*PREDEFINED, "ingress", "docker_gwbridge"):
                continue
            try:
                yield from self.network_remove(network.id)
            except ApiError:
                continue  # in use
            deleted.append(name)
        return {"NetworksDeleted": deleted}

    def network_connect(self, ref: str, body: Json) -> Steps:
        """Answer POST /networks/{ref}/connect."""
        container = self._container(body.get("Container", ""))
        endpoint = body.get("EndpointConfig") or {}
        aliases = tuple(endpoint.get("Aliases") or ())
        address = (endpoint.get("IPAMConfig") or {}).get("IPv4Address") or None
        network = self._worker.local.named(ref)
        taken = any(a.info.name == ref or a.info.id == ref for a in container.attachments)
        if taken:
            raise ApiError(
                403, f"endpoint with name {container.name} already exists in network {ref}"
            )
        try:
            if network is not None:
                yield from self._pause()
                self._worker.attach_local(container, network.name, aliases, address or "")
            else:
                yield from self._worker.attach(container, ref, address=address, aliases=aliases)
        except Refused as error:
            raise refusal(error) from None

    def network_disconnect(self, ref: str, body: Json) -> Steps:
        """Answer POST /networks/{ref}/disconnect."""
        container = self._container(body.get("Container", ""))
        for attachment in container.attachments:
            if ref in (attachment.info.name, attachment.info.id):
                yield from self._worker.detach(container, attachment)
                return
        raise ApiError(403, f"container {container.id} is not connected to network {ref}")

    # ---- look-ups -------------------------------------------------------------------------

    def _visible(self) -> list[Network | LocalNetwork]:
        """Local networks, and swarm networks: all on a manager, only joined ones on a worker."""
        manager = self._world.managers.get(self._name)
        swarm = self._swarm_networks()
        if manager is None:
            swarm = [network for network in swarm if network.id in self._host.memberships]
        return [*self._worker.local.networks.values(), *swarm]

    def _swarm_networks(self) -> list[Network]:
        """Every swarm network; a worker's daemon got those it joined from the manager."""
        if not self._worker.node:
            return []
        leader = next(iter(self._world.managers.values()), None)
        return list(leader.store.networks.values()) if leader is not None else []

    def _find_network(self, ref: str, scope: str = "") -> Network | LocalNetwork:
        visible = [
            network for network in self._visible()
            if not scope or (scope == "swarm") == isinstance(network, Network)
        ]  # fmt: skip
        for network in visible:
            if ref in (network.id, network_name(network)):
                return network
        matches = [network for network in visible if ref and network.id.startswith(ref)]
        if len(matches) != 1:
            raise ApiError(404, f"network {ref} not found")
        return matches[0]

    def _json(self, network: Network | LocalNetwork) -> Json:
        if isinstance(network, LocalNetwork):
            return local_network_json(network, self._host)
        return swarm_network_json(network, self._host)


def network_name(network: Network | LocalNetwork) -> str:
    """The name that users gave a network."""
    return network.name if isinstance(network, LocalNetwork) else network.spec.name


def number_option(options: Json, key: str, low: int, high: int) -> int | None:
    """Read a numeric driver option.

    Raises:
        ApiError: 400, it is not a number from ``low`` to ``high``.
    """
    text = options.get(key)
    if text is None:
        return None
    if not str(text).isdecimal() or not low <= int(text) <= high:
        raise ApiError(400, f"invalid value for option {key}: {text} (allowed: {low} to {high})")
    return int(text)


def check_addresses(config: Json) -> None:
    """Check subnet, gateway and range of ``network create``.

    Raises:
        ApiError: 400, one of them is malformed or outside of the subnet.
    """
    subnet, gateway, ip_range = (config.get(key) for key in ("Subnet", "Gateway", "IPRange"))
    if not subnet:
        if gateway or ip_range:
            raise ApiError(400, "invalid network config: a gateway or range needs a subnet")
        return
    try:
        network = IPv4Network(subnet)
    except ValueError:
        raise ApiError(400, f"invalid network config: invalid subnet {subnet}") from None
    try:
        if gateway and IPv4Address(gateway) not in network:
            raise ApiError(
                400, f"invalid network config: invalid gateway {gateway}: parent subnet is {subnet}"
            )
        if ip_range and not IPv4Network(ip_range).subnet_of(network):
            raise ApiError(
                400,
                f"invalid network config: invalid ip-range {ip_range}: parent subnet is {subnet}",
            )
    except ValueError as error:
        raise ApiError(400, f"invalid network config: {error}") from None
