"""A router of the underlay: it counts hops, cuts packets, and says when it may not.

What it does is what Linux does when it forwards (``net/ipv4/ip_forward.c``, ``net/ipv6/
ip6_output.c``), at no cost in time. It is seen in IP alone: frames keep their MAC addresses, as if
it answered ARP for everybody behind it.
"""

from __future__ import annotations

from overlaysim.host.cutting import cut_journey
from overlaysim.host.directory import Directory, HostAddress
from overlaysim.host.icmp_out import error_journey
from overlaysim.overlay.icmp_errors import time_exceeded, too_big
from overlaysim.sim import Journey, Simulator
from overlaysim.underlay.link import ETHERNET_HEADER, Link
from overlaysim.underlay.network import Underlay
from overlaysim.wire import IPv4, IPv6, Packet


class Router:
    """One router.

    Args:
        me: its name, its address in the underlay, its MAC address.
        directory: where the hosts behind addresses are looked up.
    """

    def __init__(
        self, simulator: Simulator, underlay: Underlay, me: HostAddress, directory: Directory
    ) -> None:
        self.me = me
        self._simulator = simulator
        self._underlay = underlay
        self._directory = directory
        self._ident = simulator.streams("ip-ident", me.name).randrange(0x10000)
        underlay.attach_router(me.name, self.forward)

    def forward(self, link: Link, journey: Journey) -> None:
        """Take a frame that came in to the link that it goes out by."""
        packet: Packet | None = journey.packet
        ip = packet.layers[1] if packet is not None else None
        if packet is None or not isinstance(ip, IPv4 | IPv6):
            link.send(journey)  # bare traffic, or something else than IP
        elif _hops_left(ip) <= 1:
            error = time_exceeded(packet.inner(1), self.me.address, ident=self._next_ident())
            self._refuse(journey, "hop limit", error)
        elif journey.length - ETHERNET_HEADER > link.spec.mtu:
            self._take_too_long(link, journey, packet, ip)
        else:
            journey.packet = packet.replace(1, _one_hop_less(ip))
            link.send(journey)

    def _take_too_long(
        self, link: Link, journey: Journey, packet: Packet, ip: IPv4 | IPv6
    ) -> None:  # fmt: skip
        mtu = link.spec.mtu
        if isinstance(ip, IPv4) and not ip.df:
            journey.packet = packet.replace(1, _one_hop_less(ip))
            for part in cut_journey(self._simulator, journey, mtu, self.me.name):
                link.send(part)
        else:
            error = too_big(packet.inner(1), mtu, self.me.address, ident=self._next_ident())
            self._refuse(journey, "fragmentation needed" if error else "mtu", error)

    def _refuse(self, journey: Journey, reason: str, error: Packet | None) -> None:
        """Drop a packet, and tell its sender if that may be told."""
        self._simulator.ledger.drop(journey, self._simulator.now, reason, self.me.name)
        if error is not None:
            self._send(error)

    def _send(self, error: Packet) -> None:
        """Send an ICMP error of this router."""
        ip = error.layers[0]
        assert isinstance(ip, IPv4 | IPv6)
        target = self._directory.host_at(ip.dst)
        if target is None:
            return  # the packet's source was nobody's address
        self._put_on_link(error_journey(self._simulator, self.me, target, error))

    def _put_on_link(self, journey: Journey) -> None:
        hops = self._underlay.next_hops(self.me.name, journey.destination)
        if not hops:
            self._simulator.ledger.drop(journey, self._simulator.now, "no route", self.me.name)
            return
        link = self._underlay.links[self.me.name, hops[journey.flow_hash * len(hops) >> 32]]
        for part in cut_journey(self._simulator, journey, link.spec.mtu, self.me.name):
            link.send(part)

    def _next_ident(self) -> int:
        self._ident = (self._ident + 1) & 0xFFFF
        return self._ident


def _hops_left(ip: IPv4 | IPv6) -> int:
    return ip.ttl if isinstance(ip, IPv4) else ip.hop_limit


def _one_hop_less(ip: IPv4 | IPv6) -> IPv4 | IPv6:
    if isinstance(ip, IPv4):
        return ip.replace(ttl=ip.ttl - 1, checksum=None)
    return ip.replace(hop_limit=ip.hop_limit - 1)
