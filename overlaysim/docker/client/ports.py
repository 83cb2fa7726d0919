"""Port specifications: 8080:80, 127.0.0.1:53:53/udp, 8080-8082:80-82, published=8080,target=80.

The rules and texts are those of docker/go-connections (``nat/nat.go``) for the short form and of
docker/cli (``opts/port.go``) for the long form.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from overlaysim.docker.api import Json

_LONG_FORM = re.compile(r"\w+=\w+(,\w+=\w+)*")
_PROTOCOLS = ("tcp", "udp", "sctp")


@dataclass(frozen=True)
class PortMapping:
    """One container port and where it is published.

    ``host_port`` is empty (let the daemon choose), a number, or a range to choose from.
    """

    host_ip: str
    host_port: str
    container_port: int
    protocol: str


def _port_range(text: str, what: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    numbers = [low, high or low]
    if not all(re.fullmatch(r"\d{1,5}", n, re.ASCII) and int(n) <= 65535 for n in numbers):
        raise ValueError(f"invalid {what}: {text}")
    start, end = map(int, numbers)
    if end < start:
        raise ValueError(f"invalid {what}: {text}")
    return start, end


def read_port_mappings(text: str) -> list[PortMapping]:
    """Read the short form ``[[ip:]host port:]container port[/protocol]``; ranges become many.

    Raises:
        ValueError: with docker's text for whatever part is wrong.
    """
    address, _, rest = text.rpartition(":")
    host_ip, host_port = address.rpartition(":")[::2] if ":" in address else ("", address)
    container, _, protocol = rest.partition("/")
    protocol = protocol.lower() or "tcp"
    if not container:
        raise ValueError(f"no port specified: {text}<empty>")
    start, end = _port_range(container, "containerPort")
    if host_ip:
        try:
            ipaddress.ip_address(host_ip.strip("[]"))
        except ValueError:
            raise ValueError(f"invalid IP address: {host_ip}") from None
    if protocol not in _PROTOCOLS:
        raise ValueError(f"invalid proto: {protocol}")
    if not host_port:
        return [PortMapping(host_ip, "", port, protocol) for port in range(start, end + 1)]
    host_start, host_end = _port_range(host_port, "hostPort")
    if start == end:
        shown = host_port if host_end > host_start else str(host_start)
        return [PortMapping(host_ip, shown, start, protocol)]
    if end - start != host_end - host_start:
        raise ValueError(
            f"invalid ranges specified for container and host Ports: {container} and {host_port}"
        )
    return [
        PortMapping(host_ip, str(host_start + port - start), port, protocol)
        for port in range(start, end + 1)
    ]


def read_service_port(text: str) -> list[Json]:
    """Read the ``--publish`` of a service, in either form, as the API's PortConfig objects.

    Raises:
        ValueError: with docker's text for whatever part is wrong.
    """
    if _LONG_FORM.search(text):
        return [_long_form(text)]
    configs = []
    for mapping in read_port_mappings(text):
        if mapping.host_ip:
            raise ValueError("hostip is not supported")
        low, high = _port_range(mapping.host_port, "hostPort") if mapping.host_port else (0, 0)
        configs += [
            _config(mapping.protocol, mapping.container_port, published, "ingress")
            for published in range(low, high + 1)
        ]
    return configs


def _config(protocol: str, target: int, published: int, mode: str) -> Json:
    place = {"PublishedPort": published} if published else {}
    return {"Protocol": protocol, "TargetPort": target, **place, "PublishMode": mode}


def _long_form(text: str) -> Json:
    values = {"protocol": "tcp", "mode": "ingress", "target": "0", "published": "0"}
    for item in text.lower().split(","):
        key, found, value = item.partition("=")
        if not found or not key:
            raise ValueError(f"invalid field: {item}")
        if key not in values:
            raise ValueError(f"invalid field key: {key}")
        _check_field(key, value)
        values[key] = value
    if int(values["target"]) == 0:
        raise ValueError("missing mandatory field 'target'")
    return _config(
        values["protocol"], int(values["target"]), int(values["published"]), values["mode"]
    )


def _check_field(key: str, value: str) -> None:
    if key == "protocol" and value not in _PROTOCOLS:
        raise ValueError(f"invalid protocol value '{value}'")
    if key == "mode" and value not in ("ingress", "host"):
        raise ValueError(
            f"invalid publish mode value ({value}): must be either 'ingress' or 'host'"
        )
    if key in ("target", "published"):
        number = re.fullmatch(r"\d{1,20}", value, re.ASCII)
        if not number or int(value) > 65535:
            reason = "value out of range" if number else "invalid syntax"
            raise ValueError(f"invalid {key} port ({value}): value must be an integer: {reason}")
