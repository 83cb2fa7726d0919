"""Containers as the Engine API describes them (moby, ``api/docs/v1.50.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping

from overlaysim.cluster.local import BRIDGE, GATEWAY_BRIDGE
from overlaysim.docker.api import START, ZERO_TIME, Json, epoch_text
from overlaysim.docker.client.ages import container_status
from overlaysim.docker.daemon.wishes import EndpointWish, Wish
from overlaysim.host.container import Attachment, Container
from overlaysim.units import SECOND

_NOT_JOINED: Json = {
    "IPAMConfig": None, "Links": None, "Aliases": None, "MacAddress": "", "NetworkID": "",
    "EndpointID": "", "Gateway": "", "IPAddress": "", "IPPrefixLen": 0, "IPv6Gateway": "",
    "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0, "DNSNames": None,
}  # fmt: skip
"""A network that the container is not in yet."""

_BESIDE = (
    "EndpointID", "Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen", "IPAddress",
    "IPPrefixLen", "IPv6Gateway", "MacAddress",
)  # fmt: skip


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
        "NetworkSettings": {"Networks": _networks(container, {})},
    }


def container_json(container: Container, wish: Wish) -> Json:
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
        "HostConfig": {
            "NetworkMode": wish.mode,
            "AutoRemove": wish.auto_remove,
            **({"Sysctls": dict(wish.sysctls)} if wish.sysctls else {}),
        },
        "Mounts": [],
        "Config": {
            "Hostname": container.hostname,
            "Image": container.image,
            "Cmd": list(container.command),
            "Env": list(container.environment),
            "Labels": dict(container.labels),
            "Tty": False,
        },
        "NetworkSettings": _network_settings(container, wish),
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


def _network_settings(container: Container, wish: Wish) -> Json:
    """Its networks; what stands beside them speaks of the default bridge alone."""
    networks = _networks(container, wish.endpoints)
    default = networks.get(BRIDGE, _NOT_JOINED)
    beside = {key: default[key] for key in _BESIDE}
    return {"Bridge": "", "Ports": {}, "HairpinMode": False, **beside, "Networks": networks}


def _networks(container: Container, wished: Mapping[str, EndpointWish]) -> Json:
    """Its networks, and those that it will join when it starts."""
    joined = {a.info.name: a for a in container.attachments if a.info.name != GATEWAY_BRIDGE}
    return {
        name: {
            **_NOT_JOINED,
            **_wishes(wished.get(name, EndpointWish())),
            **(_joined(container, joined[name]) if name in joined else {}),
        }
        for name in dict.fromkeys((*wished, *joined))
    }


def _wishes(wish: EndpointWish) -> Json:
    return {
        "IPAMConfig": {"IPv4Address": wish.address} if wish.address else None,
        "Aliases": list(wish.aliases) or None,
    }


def _joined(container: Container, attachment: Attachment) -> Json:
    info = attachment.info
    swarm_scoped = info.vni is not None
    # What a manager allocated is copied to IPAMConfig (moby daemon/container_operations.go).
    allocated = {"IPAMConfig": {"IPv4Address": attachment.interface.address}}
    return {
        **(allocated if swarm_scoped else {}),
        "Aliases": list(attachment.aliases) or None,
        "MacAddress": attachment.interface.mac,
        "NetworkID": info.id,
        "EndpointID": attachment.endpoint,
        "Gateway": "" if swarm_scoped else info.gateway,
        "IPAddress": attachment.interface.address,
        "IPPrefixLen": info.prefix_length,
        "DNSNames": list(container.names(attachment)),
    }
