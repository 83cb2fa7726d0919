"""By which way goodput is measured: its name, and real frames that go that way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from overlaysim.errors import InputError, ModelError, nearest, visible
from overlaysim.overlay.encapsulation import (
    CannotCarry,
    Carries,
    Encapsulation,
    Tunnel,
    encapsulation,
    encapsulations,
)
from overlaysim.wire import TCP, UDP, Ethernet, IPv4, IPv6, Opaque, Packet
from overlaysim.wire.tcp import ACK

MTU = 1500
"""Of the underlay, bytes."""

ALIASES = {"plain": ("none", 4), "vxlan4": ("vxlan", 4), "vxlan6": ("vxlan", 6)}
"""The words of the reference: encapsulation and outer IP version."""

_VERSIONS = {"ipv4": 4, "ipv6": 6}
_IP_HEADER = {4: 20, 6: 40}
_TRANSPORT = {"udp": 8, "tcp": 32}
"""Bytes of a UDP header, and of a TCP header with the timestamps option (RFC 7323 section 3.2)."""

_TIMESTAMPS = bytes.fromhex("0101080a") + bytes(8)
_WINDOW = 0xFFFF
_INNER = {4: ("10.0.1.2", "10.0.1.3"), 6: ("fd00:1::2", "fd00:1::3")}
_OUTER = {4: ("10.9.0.1", "10.9.0.2"), 6: ("fd09::1", "fd09::2")}
_PORTS = 40_000, 5001
_NETWORK = 42

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Path:
    """An encapsulation over one version of IP.

    Attributes:
        name: how tables call it.
    """

    name: str
    encapsulation: Encapsulation
    family: int

    @property
    def inner_family(self) -> int:
        """The version of the inner IP header: 4 where that is possible."""
        known = self.encapsulation
        return self.family if known.carries is Carries.SEGMENT else known.inner[0]

    def same(self, other: Path) -> bool:
        """Whether the other is this way under perhaps another name."""
        return (self.encapsulation, self.family) == (other.encapsulation, other.family)

    def largest_payload(self, protocol: str) -> int:
        """The most that one packet carries: for TCP the segment size with timestamps, bytes."""
        inner = self.encapsulation.inner_mtu(MTU, self.family)
        return inner - _IP_HEADER[self.inner_family] - _TRANSPORT[protocol]

    def data(self, protocol: str, payload: int) -> Packet:
        """The frame on the underlay with ``payload`` bytes in it.

        Raises:
            InputError: it is too much for one packet, or nothing that this way carries.
        """
        most = self.largest_payload(protocol)
        if payload > most:
            raise InputError(
                f"a payload of {payload} B does not fit into one packet: "
                f"over {self.name} {protocol} has room for {most} B"
            )
        inner = self._inner(protocol, payload)
        outer = self._around(inner)
        _, arrived = self.encapsulation.decapsulate(self.encapsulation.decode(outer.pack()))
        if arrived.payload != bytes(inner.payload):
            raise ModelError(f"{inner!r} came out of {self.name} as {arrived!r}")
        return outer

    def acknowledgement(self) -> Packet:
        """The frame of a TCP segment without data, on its way back."""
        return self._around(self._inner("tcp", 0, back=True), back=True)

    def _inner(self, protocol: str, payload: int, *, back: bool = False) -> Packet:
        source, target = _turned(_INNER[self.inner_family], back)
        port, other = _turned(_PORTS, back)
        link = Ethernet("02:42:0a:00:01:03", "02:42:0a:00:01:02")
        ip = (IPv4 if self.inner_family == 4 else IPv6)(source, target)
        tcp = TCP(port, other, 1, 1, ACK, _WINDOW, _TIMESTAMPS)
        transport = UDP(port, other) if protocol == "udp" else tcp
        return Packet((link, ip, transport), Opaque(payload))

    def _around(self, inner: Packet, *, back: bool = False) -> Packet:
        source, target = _turned(_OUTER[self.family], back)
        tunnel = Tunnel(
            source, target, "02:00:00:00:00:01", "02:00:00:00:00:02", _NETWORK, mtu=MTU
        )  # fmt: skip
        try:
            return self.encapsulation.encapsulate(inner, tunnel)
        except CannotCarry as error:
            raise InputError(str(error)) from None


def _turned(pair: tuple[T, T], back: bool) -> tuple[T, T]:
    return (pair[1], pair[0]) if back else pair


def read_path(name: str, underlay: str | None = None) -> Path:
    """Read the name of a way: a word of the reference, or an encapsulation and perhaps ``-ipv6``.

    Args:
        underlay: ``ipv4`` or ``ipv6``, for an encapsulation whose name does not say it.

    Raises:
        InputError: there is no such encapsulation, or not over this version of IP.
    """
    if name in ALIASES:
        known, family = ALIASES[name]
        return Path(name, encapsulation(known), family)
    names = {known.name: known for known in encapsulations()}
    bare, _, version = name.rpartition("-") if name not in names else (name, "", underlay)
    if version not in _VERSIONS:
        bare, version = name, underlay
    if bare not in names:
        raise InputError(
            f'"{visible(name)}" is not a path{nearest(bare, [*ALIASES, *names])}; it is '
            f"{', '.join(ALIASES)}, or an encapsulation (overlaysim headers lists them), "
            "with -ipv6 behind it over IPv6"
        )
    families = names[bare].families
    wanted = families[0] if version is None else _VERSIONS[version]
    if wanted not in families:
        raise InputError(f"{bare} is not specified over IPv{wanted}")
    return Path(bare if wanted == families[0] else f"{bare}-ipv{wanted}", names[bare], wanted)
