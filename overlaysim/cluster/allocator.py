"""Hands out subnets, VNIs and addresses: one allocator, on the leader, in order of asking.

Order within a network as in moby/swarmkit's allocator: a service's VIP when the service is made,
then its tasks (here in slot order); a container's own address before the load-balancer address
that its node may need.
"""

from __future__ import annotations

from collections.abc import Mapping

from overlaysim.cluster.records import Network, Service, Task
from overlaysim.errors import OverlaysimError
from overlaysim.host.segment import NetworkInfo
from overlaysim.overlay.ipam import AddressPool, SubnetPool
from overlaysim.overlay.pool_errors import AddressInUse, PoolExhausted
from overlaysim.overlay.vni import VniPool


class Allocator:
    """Subnets first fit, VNIs serially, addresses next fit.

    Args:
        pools: where subnets are cut from, as in ``swarm init --default-addr-pool``.
        mask: prefix length of each subnet.
    """

    def __init__(self, pools: tuple[str, ...] = ("10.0.0.0/8",), mask: int = 24) -> None:
        self.pools, self.mask = pools, mask
        self._subnets = SubnetPool(pools, mask)
        self._vnis = VniPool()

    def allocate_network(self, network: Network) -> None:
        """Give a network its subnet and VNI, if they can be had.

        A subnet that overlaps another or a VNI in use leaves the network without addresses: Docker
        creates such a network too, and tries again when something is released.
        """
        spec = network.spec
        try:
            subnet = self._subnets.request(spec.subnet) if spec.subnet else self._subnets.allocate()
        except (AddressInUse, PoolExhausted):
            return
        try:
            pool = AddressPool(subnet, spec.gateway, spec.ip_range)
            vni = self._vnis.allocate() if spec.vni is None else self._vnis.request(spec.vni)
        except OverlaysimError:  # no room for a gateway, or the VNI is in use
            self._subnets.release(subnet)
            return
        network.pool = pool
        network.info = NetworkInfo(
            id=network.id, name=spec.name, label=spec.name, subnet=pool.subnet,
            gateway=pool.gateway, vni=vni, internal=spec.internal,
            mtu=spec.tunnel.mtu(spec.underlay_mtu), tunnel=spec.tunnel,
        )  # fmt: skip

    def release_network(self, network: Network) -> None:
        """Take subnet and VNI back."""
        if network.info is not None and network.info.vni is not None:
            self._subnets.release(network.info.subnet)
            self._vnis.release(network.info.vni)
            network.info = network.pool = None

    def allocate_service(self, service: Service, networks: Mapping[str, Network]) -> None:
        """Give a service one VIP per network unless its tasks answer by DNS round robin.

        VIPs that its specification no longer asks for are taken back. One that cannot be had now
        is left out, see :attr:`Service.has_vips`.
        """
        spec = service.spec
        wanted = [a.network for a in spec.networks] if spec.endpoint_mode == "vip" else []
        for network in [network for network in service.vips if network not in wanted]:
            release(networks, network, service.vips.pop(network))
        for network in wanted:
            pool = networks[network].pool
            if pool is not None and network not in service.vips:
                try:
                    service.vips[network] = pool.allocate()
                except PoolExhausted:
                    continue

    def allocate_task(self, task: Task, networks: Mapping[str, Network]) -> bool:
        """Give a task its address in each of its networks; all or, returning False, none."""
        try:
            for attached in task.spec.networks:
                pool = networks[attached.network].pool
                if pool is None:
                    raise PoolExhausted(f"network {attached.network} has no subnet")
                task.addresses[attached.network] = pool.allocate()
        except PoolExhausted:
            self.release_task(task, networks)
            return False
        return True

    def release_task(self, task: Task, networks: Mapping[str, Network]) -> None:
        """Take a task's addresses back."""
        for network_id, address in task.addresses.items():
            release(networks, network_id, address)
        task.addresses = {}

    def release_service(self, service: Service, networks: Mapping[str, Network]) -> None:
        """Take a service's VIPs back."""
        for network_id, address in service.vips.items():
            release(networks, network_id, address)
        service.vips = {}

    def load_balancer(self, network: Network, node: str) -> str:
        """Return the node's load-balancer address in the network, allocated when first asked.

        Raises:
            PoolExhausted: there is none left, or the network has no subnet.
        """
        if node not in network.load_balancers:
            if network.pool is None:
                raise PoolExhausted(f"network {network.spec.name} has no subnet")
            network.load_balancers[node] = network.pool.allocate()
        return network.load_balancers[node]

    def release_load_balancer(self, network: Network, node: str) -> None:
        """Take the node's load-balancer address back: nothing of the network is left there."""
        address = network.load_balancers.pop(node, None)
        if address is not None and network.pool is not None:
            network.pool.release(address)


def release(networks: Mapping[str, Network], network_id: str, address: str) -> None:
    """Take one address back, if its network still exists."""
    network = networks.get(network_id)
    if network is not None and network.pool is not None:
        network.pool.release(address)
