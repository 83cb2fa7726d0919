"""What ICMP errors say about another packet: its first bytes, and how large it might have been."""

from __future__ import annotations

from overlaysim.wire.decode import Bindings
from overlaysim.wire.header import Header
from overlaysim.wire.icmp import (
    ERRORS,
    FRAGMENTATION_NEEDED,
    ICMP,
    PACKET_TOO_BIG,
    UNREACHABLE,
    ICMPv6,
)
from overlaysim.wire.ip import IPv4
from overlaysim.wire.ipv6 import IPv6
from overlaysim.wire.packet import Packet
from overlaysim.wire.partial import KNOWN, UNKNOWN, decode_partial

_FIRST_INFORMATIONAL = 128
"""RFC 4443 section 2.1: ICMPv6 messages of a lower type are errors."""


def quoted_layers(packet: Packet, bindings: Bindings = KNOWN) -> tuple[Header, ...]:
    """Return the headers of the packet that an ICMP error is about; none if it is no such error.

    They stand in the payload of ``packet``, cut off wherever the sender of the error pleased.
    """
    first = _quoted_by(packet.layers[-1]) if packet.layers else None
    if first is None:
        return ()
    return decode_partial(bytes(packet.payload), first, UNKNOWN, bindings).packet.layers


def _quoted_by(header: Header) -> type[Header] | None:
    if isinstance(header, ICMP) and header.type in ERRORS:
        return IPv4
    if isinstance(header, ICMPv6) and header.type < _FIRST_INFORMATIONAL:
        return IPv6
    return None


def next_hop_mtu(packet: Packet) -> int | None:
    """Return the MTU in "fragmentation needed" (RFC 1191 section 4) or "packet too big".

    The latter has 32 bits for it (RFC 4443 section 3.2). None if the packet is neither.
    """
    header = packet.layers[-1] if packet.layers else None
    if isinstance(header, ICMP) and header[:2] == (UNREACHABLE, FRAGMENTATION_NEEDED):
        return header.sequence
    if isinstance(header, ICMPv6) and header.type == PACKET_TOO_BIG:
        return header.ident << 16 | header.sequence
    return None
