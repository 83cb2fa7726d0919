"""The value of ``--network``: a name, or name=...,alias=...,ip=... (docker/cli opts/network.go)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LONG_FORM = re.compile(r"\w+=\w+(,\w+=\w+)*")


@dataclass
class NetworkOption:
    """One network that a container or service is to be attached to."""

    target: str
    aliases: list[str] = field(default_factory=list)
    driver_options: dict[str, str] = field(default_factory=dict)
    ipv4: str = ""
    ipv6: str = ""
    link_local: list[str] = field(default_factory=list)
    mac: str = ""
    gateway_priority: int = 0


def read_network(text: str) -> NetworkOption:
    """Read the short or the long form.

    Raises:
        ValueError: for an unknown key, a key without value, or a long form without a name.
    """
    if not _LONG_FORM.search(text):
        return NetworkOption(target=text)
    option = NetworkOption(target="")
    for item in text.lower().split(","):
        key, found, value = (part.strip() for part in item.partition("="))
        if not found or not key:
            raise ValueError(f"invalid field {item}")
        _set(option, key, value)
    if not option.target:
        raise ValueError("network name/id is not specified")
    return option


def _set(option: NetworkOption, key: str, value: str) -> None:
    if key == "name":
        option.target = value
    elif key == "alias":
        option.aliases.append(value)
    elif key == "driver-opt":
        name, found, setting = value.partition("=")
        if not found or not name:
            raise ValueError("invalid key value pair format in driver options")
        option.driver_options[name] = setting
    elif key == "ip":
        option.ipv4 = value
    elif key == "ip6":
        option.ipv6 = value
    elif key == "link-local-ip":
        option.link_local.append(value)
    elif key == "mac-address":
        option.mac = value
    elif key == "gw-priority":
        if not re.fullmatch(r"-?\d{1,9}", value, re.ASCII):
            raise ValueError(f"invalid gw-priority ({value}): value must be an integer")
        option.gateway_priority = int(value)
    else:
        raise ValueError(f"invalid field key {key}")
