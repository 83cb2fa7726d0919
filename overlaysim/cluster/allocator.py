"""Hands out subnets, VNIs and addresses: one allocator, on the leader, in order of asking.

Order within a network as in moby/swarmkit's allocator: a service's VIP when the service is made,
then its tasks (here in slot order); a container's own address before the load-balancer address
that its node may need.
"""

from __future__ import annotations

from overlaysim.cluster.records import Network, NetworkSpec, Service, Task
from overlaysim.host.segment import NetworkInfo
from overlaysim.overlay.ipam import AddressPool, SubnetPool
from overlaysim.overlay.pool_errors import AddressInUse
from overlaysim.overlay.mtu import overlay_mtu
from overlaysim.overlay.vni import VniPool


class Allocator:
    """Subnets first fit, VNIs serially, addresses next fit.

    Args:
        pools: where subnets are cut from, as in ``swarm init --default-addr-pool``.
        mask: prefix length of each subnet.
    """

    def __init__(self, pools: tuple[str, ...] = ("10.0.0.0/8",), mask: int = 24) -> None:
        self._subnets = SubnetPool(pools, mask)
        self._vnis = VniPool()

    def allocate_network(self, network: Network) -> None:
        """Give a network its subnet and VNI.

        A subnet that overlaps another leaves the network as it is, without addresses: Docker
        creates such a network and never allocates it.
        """
        spec = network.spec
        try:
            if spec.subnet:
                self._subnets.request(spec.subnet)
        except AddressInUse:
            return
        subnet = spec.subnet or self._subnets.allocate()
        if spec.vni is not None:
            self._vnis.request(spec.vni)
        vni = self._vnis.allocate() if spec.vni is None else spec.vni
        network.pool = AddressPool(subnet, spec.gateway, spec.ip_range)
        network.info = NetworkInfo(
            id=network.id, name=spec.name, label=spec.name, subnet=network.pool.subnet,
            gateway=network.pool.gateway, vni=vni, internal=spec.internal,
            mtu=overlay_mtu(spec.underlay_mtu, spec.encrypted),
        )  # fmt: skip

    def release_network(self, network: Network) -> None:
        """Take subnet and VNI back."""
        if network.info is not None and network.info.vni is not None:
            self._subnets.release(network.info.subnet)
            self._vnis.release(network.info.vni)
            network.info = network.pool = None

    def allocate_service(self, service: Service, networks: dict[str, Network]) -> None:
        """Give a service one VIP per network unless its tasks answer by DNS round robin."""
        if service.spec.endpoint_mode != "vip":
            return
        for attached in service.spec.networks:
            pool = networks[attached.network].pool
            if pool is not None and attached.network not in service.vips:
                service.vips[attached.network] = pool.allocate()

    def allocate_task(self, task: Task, networks: dict[str, Network]) -> None:
        """Give a task its address in each of its networks.

        Raises:
            PoolExhausted: if a subnet has none left; what was taken so far is given back.
        """
        try:
            for attached in task.spec.networks:
                pool = networks[attached.network].pool
                if pool is not None and attached.network not in task.addresses:
                    task.addresses[attached.network] = pool.allocate()
        except Exception:
            self.release_task(task, networks)
            raise

    def release_task(self, task: Task, networks: dict[str, Network]) -> None:
        """Take a task's addresses back."""
        for network_id, address in task.addresses.items():
            release(networks, network_id, address)
        task.addresses = {}

    def release_service(self, service: Service, networks: dict[str, Network]) -> None:
        """Take a service's VIPs back."""
        for network_id, address in service.vips.items():
            release(networks, network_id, address)
        service.vips = {}

    def load_balancer(self, network: Network, node: str) -> str:
        """Return the node's load-balancer address in the network, allocated when first asked."""
        if node not in network.load_balancers:
            assert network.pool is not None
            network.load_balancers[node] = network.pool.allocate()
        return network.load_balancers[node]

    def release_load_balancer(self, network: Network, node: str) -> None:
        """Take the node's load-balancer address back: nothing of the network is left there."""
        address = network.load_balancers.pop(node, None)
        if address is not None and network.pool is not None:
            network.pool.release(address)


def release(networks: dict[str, Network], network_id: str, address: str) -> None:
    """Take one address back, if its network still exists."""
    network = networks.get(network_id)
    if network is not None and network.pool is not None:
        network.pool.release(address)
