"""What the bytes of a captured frame begin with (https://www.tcpdump.org/linktypes.html)."""

from __future__ import annotations

from typing import Any, Self

from overlaysim.wire.ethernet import Ethernet
from overlaysim.wire.header import Header
from overlaysim.wire.ip import IPv4
from overlaysim.wire.ipv6 import IPv6
from overlaysim.wire.malformed import MalformedPacket

_ETHERTYPES = {2: 0x0800, **dict.fromkeys((10, 24, 28, 30), 0x86DD)}
"""Address families of IPv4 (2 everywhere) and IPv6 (Linux, NetBSD, FreeBSD, Darwin)."""

_NETLINK, _RADIOTAP = 824, 803
"""Hardware types whose frames hold no packet of an ethertype."""


class Loopback(Header):
    """The address family in front of a packet on a BSD loopback interface.

    ``little_endian`` tells how it is written: LINKTYPE_NULL has the byte order of the machine that
    captured, LINKTYPE_LOOP the network's. The upper half of a family is zero, which shows it.
    """

    WIRE = "word:32"
    family: int
    little_endian: bool = False

    def pack(self, body: bytes, layers: Any, index: int) -> bytes:
        """See :meth:`Header.pack`."""
        return self.CODEC.pack(_turned(self.family) if self.little_endian else self.family)

    @classmethod
    def parse(cls, data: bytes, start: int, end: int) -> Self:
        """See :meth:`Header.parse`."""
        (word,) = cls.read_fixed(data, start, end)
        return cls(_turned(word), True) if word >> 16 else cls(word)

    def inner_binding(self) -> tuple[str, int] | None:
        """See :meth:`Header.inner_binding`."""
        return "ethertype", _ETHERTYPES.get(self.family, 0)


class LinuxCooked(Header):
    """What Linux puts in front of a frame captured on "any" interface (LINKTYPE_LINUX_SLL).

    ``packet_type`` is 0 to us, 1 broadcast, 2 multicast, 3 between others, 4 sent by us;
    ``hardware_type`` is the ARPHRD number of the interface. Of the eight bytes for the sender's
    address ``address_length`` are used; a MAC address leaves two ``unused``.
    """

    WIRE = "packet_type:16 hardware_type:16 address_length:16 address:mac unused:16 protocol:16"
    packet_type: int
    hardware_type: int
    address_length: int
    address: str
    unused: int
    protocol: int

    def inner_binding(self) -> tuple[str, int] | None:
        """See :meth:`Header.inner_binding`."""
        return _cooked_binding(self.hardware_type, self.protocol)


class LinuxCooked2(Header):
    """The second version, which also tells the interface by its index (LINKTYPE_LINUX_SLL2)."""

    WIRE = (
        "protocol:16 reserved:16 interface_index:32 hardware_type:16 packet_type:8 "
        "address_length:8 address:mac unused:16"
    )
    protocol: int
    reserved: int
    interface_index: int
    hardware_type: int
    packet_type: int
    address_length: int
    address: str
    unused: int

    def inner_binding(self) -> tuple[str, int] | None:
        """See :meth:`Header.inner_binding`."""
        return _cooked_binding(self.hardware_type, self.protocol)


def _cooked_binding(hardware_type: int, protocol: int) -> tuple[str, int] | None:
    return None if hardware_type in (_NETLINK, _RADIOTAP) else ("ethertype", protocol)


def _turned(word: int) -> int:
    return int.from_bytes(word.to_bytes(4, "big"), "little")


_LINK_HEADERS: dict[int, type[Header]] = {
    0: Loopback, 108: Loopback, 1: Ethernet, 113: LinuxCooked, 276: LinuxCooked2,
    228: IPv4, 229: IPv6,
}  # fmt: skip
_RAW_IP = (101, 12, 14)
"""LINKTYPE_RAW, and the two numbers that systems gave it before: the version tells which."""

READ_LINK_TYPES = (
    "1 (Ethernet), 113 and 276 (Linux cooked), 12, 14, 101, 228 and 229 (raw IP), "
    "0 and 108 (loopback)"
)
"""The link types that :func:`first_header` knows, in words."""


def first_header(link_type: int, data: bytes) -> type[Header]:
    """Return the header that a frame of this link type begins with.

    Raises :class:`MalformedPacket` for a link type that is not read, never for the bytes.
    """
    if link_type in _RAW_IP:
        return IPv6 if data[:1] and data[0] >> 4 == 6 else IPv4
    header = _LINK_HEADERS.get(link_type)
    if header is None:
        raise MalformedPacket(f"link type {link_type} is not read; {READ_LINK_TYPES} are")
    return header
