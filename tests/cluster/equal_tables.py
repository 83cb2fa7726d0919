"""What must hold in a swarm that has come to rest, read off the hosts themselves."""

from __future__ import annotations

from collections.abc import Mapping

from overlaysim.cluster.manager import Manager
from overlaysim.cluster.world import World
from overlaysim.host.host import Host


def difference(world: World) -> str:
    """Say in what a host's tables differ from the truth; empty if in nothing.

    The truth is what is plugged in where, read off the hosts themselves.
    """
    hosts = [
        worker.host
        for worker in world.workers.values()
        if worker.node and worker.host.daemon.running and worker.host.agent is not None
    ]
    members = {host.agent.node.name: host.address for host in hosts if host.agent}
    for host in hosts:
        assert host.agent is not None
        if host.agent.node.members() != members:
            return f"{host.name} has members {host.agent.node.members()}, not {members}"
        for network in host.memberships:
            complaint = _network_difference(host, network, hosts)
            if complaint:
                return complaint
    return ""


def _network_difference(host: Host, network: str, hosts: list[Host]) -> str:
    membership = host.memberships[network]
    if membership.tables is None:
        return ""
    assert host.agent is not None
    where = f"{host.name}, network {membership.info.name}"
    holders = [other for other in hosts if network in other.memberships]
    names = sorted(other.agent.node.name for other in holders if other.agent)
    if (known := host.agent.node.network_members(network)) != names:
        return f"{where}: members {known}, not {names}"
    records = {key: value for other in holders for key, value in _names(other, network).items()}
    if membership.tables.records != records:
        return f"{where}: names {_keys(membership.tables.records, records)}"
    peers = {key: ip for other in holders if other is not host
             for key, ip in _endpoints(other, network).items()}  # fmt: skip
    believed = {key: (peer.endpoint_ip, peer.vtep)
                for key, peer in membership.tables.peers.items()}  # fmt: skip
    return "" if believed == peers else f"{where}: peers {_keys(believed, peers)}"


def _names(host: Host, network: str) -> dict[str, object]:
    """Endpoint -> its names, of the containers on a host."""
    return {
        attachment.endpoint: attachment.record
        for container in host.containers.values()
        for attachment in container.attachments
        if attachment.info.id == network and attachment.record is not None
    }


def _endpoints(host: Host, network: str) -> dict[str, tuple[str, str]]:
    """Endpoint -> its address and its host's, of the containers and the load balancer there."""
    membership = host.memberships[network]
    found = {
        attachment.endpoint: (attachment.interface.address, host.address)
        for container in host.containers.values()
        for attachment in container.attachments
        if attachment.info.id == network
    }
    if membership.balancer is not None:
        found[membership.balancer_endpoint] = (membership.balancer.address, host.address)
    return found


def _keys(believed: Mapping[str, object], truth: Mapping[str, object]) -> str:
    lacking = [value for key, value in truth.items() if key not in believed]
    surplus = [value for key, value in believed.items() if key not in truth]
    return f"lacking {lacking}, surplus {surplus}"


def disorder(world: World) -> str:
    """Say what the managers' orders and books have to do with what runs; empty if all is right.

    Every service has its replicas, and every address in use is booked, once.
    """
    for manager in dict.fromkeys(world.managers.values()):
        for service in manager.store.services.values():
            wanted, name = service.spec.replicas, service.spec.name
            running = [
                container.label
                for host in world.hosts.values()
                for container in host.containers.values()
                if container.state == "running"
                and container.labels.get("com.docker.swarm.service.name") == name
            ]
            if len(running) != wanted:
                return f"{name} has {len(running)} replicas, not {wanted}: {running}"
        complaint = _misbooked(world, manager)
        if complaint:
            return complaint
    return ""


def _misbooked(world: World, manager: Manager) -> str:
    """Nodes that left keep what they had until they are removed: they do not count."""
    members = {worker.node for worker in world.workers.values() if worker.node}
    for network in manager.store.networks.values():
        booked = [
            attachment.address
            for attachment in manager.store.attachments
            if attachment.network == network.id and attachment.node in members
        ]
        booked += [
            task.addresses[network.id]
            for task in manager.store.tasks.values()
            if network.id in task.addresses and task.node in members
        ]
        plugged = [
            attachment.interface.address
            for host in world.hosts.values()
            for container in host.containers.values()
            for attachment in container.attachments
            if attachment.info.id == network.id
        ]
        if sorted(booked) != sorted(plugged):
            return f"network {network.spec.name}: booked {sorted(booked)}, used {sorted(plugged)}"
    return ""
