"""IPv6 fragmentation: only the source of a packet may do it (RFC 8200 section 4.5)."""

from __future__ import annotations

from overlaysim.wire import Ethernet, IPv6, IPv6Fragment, Packet

_HEADERS = 48
"""Bytes of IPv6 header and fragment header."""


def fragment6(packet: Packet, mtu: int, ident: int) -> list[Packet]:
    """Cut a frame or bare IPv6 packet into pieces of at most ``mtu`` bytes, as its source may.

    Each piece but the last carries as many bytes as fit in multiples of 8. All that stands behind
    the IPv6 header is cut, as bytes. What fits comes back as it is.

    Raises:
        ValueError: it is no IPv6 packet, or ``mtu`` has no room for a piece.
    """
    place = 1 if isinstance(packet.layers[0], Ethernet) else 0
    ip = packet.layers[place]
    if not isinstance(ip, IPv6):
        raise ValueError("only IPv6 packets, bare or in an Ethernet frame, are cut so")
    bare = packet.inner(place)
    if bare.length <= mtu:
        return [packet]
    room = (mtu - _HEADERS) // 8 * 8
    if room < 8:
        raise ValueError(f"an MTU of {mtu} has no room for a piece")
    known = bare.resolved().layers[0]
    assert isinstance(known, IPv6)
    body = bare.pack()[ip.header_length :]
    front = (*packet.layers[:place], ip.replace(next_header=None, payload_length=None))
    return [
        Packet(
            (*front, IPv6Fragment(ident, start, start + room < len(body), known.next_header)),
            body[start : start + room],
        )
        for start in range(0, len(body), room)
    ]
