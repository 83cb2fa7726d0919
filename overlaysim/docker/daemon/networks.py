"""The daemon's part for networks: the swarm's overlays and this host's bridges."""

from __future__ import annotations

from overlaysim.cluster.local import UNCONNECTABLE, LocalNetwork
from overlaysim.cluster.records import Network, NetworkSpec
from overlaysim.cluster.requests import Refused
from overlaysim.docker.api import ApiError, Json
from overlaysim.docker.daemon.base import DaemonPart, refusal
from overlaysim.docker.daemon.ipam_check import check_addresses
from overlaysim.docker.daemon.objects import (
    local_network_json,
    swarm_network_json,
    verbose_services,
)
from overlaysim.docker.daemon.wishes import EndpointWish
from overlaysim.errors import InputError
from overlaysim.host.container import Container
from overlaysim.overlay.encapsulation import TunnelChoice, read_options
from overlaysim.sim import Steps

PREDEFINED = ("bridge", "host", "none")
FROM_A_WORKER = (
    "cannot create a multi-host network from a worker node. Please create the network from a "
    "manager node"
)
MTU_OPTION = "com.docker.network.driver.mtu"
VNI_OPTION = "com.docker.network.driver.overlay.vxlanid_list"
"""Ours alone: how a Linux VXLAN device may be set up, though Docker never does it so."""


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
        configs = (body.get("IPAM") or {}).get("Config") or [{}]
        if len(configs) > 1:
            raise ApiError(501, "several subnets in one network are not simulated")
        check_addresses(configs[0])
        yield from self.sleep(self._world.settings.timing.network_create)
        if any(network_name(network) == name for network in self._visible()):
            raise ApiError(409, f"network with name {name} already exists")
        create = self._create_overlay if driver == "overlay" else self._create_bridge
        try:
            return {"Id": create(name, body, configs[0]), "Warning": ""}
        except Refused as error:
            raise refusal(error) from None

    def _create_bridge(self, name: str, body: Json, config: Json) -> str:
        return self._worker.local.create(
            name, subnet=config.get("Subnet") or "", gateway=config.get("Gateway") or None,
            ip_range=config.get("IPRange") or None, internal=bool(body.get("Internal")),
            labels=body.get("Labels") or {}, options=body.get("Options") or {},
        ).id  # fmt: skip

    def _create_overlay(self, name: str, body: Json, config: Json) -> str:
        if self._worker.node and self._name not in self._world.managers:
            raise ApiError(403, FROM_A_WORKER)
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
            tunnel=self._tunnel(options),
            options=options,
            labels=body.get("Labels") or {},
        )
        return self._manager().networks.create(spec).id

    def _tunnel(self, options: dict[str, str]) -> TunnelChoice:
        """How the network crosses the underlay: as its options say, else as the world does."""
        try:
            choice = read_options(options, self._world.settings.tunnel)
        except InputError as error:
            raise ApiError(400, str(error)) from None
        return choice.on_data_path_port(self._manager().data_path_port)

    def network_remove(self, ref: str) -> Steps:
        """Answer DELETE /networks/{ref}."""
        network = self._find_network(ref)
        yield from self.sleep(self._world.settings.timing.network_remove)
        try:
            if isinstance(network, LocalNetwork):
                self._worker.local.remove(network)
            else:
                self._manager().networks.remove(network.id)
        except Refused as error:
            raise refusal(error) from None

    def networks_prune(self) -> Steps:
        """Answer POST /networks/prune: remove every network of users that nobody uses."""
        deleted = []
        for network in self._visible():
            name = network_name(network)
            if name in (*PREDEFINED, "ingress", "docker_gwbridge"):
                continue
            try:
                yield from self.network_remove(network.id)
            except ApiError:
                continue  # in use
            deleted.append(name)
        return {"NetworksDeleted": deleted}

    def network_connect(self, ref: str, body: Json) -> Steps:
        """Answer POST /networks/{ref}/connect; a stopped container joins when it starts."""
        container = self._container(body.get("Container", ""))
        network = self._known_as(ref)
        yield from self._worker.runtime.unlocked(container)
        self._check_exists(container)
        self._check_connectable(container, network)
        wish = self._wishes.setdefault(container.id, self._wish(container))
        wish.endpoints[network] = EndpointWish.read(body.get("EndpointConfig"))
        if container.state != "running":
            return
        try:
            with self._worker.runtime.locked(container):
                yield from self._connect(container, network)
        except Refused as error:
            wish.endpoints.pop(network, None)
            raise refusal(error) from None
        if container.state != "running":  # it ended while the network was being joined
            self._worker.detach_all(container)

    def _check_connectable(self, container: Container, network: str) -> None:
        if network in UNCONNECTABLE:
            raise ApiError(403, UNCONNECTABLE[network])
        attached = any(a.info.name == network for a in container.attachments)
        if attached or network in self._wish(container).endpoints:
            raise ApiError(
                403, f"endpoint with name {container.name} already exists in network {network}"
            )

    def network_disconnect(self, ref: str, body: Json) -> Steps:
        """Answer POST /networks/{ref}/disconnect."""
        container = self._container(body.get("Container", ""))
        network = self._known_as(ref)
        yield from self._worker.runtime.unlocked(container)
        self._check_exists(container)
        wished = self._wish(container).endpoints.pop(network, None)
        attachment = next((a for a in container.attachments if a.info.name == network), None)
        if attachment is not None:
            self._worker.disconnect(container, attachment)
        elif wished is None:
            raise ApiError(403, f"container {container.id} is not connected to network {ref}")

    # ---- look-ups -------------------------------------------------------------------------

    def _known_as(self, ref: str) -> str:
        """The name of a network that this host knows; else ``ref`` itself, for the manager."""
        try:
            return network_name(self._find_network(ref))
        except ApiError:
            if not self._worker.node:
                raise
            return ref

    def _visible(self) -> list[Network | LocalNetwork]:
        """Local networks, and swarm networks: all on a manager, only joined ones on a worker.

        A worker's daemon got the description of those from the manager when it joined them.
        """
        manager = self._world.swarm_of(self._name)
        swarm = list(manager.store.networks.values()) if manager is not None else []
        if self._name not in self._world.managers:
            swarm = [network for network in swarm if network.id in self._host.memberships]
        return [*self._worker.local.networks.values(), *swarm]

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
