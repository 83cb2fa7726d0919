"""Nodes and networks as the Engine API describes them (moby, ``api/docs/v1.50.yaml``)."""

from __future__ import annotations

import hashlib

from overlaysim.cluster.local import LocalNetwork
from overlaysim.cluster.records import Network, Node
from overlaysim.docker.api import Json, epoch_text
from overlaysim.host.container import Attachment
from overlaysim.host.host import Host
from overlaysim.host.membership import Membership

ENGINE_VERSION = "28.2.2"
API_VERSION = "1.50"


def node_json(node: Node, manager_address: str) -> Json:
    """A Node."""
    document: Json = {
        "ID": node.id,
        "Version": {"Index": node.version},
        "CreatedAt": epoch_text(node.created),
        "UpdatedAt": epoch_text(node.updated),
        "Spec": {
            "Labels": dict(node.labels),
            "Role": node.role,
            "Availability": node.availability,
        },
        "Description": {
            "Hostname": node.hostname,
            "Platform": {"Architecture": "x86_64", "OS": "linux"},
            "Resources": {"NanoCPUs": 2_000_000_000, "MemoryBytes": 4_294_967_296},
            "Engine": {"EngineVersion": ENGINE_VERSION},
        },
        "Status": {"State": node.state, "Addr": node.address},
    }
    if node.role == "manager":
        status: Json = {"Reachability": "reachable", "Addr": manager_address}
        if node.leader:
            status["Leader"] = True
        document["ManagerStatus"] = status
    return document


def swarm_network_json(network: Network, host: Host) -> Json:
    """A swarm network: the cluster's record, and this host's part in it if it has one."""
    spec, info = network.spec, network.info
    config = [{"Subnet": info.subnet, "Gateway": info.gateway}] if info else []
    if config and spec.ip_range:
        config[0]["IPRange"] = spec.ip_range
    options = dict(spec.options)
    if info is not None:
        options["com.docker.network.driver.overlay.vxlanid_list"] = str(info.vni)
    document: Json = {
        "Name": spec.name,
        "Id": network.id,
        "Created": epoch_text(network.created),
        "Scope": "swarm",
        "Driver": "overlay",
        "EnableIPv4": True,
        "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": None, "Config": config},
        "Internal": spec.internal,
        "Attachable": spec.attachable,
        "Ingress": spec.ingress,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": None,
        "Options": options,
        "Labels": dict(spec.labels),
    }
    membership = host.memberships.get(network.id)
    if membership is not None:
        document["Containers"] = _containers(host, membership)
        document["Peers"] = _peers(host, network.id)
    return document


def local_network_json(network: LocalNetwork, host: Host) -> Json:
    """A network of this host alone."""
    info = network.info
    membership = host.memberships.get(network.id)
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": epoch_text(network.created),
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv4": True,
        "EnableIPv6": False,
        "IPAM": {
            "Driver": "default",
            "Options": None,
            "Config": [{"Subnet": info.subnet, "Gateway": info.gateway}] if info else None,
        },
        "Internal": network.internal,
        "Attachable": False,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": _local_containers(network, host, membership) if membership else {},
        "Options": dict(network.options),
        "Labels": dict(network.labels),
    }


def _containers(host: Host, membership: Membership) -> Json:
    network = membership.info
    rows: Json = {}
    for container in host.containers.values():
        attachment = container.attachment(network.id)
        if attachment is not None:
            rows[container.id] = _endpoint(container.name, attachment)
    balancer = membership.balancer
    if balancer is not None:
        ingress = network.name == "ingress"
        rows["ingress-sbox" if ingress else f"lb-{network.name}"] = {
            "Name": f"{network.name}-endpoint",
            "EndpointID": membership.balancer_endpoint,
            "MacAddress": balancer.interface.mac,
            "IPv4Address": f"{balancer.address}/{network.prefix_length}",
            "IPv6Address": "",
        }
    return rows


def _local_containers(network: LocalNetwork, host: Host, membership: Membership) -> Json:
    """Endpoints of a bridge; those in docker_gwbridge are the sandboxes' gateway legs.

    moby names them after the sandbox (``daemon/libnetwork/default_gateway.go``); sandboxes have no
    ids here, so the legs' own ids stand in.
    """
    rows = _containers(host, membership)
    if not network.mesh_address or network.info is None:
        return rows
    for row in rows.values():
        row["Name"] = f"gateway_{row['EndpointID'][:12]}"
    endpoint = hashlib.sha256(f"ingress-sbox {network.id}".encode()).hexdigest()
    octets = (endpoint[start : start + 2] for start in range(0, 10, 2))
    rows["ingress-sbox"] = {
        "Name": "gateway_ingress-sbox",
        "EndpointID": endpoint,
        "MacAddress": ":".join(("02", *octets)),
        "IPv4Address": f"{network.mesh_address}/{network.info.prefix_length}",
        "IPv6Address": "",
    }
    return rows


def _endpoint(name: str, attachment: Attachment) -> Json:
    return {
        "Name": name,
        "EndpointID": attachment.endpoint,
        "MacAddress": attachment.interface.mac,
        "IPv4Address": f"{attachment.interface.address}/{attachment.info.prefix_length}",
        "IPv6Address": "",
    }


def _peers(host: Host, network: str) -> list[Json]:
    assert host.agent is not None
    addresses = dict(host.agent.node.members())
    return [
        {"Name": name, "IP": addresses[name]}
        for name in host.agent.node.network_members(network)
        if name in addresses
    ]


def verbose_services(host: Host, network: str) -> Json:
    """The Services part of ``network inspect --verbose``: what gossip told this host."""
    membership = host.memberships[network]
    assert membership.tables is not None
    services: Json = {}
    for key, record in membership.tables.records.items():
        entry = services.setdefault(
            record.service_name,
            {"VIP": record.virtual_ip or "<nil>", "Ports": [], "LocalLBIndex": 0, "Tasks": []},
        )
        peer = membership.tables.peers.get(key)
        entry["Tasks"].append(
            {
                "Name": record.name,
                "EndpointID": key,
                "EndpointIP": record.endpoint_ip,
                "Info": {"Host IP": peer.vtep if peer else host.address},
            }
        )
    return services
