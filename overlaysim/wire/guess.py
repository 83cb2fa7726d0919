"""What follows when a number says no more than "some packet": a look at its first bytes decides.

Several tunnels do not say what they carry: GTP-U, WireGuard and FOU hold a bare IP packet whose
version nibble tells IPv4 from IPv6, MPLS hold that or an Ethernet frame (RFC 4928 section 2: what
switches do as well). A guess is taken only if the header it leads to is possible.
"""

from __future__ import annotations

from typing import Final

from overlaysim.wire.ethernet import Ethernet
from overlaysim.wire.header import Header
from overlaysim.wire.ip import IPv4
from overlaysim.wire.ipv6 import IPv6

ANY_IP: Final = ("guess", 1)
"""The binding of a header that is followed by a bare IP packet."""
IP_OR_FRAME: Final = ("guess", 2)
"""The binding of a header that is followed by a bare IP packet or an Ethernet frame."""


def ip_at(data: bytes, start: int, end: int) -> type[Header] | None:
    """Return the IP header that may begin at ``start``, judged by version and lengths; or None."""
    room = end - start
    if room >= 20 and 0x45 <= data[start] <= 0x4F:
        header = 4 * (data[start] & 0xF)
        total = int.from_bytes(data[start + 2 : start + 4], "big")
        return IPv4 if header <= total and header <= room else None
    if room >= 40 and data[start] >> 4 == 6:
        return IPv6
    return None


class AnyIP(Header, guess=1, udp_port=5555):
    """A bare IP packet; never a header of its own.

    UDP port 5555 is the customary one of FOU (Linux ``Documentation`` of ``ip fou``), which has no
    header at all.
    """

    @classmethod
    def choose(cls, data: bytes, start: int, end: int) -> type[Header] | None:
        """IPv4 or IPv6, by the version."""
        return ip_at(data, start, end)


class IpOrFrame(Header, guess=2):
    """A bare IP packet or an Ethernet frame; never a header of its own."""

    @classmethod
    def choose(cls, data: bytes, start: int, end: int) -> type[Header] | None:
        """IPv4 or IPv6 if it can be one, else a frame if there is room for its header."""
        return ip_at(data, start, end) or (Ethernet if end - start >= 14 else None)
