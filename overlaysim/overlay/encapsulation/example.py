"""A packet as an example of an encapsulation, and what its fields come from.

A container on 10.77.0.12 sends one UDP datagram to a container on 10.77.0.11, or the same over
IPv6, outside or inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from overlaysim.overlay.addresses import mac_for
from overlaysim.overlay.encapsulation.declaration import CannotCarry, Encapsulation
from overlaysim.overlay.encapsulation.facts import facts_of
from overlaysim.overlay.encapsulation.lengths import Carries
from overlaysim.overlay.encapsulation.tunnel import Tunnel
from overlaysim.overlay.flow import flow_hash
from overlaysim.wire import UDP, Ethernet, Header, IPv4, IPv6, Opaque, Packet

NETWORK: Final = 4097
PAYLOAD: Final = 56
"""Bytes: as much as ping sends."""

_HOSTS = {4: ("10.77.0.12", "10.77.0.11"), 6: ("fd77::12", "fd77::11")}
_HOST_MACS = ("02:00:0a:4d:00:0c", "02:00:0a:4d:00:0b")
_CONTAINERS = {4: ("10.0.1.3", "10.0.1.2"), 6: ("fd00:1::3", "fd00:1::2")}
_PORTS = (40_000, 9000)

_OTHERS: tuple[tuple[str, str, int], ...] = (
    ("network", "the network", 0x1001),  # both tags of 802.1ad
    ("flow", "the flow's hash", 0x80000001),  # either end of the hash
    ("number", "counts packets", 1),
)
"""What of a tunnel shows in which words, and the bits by which another one differs."""


@dataclass(frozen=True)
class Example:
    """One packet on the underlay.

    Attributes:
        encapsulation: whose example it is.
        family: outer IP version; the inner one where there is no outer IP header.
        packet: the frame on the underlay.
        inner: length of the container's IP packet, bytes.
        added: places of the headers that plain Ethernet and IP would not have.
        notes: (place of a header, name of a field) -> where the field's value comes from.
        mtu: of the underlay, bytes.
    """

    encapsulation: Encapsulation
    family: int
    packet: Packet
    inner: int
    added: frozenset[int]
    notes: Mapping[tuple[int, str], str]
    mtu: int

    @property
    def title(self) -> str:
        """Name and outer IP version, if there is an outer IP header."""
        name = self.encapsulation.name
        return name if self.encapsulation.link else f"{name} over IPv{self.family}"

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What is to be said of the encapsulation, and of this packet if it is too long."""
        return facts_of(self.encapsulation, self.packet, self.mtu)

    @property
    def left_out(self) -> int:
        """Bytes of the container's headers that the packet does not hold: IP and UDP, or none."""
        datagram = self.encapsulation.carries is Carries.DATAGRAM
        return self.inner - self.packet.payload_length if datagram else 0


def example(
    known: Encapsulation, *, family: int | None = None, inner: int | None = None,
    payload: int = PAYLOAD, network: int = NETWORK, mtu: int = 1500,
) -> Example:  # fmt: skip
    """Build an example.

    Args:
        family: outer IP version; None for the first that the encapsulation is specified for.
        inner: inner IP version; None for the first that it carries.
        payload: bytes of the inner UDP datagram.
        network: number of the overlay network.
        mtu: of the underlay, bytes; only padding that stops there depends on it.

    Raises:
        CannotCarry: not over this version of IP, or not this one inside.
        MalformedPacket: the payload is too long for an IP packet, or the network's number for the
            header.
    """
    own = known.carries is Carries.SEGMENT
    family = family or (inner if own and inner else known.families[0])
    inner = inner or (family if own else known.inner[0])
    if own and inner != family:
        raise CannotCarry(f"{known.name} protects a host's own packets: one IP version in and out")
    known.parts(0, family, mtu)  # which knows the versions
    frame = _frame(inner, payload)
    source, target = _HOSTS[family]
    tunnel = Tunnel(source, target, *_HOST_MACS, network, flow_hash(frame, 0), mtu=mtu)
    packet = known.encapsulate(frame, tunnel)
    packet.pack()
    first = 1 if known.link else 2
    behind = first + len(known.shim(tunnel, 0))
    framed = known.carries is Carries.FRAME and not known.link
    added = range(first if known.link or own else 1, behind + framed)
    notes = dict(_origins(known, frame, tunnel))
    return Example(known, family, packet, frame.length - 14, frozenset(added), notes, mtu)


def _frame(version: int, payload: int) -> Packet:
    source, target = _CONTAINERS[version]
    ip: Header = IPv4(source, target) if version == 4 else IPv6(source, target)
    sender, receiver = map(mac_for, _CONTAINERS[4])
    return Packet((Ethernet(receiver, sender), ip, UDP(*_PORTS)), Opaque(payload, "data"))


def _origins(
    known: Encapsulation, frame: Packet, tunnel: Tunnel
) -> Iterator[tuple[tuple[int, str], str]]:
    """Find what each field comes from by a look at what changes with it."""
    layers = known.encapsulate(frame, tunnel).layers
    for what, words, difference in _OTHERS:
        other = replace(tunnel, **{what: getattr(tunnel, what) ^ difference})
        changed = known.encapsulate(frame, other).layers
        for place, (one, another) in enumerate(zip(layers, changed, strict=True)):
            for name, value in one.as_dict().items():
                if another.as_dict()[name] != value:
                    yield (place, name), words
