"""Network address translation: addresses and ports of packets, and of what ICMP errors quote."""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.wire import ICMP, TCP, UDP, IPv4, MalformedPacket, Packet, checksum
from overlaysim.wire.addresses import ip4_bytes
from overlaysim.wire.icmp import ECHO_REQUEST

Socket = tuple[str, int]
"""IPv4 address and UDP or TCP port; for an ICMP echo the identifier at the end that asks, 0 at the
other."""


def readdress(packet: Packet, source: Socket, target: Socket, *, hops: int = 1) -> Packet:
    """Give an IP packet another source and target, and its UDP or TCP header or ICMP echo likewise.

    ``hops`` is taken off the TTL. A later fragment has no such header: its addresses alone change.
    """
    old = packet.layer(0, IPv4)
    ip = old.replace(src=source[0], dst=target[0], ttl=old.ttl - hops, checksum=None)
    packet = packet.replace(0, ip)
    if ip.offset:
        return packet
    if isinstance(packet.layers[1], ICMP):
        return packet.replace(1, _with_ident(packet.layer(1, ICMP), source, target))
    before = transport_of(packet)
    if before is None:
        raise MalformedPacket(f"there are no ports in {packet!r}")
    after = before.replace(src_port=source[1], dst_port=target[1])
    if before.checksum is None or (isinstance(before, UDP) and not before.checksum):
        return packet.replace(1, after)
    # Explicit in a first fragment or a quotation: it covers bytes that are not in this packet.
    value = _adjusted(before.checksum, _covered(old, before), _covered(ip, after))
    if isinstance(before, UDP):
        value = value or 0xFFFF
    return packet.replace(1, after.replace(checksum=value))


def transport_of(packet: Packet) -> UDP | TCP | None:
    """The header behind the IP header of a packet, if it has ports."""
    header = packet.layers[1] if len(packet.layers) > 1 else None
    return header if isinstance(header, UDP | TCP) else None


def readdress_error(packet: Packet, quoted: Packet, source: Socket, target: Socket) -> Packet:
    """Give an ICMP error another source and target, and the datagram that it quotes likewise.

    ``quoted`` is the start of the datagram that went from ``target`` to ``source``.
    """
    return requote(packet, source[0], target[0], readdress(quoted, target, source, hops=0))


def requote(packet: Packet, source: str, target: str, quoted: Packet) -> Packet:
    """Give an ICMP error another source and target address, and something else to quote."""
    old = packet.layer(0, IPv4)
    ip = old.replace(src=source, dst=target, ttl=old.ttl - 1, checksum=None)
    return Packet((ip, packet.layer(1, ICMP).replace(checksum=None)), quoted.pack())


def next_free(wanted: int, low: int, high: int, is_free: Callable[[int], bool]) -> int | None:
    """Return ``wanted`` if it is free, else the next one from ``low`` to ``high`` that is.

    Behind ``high`` it goes on at ``low``; None if nothing is free.
    """
    if is_free(wanted):
        return wanted
    size = high - low + 1
    start = wanted + 1 - low if low <= wanted <= high else 0
    numbers = (low + (start + step) % size for step in range(size))
    return next(filter(is_free, numbers), None)


def _with_ident(echo: ICMP, source: Socket, target: Socket) -> ICMP:
    ident = source[1] if echo.type == ECHO_REQUEST else target[1]
    value = echo.checksum
    if value is not None:  # it covers bytes that may not be in this packet
        value = _adjusted(value, echo.ident.to_bytes(2, "big"), ident.to_bytes(2, "big"))
    return echo.replace(ident=ident, checksum=value)


def _adjusted(value: int, before: bytes, after: bytes) -> int:
    """The checksum after a change of some of the bytes that it covers (RFC 1624 section 3)."""
    return checksum(bytes(0xFF - byte for byte in before) + after, 0xFFFF - value)


def _covered(ip: IPv4, transport: UDP | TCP) -> bytes:
    ports = transport.src_port.to_bytes(2, "big") + transport.dst_port.to_bytes(2, "big")
    return ip4_bytes(ip.src) + ip4_bytes(ip.dst) + ports
