"""How one network crosses the underlay: which encapsulation, over which IP, with which settings.

Users choose with driver options of ``docker network create``, named like those of ``ip link add``::

    docker network create --driver overlay --opt overlaysim.encapsulation=geneve-opt8 app
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from overlaysim.errors import InputError, nearest, quote
from overlaysim.overlay.encapsulation.ciphers import DOCKER
from overlaysim.overlay.encapsulation.declaration import Encapsulation
from overlaysim.overlay.encapsulation.lengths import Carries
from overlaysim.overlay.encapsulation.registry import encapsulation
from overlaysim.overlay.encapsulation.tunnel import DEFAULT, DF_RULES, INHERIT, DeviceSettings
from overlaysim.overlay.encapsulation.vxlan import VXLAN_LINUX
from overlaysim.overlay.mtu import overlay_mtu
from overlaysim.wire import VXLAN_PORT

PREFIX = "overlaysim."
ENCRYPTED = "encrypted"
"""Docker's own option; its presence counts, not its value (moby ``ov_network.go``)."""

ATTACH = ("bridge", "device")
"""Whether containers and tunnel device are plugged into a bridge, as Docker has it, or a container
sits on the tunnel device itself."""

UNDERLAYS = {"ipv4": 4, "ipv6": 6}


@dataclass(frozen=True, slots=True)
class TunnelChoice:
    """How a network's packets cross the underlay.

    Attributes:
        family: outer IP version.
        attach: one of :data:`ATTACH`.
    """

    encapsulation: Encapsulation = VXLAN_LINUX
    family: int = 4
    settings: DeviceSettings = DEFAULT
    attach: str = "bridge"

    def mtu(self, underlay_mtu: int) -> int:
        """The MTU of a container's interface, in bytes.

        Docker's own two follow Docker, which takes 50 (and 26) bytes off over IPv6 as well; the
        others have what really fits.
        """
        if self.encapsulation in (VXLAN_LINUX, DOCKER):
            return overlay_mtu(underlay_mtu, encrypted=self.encapsulation is DOCKER)
        return self.encapsulation.inner_mtu(underlay_mtu, self.family)

    @property
    def port(self) -> tuple[str, int]:
        """What a packet filter sees of it: UDP or TCP and a port, or ``ip`` and a protocol."""
        protocol, number = self.encapsulation.port
        if protocol == "udp" and self.settings.port is not None:
            return protocol, self.settings.port
        return protocol, number

    def on_data_path_port(self, port: int) -> TunnelChoice:
        """The same with VXLAN on the swarm's data path port, where the underlay sees VXLAN's."""
        if port == VXLAN_PORT or not self.encapsulation.has_port(VXLAN_PORT):
            return self
        return replace(self, settings=replace(self.settings, port=port))


def read_options(options: Mapping[str, str], default: TunnelChoice) -> TunnelChoice:
    """Return what the driver options of a network ask for, on top of ``default``.

    Raises:
        InputError: an option that begins with :data:`PREFIX` is not known or its value not allowed,
            or the encapsulation does not go over that underlay.
    """
    chosen: dict[str, Any] = {"encapsulation": DOCKER} if ENCRYPTED in options else {}
    settings: dict[str, Any] = {}
    for key, value in options.items():
        if not key.startswith(PREFIX):
            continue
        name = key.removeprefix(PREFIX)
        if name not in _READERS:
            allowed = [PREFIX + name for name in _READERS]
            raise InputError(
                f"{quote(key)} is not a driver option{nearest(key, allowed)} "
                f"(there are {', '.join(allowed)})"
            )
        try:
            result = _READERS[name](value)
        except InputError as error:
            raise InputError(f"option {key}: {error}") from None
        if name in _CHOICES:
            chosen[_CHOICES[name]] = result
        else:
            settings[_FIELDS.get(name, name)] = result
    return checked(replace(default, **chosen, settings=replace(default.settings, **settings)))


def checked(choice: TunnelChoice) -> TunnelChoice:
    """Return ``choice``; where the containers' own addresses cross the underlay, over IPv4.

    Raises:
        InputError: containers speak IPv4 and the encapsulation does not carry it, or it does not go
            over that underlay.
    """
    known = choice.encapsulation
    if choice.family not in known.families:
        raise InputError(
            f"{known.name} does not go over an IPv{choice.family} underlay, only over "
            f"IPv{known.families[0]}"
        )
    if 4 not in known.inner:
        raise InputError(f"{known.name} carries IPv6 only, and containers here speak IPv4")
    own = known.link or known.carries is Carries.SEGMENT
    return replace(choice, family=4) if own else choice


def _one_of(words: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(value: str) -> Any:
        if value not in words:
            raise InputError(
                f"{quote(value)} is not one of {', '.join(words)}{nearest(value, words)}"
            )
        return words[value]

    return read


def _number(least: int, most: int, *, inherit: bool = False) -> Callable[[str], int | str]:
    def read(value: str) -> int | str:
        if inherit and value == INHERIT:
            return value
        if re.fullmatch(r"0x[0-9a-fA-F]{1,8}|[0-9]{1,9}", value):
            number = int(value, 0) if value.startswith("0x") else int(value)
            if least <= number <= most:
                return number
        also = f", or {INHERIT}" if inherit else ""
        raise InputError(f"{quote(value)} is not a number from {least} to {most}{also}")

    return read


def _ports(value: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", value)
    if match and 0 < int(match[1]) < int(match[2]) <= 65_535:
        return int(match[1]), int(match[2])
    raise InputError(f"{quote(value)} is not a range of ports; write for example 49152-65535")


_READERS: dict[str, Callable[[str], Any]] = {
    "encapsulation": encapsulation,
    "underlay": _one_of(UNDERLAYS),
    "attach": _one_of({word: word for word in ATTACH}),
    "df": _one_of({rule: rule for rule in DF_RULES}),
    "ttl": _number(1, 255, inherit=True),
    "tos": _number(0, 255, inherit=True),
    "udpcsum": _one_of({"on": True, "off": False}),
    "srcport": _ports,
    "flowlabel": _number(0, 0xFFFFF),
}
"""The options, by their names behind :data:`PREFIX`."""

_CHOICES = {"encapsulation": "encapsulation", "underlay": "family", "attach": "attach"}
"""Options that are fields of :class:`TunnelChoice` itself."""

_FIELDS = {"udpcsum": "udp_checksum", "srcport": "ports", "flowlabel": "flow_label"}
"""Fields of :class:`DeviceSettings` that have another name."""
