"""Network address translation of UDP packets and of the ICMP errors about them."""

from __future__ import annotations

from overlaysim.wire import ICMP, UDP, IPv4, Packet, checksum
from overlaysim.wire.addresses import ip4_bytes

Socket = tuple[str, int]
"""IPv4 address and UDP port."""


def readdress(packet: Packet, source: Socket, target: Socket, *, hops: int = 1) -> Packet:
    """Give an IP packet another source and target, and its UDP header, if it has one, too.

    ``hops`` is taken off the TTL. A later fragment has no UDP header: its addresses alone change.
    """
    old = packet.layer(0, IPv4)
    ip = old.replace(src=source[0], dst=target[0], ttl=old.ttl - hops, checksum=None)
    packet = packet.replace(0, ip)
    if ip.offset:
        return packet
    before = packet.layer(1, UDP)
    after = before.replace(src_port=source[1], dst_port=target[1])
    if before.checksum:  # explicit in a first fragment: it covers bytes that are not in this packet
        after = after.replace(checksum=_adjusted(before.checksum, old, before, ip, after))
    return packet.replace(1, after)


def readdress_error(packet: Packet, quoted: Packet, source: Socket, target: Socket) -> Packet:
    """Give an ICMP error another source and target, and the datagram that it quotes likewise.

    ``quoted`` is the start of the datagram that went from ``target`` to ``source``.
    """
    old = packet.layer(0, IPv4)
    ip = old.replace(src=source[0], dst=target[0], ttl=old.ttl - 1, checksum=None)
    icmp = packet.layer(1, ICMP).replace(checksum=None)
    return Packet((ip, icmp), readdress(quoted, target, source, hops=0).pack())


def _adjusted(value: int, old_ip: IPv4, old_udp: UDP, ip: IPv4, udp: UDP) -> int:
    """The checksum after a change of addresses and ports (RFC 1624 section 3)."""
    inverted = bytes(0xFF - byte for byte in _covered(old_ip, old_udp))
    return checksum(inverted + _covered(ip, udp), 0xFFFF - value) or 0xFFFF


def _covered(ip: IPv4, udp: UDP) -> bytes:
    ports = udp.src_port.to_bytes(2, "big") + udp.dst_port.to_bytes(2, "big")
    return ip4_bytes(ip.src) + ip4_bytes(ip.dst) + ports
