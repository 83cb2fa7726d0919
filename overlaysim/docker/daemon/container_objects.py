"""Containers as the Engine API describes them (moby, ``api/docs/v1.50.yaml``)."""

from __future__ import annotations

from collections.abc import Iterable

from overlaysim.docker.api import START, ZERO_TIME, Json, epoch_text
from overlaysim.docker.client.ages import container_status
from overlaysim.docker.daemon.wishes import Wish
from overlaysim.host.container import Container
from overlaysim.units import SECOND


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
        "HostConfig": {"NetworkMode": wish.mode, "AutoRemove": wish.auto_remove},
        "Mounts": [],
        "Config": {
            "Hostname": container.hostname,
            "Image": container.image,
            "Cmd": list(container.command),
            "Env": list(container.environment),
            "Labels": dict(container.labels),
            "Tty": False,
        },
        "NetworkSettings": {"Networks": _networks(container, wish.endpoints)},
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


def _networks(container: Container, wished: Iterable[str] = ()) -> Json:
    """Its networks, and those that it will join when it starts."""
    empty = {
        name: {
            "IPAMConfig": None, "Links": None, "Aliases": None, "MacAddress": "", "NetworkID": "",
            "EndpointID": "", "Gateway": "", "IPAddress": "", "IPPrefixLen": 0, "IPv6Gateway": "",
            "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0, "DNSNames": None,
        }
        for name in wished
    }  # fmt: skip
    return empty | {
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
