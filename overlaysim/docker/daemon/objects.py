"""The Engine API's objects, made from the cluster's records (moby, ``api/docs/v1.50.yaml``)."""

from __future__ import annotations

from typing import Any

from overlaysim.cluster.local import LocalNetwork
from overlaysim.cluster.records import Network, Node, Service, Task
from overlaysim.docker.api import START, ZERO_TIME, Json, epoch_text
from overlaysim.docker.client.ages import container_status
from overlaysim.host.container import Attachment, Container
from overlaysim.host.host import Host, Membership
from overlaysim.units import SECOND

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


def swarm_network_json(network: Network, host: Host | None) -> Json:
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
    membership = host.memberships.get(network.id) if host is not None else None
    if host is not None and membership is not None:
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
        "Containers": _containers(host, membership) if membership else {},
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


# ---- containers ---------------------------------------------------------------------------


def container_item(container: Container, now: int) -> Json:
    """An item of the container list, with its ready-made status text."""
    return {
        "Id": container.id,
        "Names": [f"/{container.name}"],
        "Image": container.image,
        "Command": " ".join(container.command),
        "Created": START + container.created // SECOND,
        "State": container.state,
        "Status": container_status(_state(container), now),
        "Ports": [],
        "Labels": dict(container.labels),
        "NetworkSettings": {"Networks": _networks(container)},
    }


def container_json(container: Container, network_mode: str) -> Json:
    """A Container, as ``docker inspect`` shows it."""
    return {
        "Id": container.id,
        "Created": epoch_text(container.created),
        "Path": container.command[0],
        "Args": list(container.command[1:]),
        "State": _state(container),
        "Image": container.image,
        "Name": f"/{container.name}",
        "RestartCount": container.restarts,
        "HostConfig": {"NetworkMode": network_mode},
        "Mounts": [],
        "Config": {
            "Hostname": container.hostname,
            "Image": container.image,
            "Cmd": list(container.command),
            "Env": list(container.environment),
            "Labels": dict(container.labels),
            "Tty": False,
        },
        "NetworkSettings": {"Networks": _networks(container)},
    }


def _state(container: Container) -> Json:
    return {
        "Status": container.state,
        "Running": container.state == "running",
        "Paused": False,
        "Restarting": False,
        "OOMKilled": False,
        "Dead": False,
        "Pid": 0,  # simulated processes have none
        "ExitCode": container.exit_code,
        "Error": container.error,
        "StartedAt": _time(container.started),
        "FinishedAt": _time(container.finished),
    }


def _time(instant: int | None) -> str:
    return ZERO_TIME if instant is None else epoch_text(instant)


def _networks(container: Container) -> Json:
    return {
        attachment.info.name: {
            "IPAMConfig": None,
            "Links": None,
            "Aliases": list(attachment.aliases) or None,
            "MacAddress": attachment.interface.mac,
            "NetworkID": attachment.info.id,
            "EndpointID": attachment.endpoint,
            "Gateway": attachment.info.gateway if attachment.info.vni is None else "",
            "IPAddress": attachment.interface.address,
            "IPPrefixLen": attachment.info.prefix_length,
            "IPv6Gateway": "",
            "GlobalIPv6Address": "",
            "GlobalIPv6PrefixLen": 0,
            "DNSNames": list(container.names(attachment)),
        }
        for attachment in container.attachments
        if attachment.info.name != "docker_gwbridge"
    }


# ---- services -----------------------------------------------------------------------------


def service_json(
    service: Service, tasks: list[Task], networks: dict[str, Network], nodes: int
) -> Json:
    """A Service with its status."""
    spec = service.spec
    vips = []
    for network_id, address in service.vips.items():
        info = networks[network_id].info
        if info is not None:
            vips.append({"NetworkID": network_id, "Addr": f"{address}/{info.prefix_length}"})
    running = sum(1 for task in tasks if task.state == "running" and task.wanted)
    desired = spec.replicas if spec.replicas is not None else nodes
    document: Json = {
        "ID": service.id,
        "Version": {"Index": service.version},
        "CreatedAt": epoch_text(service.created),
        "UpdatedAt": epoch_text(service.updated),
        "Spec": spec.document,
        "Endpoint": {
            "Spec": {"Mode": spec.endpoint_mode},
            "VirtualIPs": vips,
        },
        "ServiceStatus": {
            "RunningTasks": running,
            "DesiredTasks": desired,
            "CompletedTasks": 0,
        },
    }
    if service.previous is not None:
        document["PreviousSpec"] = service.previous.document
    return document


def task_json(task: Task, networks: dict[str, Network]) -> Json:
    """A Task."""
    attachments: list[Json] = []
    for network_id, address in task.addresses.items():
        network = networks.get(network_id)
        if network is not None and network.info is not None:
            attachments.append(
                {
                    "Network": {"ID": network_id, "Spec": {"Name": network.spec.name}},
                    "Addresses": [f"{address}/{network.info.prefix_length}"],
                }
            )
    status: Json = {
        "Timestamp": epoch_text(task.changed),
        "State": task.state,
        "Message": task.message,
        "ContainerStatus": {
            "ContainerID": task.container,
            "PID": 0,
            "ExitCode": task.exit_code,
        },
        "PortStatus": {},
    }
    if task.error:
        status["Err"] = task.error
    document = task.spec.document
    template: Any = document.get("TaskTemplate", {}) if isinstance(document, dict) else {}
    return {
        "ID": task.id,
        "Version": {"Index": 1},
        "CreatedAt": epoch_text(task.created),
        "UpdatedAt": epoch_text(task.changed),
        "Labels": {},
        "Spec": template,
        "ServiceID": task.service,
        "Slot": task.slot,
        "NodeID": task.node,
        "Status": status,
        "DesiredState": task.desired,
        "NetworksAttachments": attachments,
    }
