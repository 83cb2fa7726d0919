"""The body of POST /containers/create from the flags of ``run`` and ``create``.

Follows docker/cli, ``cli/command/container/opts.go``; only what the simulation models is sent.
"""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from typing import Any

from overlaysim.docker.api import Json
from overlaysim.docker.client.flags import FlagValues
from overlaysim.docker.client.networks import NetworkOption
from overlaysim.docker.client.ports import PortMapping, read_port_mappings

_PREDEFINED = ("bridge", "default", "host", "none")
_MAC = re.compile(r"([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}")
_NONE_POLICY = "no"


def container_body(flags: FlagValues, image: str, command: list[str], attached: bool) -> Json:
    """Build the request body; whether ``image`` can be one is not looked at.

    Args:
        flags: of ``run`` or ``create``.
        image, command: the positional arguments.
        attached: whether the caller will read what the program writes.

    Raises:
        ValueError: for values that contradict each other or mean nothing, with docker's text.
    """
    networks = _networks(flags)
    endpoints = _endpoints(networks)
    ports = [mapping for text in flags.items("publish") for mapping in read_port_mappings(text)]
    entrypoint = flags.text("entrypoint")
    policy = _restart_policy(flags)
    if flags.on("rm") and policy["Name"] != _NONE_POLICY:
        raise ValueError("conflicting options: cannot specify both --restart and --rm")
    body: Json = {
        "Image": image,
        "Cmd": command or None,
        "Entrypoint": [entrypoint] if flags.changed("entrypoint") else None,
        "Hostname": flags.text("hostname"),
        "Env": flags.items("env") or None,
        "Labels": flags.pairs("label"),
        "Tty": flags.on("tty"),
        "OpenStdin": flags.on("interactive"),
        "AttachStdin": attached and flags.on("interactive"),
        "AttachStdout": attached,
        "AttachStderr": attached,
        "HostConfig": {
            "NetworkMode": networks[0].target,
            "AutoRemove": flags.on("rm"),
            "RestartPolicy": policy,
            "PortBindings": _bindings(ports),
            "Dns": flags.items("dns"),
            "DnsSearch": flags.items("dns-search"),
            "DnsOptions": flags.items("dns-option"),
            "ExtraHosts": flags.items("add-host") or None,
            "Sysctls": flags.pairs("sysctl") or None,
        },
        "NetworkingConfig": {"EndpointsConfig": endpoints},
    }
    if ports:
        body["ExposedPorts"] = {f"{port.container_port}/{port.protocol}": {} for port in ports}
    health = health_check(flags)
    if health:
        body["Healthcheck"] = health
    return body


def health_check(flags: FlagValues) -> Json:
    """Build the Healthcheck object, empty if no flag asks for one; durations are in ns.

    Raises:
        ValueError: if a check is both asked for and forbidden.
    """
    fields = {
        "health-interval": "Interval",
        "health-timeout": "Timeout",
        "health-retries": "Retries",
        "health-start-period": "StartPeriod",
        "health-start-interval": "StartInterval",
    }
    given = {key: flags.value(flag) for flag, key in fields.items() if flags.changed(flag)}
    if flags.on("no-healthcheck"):
        if given or flags.changed("health-cmd"):
            raise ValueError("--no-healthcheck conflicts with --health-* options")
        return {"Test": ["NONE"]}
    for flag in fields:
        if flags.number(flag) < 0:
            raise ValueError(f"--{flag} cannot be negative")
    if flags.text("health-cmd"):
        given = {"Test": ["CMD-SHELL", flags.text("health-cmd")], **given}
    return given


def _restart_policy(flags: FlagValues) -> Json:
    name, _, count = flags.text("restart").partition(":")
    if count and not re.fullmatch(r"\d{1,9}", count, re.ASCII):
        raise ValueError("invalid restart policy format: maximum retry count must be an integer")
    return {"Name": name or _NONE_POLICY, "MaximumRetryCount": int(count or 0)}


def _bindings(ports: list[PortMapping]) -> Json:
    bindings: dict[str, list[Json]] = {}
    for port in ports:
        place = {"HostIp": port.host_ip, "HostPort": port.host_port}
        bindings.setdefault(f"{port.container_port}/{port.protocol}", []).append(place)
    return bindings


def _networks(flags: FlagValues) -> list[NetworkOption]:
    """The networks asked for; --ip, --network-alias and --mac-address belong to the first."""
    options = flags.items("network") or [NetworkOption("default")]
    first = replace(options[0])
    for flag, attribute, both in (
        ("network-alias", "aliases", "--network-alias and per-network alias"),
        ("ip", "ipv4", "--ip and per-network IPv4 address"),
        ("ip6", "ipv6", "--ip6 and per-network IPv6 address"),
        ("mac-address", "mac", "--mac-address and per-network MAC address"),
    ):
        if flags.changed(flag):
            if getattr(first, attribute):
                raise ValueError(f"conflicting options: cannot specify both {both}")
            setattr(first, attribute, flags.value(flag))
    return [first, *options[1:]]


def _endpoints(networks: list[NetworkOption]) -> Json:
    """Build EndpointsConfig; a single network without settings is named by NetworkMode alone."""
    endpoints: Json = {}
    for option in networks:
        if not option.target.strip():
            raise ValueError("no name set for network")
        if option.aliases and option.target in _PREDEFINED:
            raise ValueError("network-scoped aliases are only supported for user-defined networks")
        if option.target in endpoints:
            raise ValueError(f'network "{option.target}" is specified multiple times')
        endpoints[option.target] = _endpoint(option)
    kinds = {option.target in _PREDEFINED for option in networks}
    if len(kinds) > 1:
        raise ValueError(
            "conflicting options: cannot attach both user-defined and non-user-defined"
            " network-modes"
        )
    plain = len(networks) == 1 and not any(_settings(networks[0]).values())
    return {} if plain else endpoints


def _settings(option: NetworkOption) -> dict[str, Any]:
    return {key: value for key, value in asdict(option).items() if key != "target"}


def _endpoint(option: NetworkOption) -> Json:
    if option.mac and not _MAC.fullmatch(option.mac):
        raise ValueError(f"{option.mac} is not a valid mac address")
    addresses = {
        "IPv4Address": option.ipv4,
        "IPv6Address": option.ipv6,
        "LinkLocalIPs": option.link_local,
    }
    given = {key: value for key, value in addresses.items() if value}
    return {
        "IPAMConfig": given or None,
        "Aliases": option.aliases or None,
        "MacAddress": option.mac,
        "DriverOpts": option.driver_options or None,
        "GwPriority": option.gateway_priority,
    }
