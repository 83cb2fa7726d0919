"""ICMP errors: whom they may be sent to and about what, what they quote, and reading them.

RFC 792, RFC 1812 section 4.3, RFC 4443; Linux ``net/ipv4/icmp.c`` (``__icmp_send``).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from overlaysim.overlay.fragments import IP, behind_fixed
from overlaysim.wire import ICMP, TCP, UDP, Header, ICMPv6, IPv4, IPv6, Packet
from overlaysim.wire.decode import bindings_of
from overlaysim.wire.icmp import (
    ERRORS,
    FRAGMENTATION_NEEDED,
    PACKET_TOO_BIG,
    TIME_EXCEEDED,
    TIME_EXCEEDED_6,
    UNREACHABLE,
)
from overlaysim.wire.ipv6 import IPv6Fragment
from overlaysim.wire.partial import UNKNOWN, decode_partial
from overlaysim.wire.quotes import next_hop_mtu, quoted_layers

LONGEST, LONGEST_6 = 576, 1280
"""Bytes of the IP packet that holds an ICMP or ICMPv6 error: the most that every host takes (RFC
1812 section 4.3.2.3, RFC 4443 section 2.4 (c))."""
INTERNET_CONTROL = 0xC0
"""The TOS of an ICMP error (RFC 1812 section 4.3.2.5)."""
_FIRST_INFORMATIONAL, _REDIRECT = 128, 137  # ICMPv6 types; the redirect is treated as an error


def icmp_error(
    packet: Packet, source: str, kind: int, code: int, *, word: int = 0, ident: int = 0
) -> Packet | None:
    """Return the error of a router or host at ``source`` about an IPv4 packet (no frame).

    ``word`` is the lower half of the message's second word, ``ident`` the IP identification. None
    for what no error may be about: another ICMP error, a later fragment, a packet to a group.
    """
    ip = packet.layer(0, IPv4)
    if not may_be_told(packet):
        return None
    outer = IPv4(source, ip.src, tos=INTERNET_CONTROL, ident=ident)
    return quoting(packet, outer, ICMP(kind, code, 0, word))


def too_big(packet: Packet, mtu: int, source: str, *, ident: int = 0) -> Packet | None:
    """Return the error of a router at ``source`` about an IP packet longer than the next link's
    MTU: "fragmentation needed" or "packet too big". None as for :func:`icmp_error`.
    """
    ip = packet.layers[0]
    if isinstance(ip, IPv4):
        return icmp_error(
            packet, source, UNREACHABLE, FRAGMENTATION_NEEDED, word=mtu, ident=ident
        )  # fmt: skip
    if not isinstance(ip, IPv6) or not may_be_told(packet):
        return None
    return quoting(packet, IPv6(source, ip.src), packet_too_big(mtu))


def time_exceeded(packet: Packet, source: str, *, ident: int = 0) -> Packet | None:
    """Return the error of a router at ``source`` about a packet with no hops left."""
    ip = packet.layers[0]
    if isinstance(ip, IPv4):
        return icmp_error(packet, source, TIME_EXCEEDED, 0, ident=ident)
    if not isinstance(ip, IPv6) or not may_be_told(packet):
        return None
    return quoting(packet, IPv6(source, ip.src), ICMPv6(TIME_EXCEEDED_6))


def packet_too_big(mtu: int) -> ICMPv6:
    """The MTU takes the whole second word (RFC 4443 section 3.2)."""
    return ICMPv6(PACKET_TOO_BIG, 0, mtu >> 16, mtu & 0xFFFF)


def quoting(packet: Packet, outer: IP, message: ICMP | ICMPv6) -> Packet:
    """Return a message that quotes as much of an IP packet as an error may."""
    longest = LONGEST if isinstance(outer, IPv4) else LONGEST_6
    room = longest - outer.header_length - message.header_length
    return Packet((outer, message), packet.pack()[:room])


def may_be_told(packet: Packet) -> bool:
    """Whether an error may be sent about an IP packet (RFC 1812 section 4.3.2.7, RFC 4443 section
    2.4 (e)).
    """
    ip = packet.layers[0]
    if isinstance(ip, IPv4):
        return _may_be_told_4(packet, ip)
    return isinstance(ip, IPv6) and _may_be_told_6(packet, ip)


def _may_be_told_4(packet: Packet, ip: IPv4) -> bool:
    if ip.offset or _is_group(ip.dst) or _is_group(ip.src):
        return False
    if ip.src.startswith(("0.", "127.")):
        return False
    message = packet.layers[1] if len(packet.layers) > 1 else None
    return not (isinstance(message, ICMP) and message.type in ERRORS)


def _is_group(address: str) -> bool:
    return address == "255.255.255.255" or IPv4Address(address).is_multicast


def _may_be_told_6(packet: Packet, ip: IPv6) -> bool:
    source = IPv6Address(ip.src)
    if source.is_unspecified or source.is_multicast or source.is_loopback:
        return False
    behind = packet.layers[behind_fixed(packet, 0) :]
    if behind and isinstance(behind[0], IPv6Fragment):
        if behind[0].offset:
            return False
        behind = behind[1:]
    message = behind[0] if behind else None
    return not isinstance(message, ICMPv6) or (
        message.type >= _FIRST_INFORMATIONAL and message.type != _REDIRECT
    )


# ---- reading ------------------------------------------------------------------------------------


_TRANSPORTS = bindings_of((ICMP, TCP, UDP))


def read_quoted(data: bytes) -> Packet | None:
    """Read the IPv4 packet that an error quotes: its header and the one behind, the rest as bytes.

    The packet may be cut short anywhere. None if not even the IP header can be read.
    """
    packet = decode_partial(data, IPv4, UNKNOWN, _TRANSPORTS).packet
    return packet if packet.layers else None


@dataclass(frozen=True, slots=True)
class TooBigError:
    """What "fragmentation needed" or "packet too big" says.

    Attributes:
        reporter: address of whoever says so.
        mtu: the largest IP packet that goes on from there, bytes.
        source: who sent the packet in question.
        destination: where it was to go.
        transport: the header behind its IP header; None if the error does not quote that.
    """

    reporter: str
    mtu: int
    source: str
    destination: str
    transport: Header | None


def read_too_big(packet: Packet) -> TooBigError | None:
    """Read an IP packet that holds such an error; None if it is something else, or unreadable."""
    mtu, reporter = next_hop_mtu(packet), packet.layers[0]
    quoted = quoted_layers(packet) if mtu else ()
    ip = quoted[0] if quoted else None
    if not mtu or not isinstance(reporter, IPv4 | IPv6) or not isinstance(ip, IPv4 | IPv6):
        return None
    transport = quoted[1] if len(quoted) > 1 else None
    return TooBigError(reporter.src, mtu, ip.src, ip.dst, transport)
