"""Path MTU discovery as Linux does it: what a route remembers, and what a tunnel does.

RFC 1191 and RFC 8201; Linux ``net/ipv4/route.c`` (``__ip_rt_update_pmtu``) and
``net/ipv4/ip_tunnel_core.c`` (``skb_tunnel_check_pmtu``).
"""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.overlay.fragments import IP
from overlaysim.overlay.icmp_errors import (
    LONGEST,
    LONGEST_6,
    may_be_told,
    packet_too_big,
    quoting,
)
from overlaysim.units import SECOND
from overlaysim.wire import ICMP, Ethernet, IPv4, IPv6, Packet
from overlaysim.wire.icmp import FRAGMENTATION_NEEDED, UNREACHABLE

EXPIRES = 600 * SECOND
"""How long a route remembers a path MTU (``net.ipv4.route.mtu_expires``)."""
SMALLEST = 552
"""No route remembers less (``net.ipv4.route.min_pmtu``): packets are then cut to that, and go
without DF."""


@dataclass(frozen=True, slots=True)
class PathMtu:
    """A path MTU that was learned, until when it counts, and whether DF is left clear for it."""

    mtu: int
    expires: int
    locked: bool = False


class PathMtus:
    """The path MTUs that one IP stack remembers, by destination address."""

    def __init__(self) -> None:
        self._learned: dict[str, PathMtu] = {}

    def learned(self, destination: str, now: int) -> PathMtu | None:
        """Return what is remembered of the path to an address."""
        entry = self._learned.get(destination)
        if entry is not None and entry.expires <= now:
            del self._learned[destination]
            return None
        return entry

    def mtu(self, destination: str, link: int, now: int) -> int:
        """Return the path MTU towards an address whose first link has an MTU of ``link``."""
        if not self._learned:
            return link
        entry = self.learned(destination, now)
        return link if entry is None else min(link, entry.mtu)

    def learn(self, destination: str, mtu: int, link: int, now: int) -> None:
        """Take notice that the path to an address carries ``mtu`` bytes; it is never raised.

        What is known already is refreshed in the second half of its life only.
        """
        entry = self.learned(destination, now)
        present = link if entry is None else min(link, entry.mtu)
        if present < mtu or (entry is not None and entry.locked):
            return
        locked = mtu < SMALLEST
        if locked:
            mtu = min(present, SMALLEST)
        elif entry is not None and entry.mtu == mtu and now < entry.expires - EXPIRES // 2:
            return
        self._learned[destination] = PathMtu(mtu, now + EXPIRES, locked)

    def forget(self) -> None:
        """Forget everything: the machine was started anew."""
        self._learned.clear()


def tunnel_answer(frame: Packet, mtu: int) -> Packet | None:
    """Return the frame with which a tunnel answers one that came over a bridge and is too long.

    The tunnel speaks in the name of the inner destination, since it has no address of its own
    there. ``mtu`` is what the tunnel carries of inner IP. None for what it does not answer: IPv4
    without DF, fragments, ICMP errors, groups, and a path too narrow to be told of.
    """
    ethernet, ip = frame.layers[0], _ip_in_frame(frame)
    if ip is None or not isinstance(ethernet, Ethernet) or not may_be_told(frame.inner(1)):
        return None
    error = _answer_4(frame, ip, mtu) if isinstance(ip, IPv4) else _answer_6(frame, ip, mtu)
    return None if error is None else error.wrap(Ethernet(ethernet.src, ethernet.dst))


def _answer_4(frame: Packet, ip: IPv4, mtu: int) -> Packet | None:
    if mtu < LONGEST or not ip.df or ip.mf:
        return None
    outer = IPv4(ip.dst, ip.src, ttl=ip.ttl, df=True)
    message = ICMP(UNREACHABLE, FRAGMENTATION_NEEDED, 0, mtu)
    return quoting(frame.inner(1), outer, message)


def _answer_6(frame: Packet, ip: IPv6, mtu: int) -> Packet | None:
    if mtu < LONGEST_6:
        return None
    outer = IPv6(ip.dst, ip.src, hop_limit=ip.hop_limit)
    return quoting(frame.inner(1), outer, packet_too_big(mtu))


def _ip_in_frame(frame: Packet) -> IP | None:
    ip = frame.layers[1] if len(frame.layers) > 1 else None
    return ip if isinstance(ip, IPv4 | IPv6) else None
