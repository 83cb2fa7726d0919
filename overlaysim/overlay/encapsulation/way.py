"""A network's way from one VTEP to another, on which the headers of a flow are made once.

What the packets of a flow have in front of them differs in the IPv4 identification alone, unless
the encapsulation counts packets.
"""

from __future__ import annotations

from dataclasses import replace

from overlaysim.overlay.encapsulation.declaration import Encapsulation
from overlaysim.overlay.encapsulation.lengths import Carries
from overlaysim.overlay.encapsulation.tunnel import (
    Tunnel,
    hops_of,
    ip_of,
    is_unbreakable,
    traffic_class_of,
)
from overlaysim.wire import Header, IPv4, Packet

_MOST = 128
"""Kinds of packets whose headers are kept; a program that draws its sizes can have many."""

_Kind = tuple[int, int, int, int, int, bool]
"""All that headers depend on besides the way: the flow's hash, the bytes carried, the underlay's
MTU, and of the inner packet DSCP and ECN, hops left, and whether it may be cut."""


class Way:
    """One network's packets from one host to another.

    Args:
        known: the network's encapsulation.
        tunnel: the ends of the way and the settings of its device; what belongs to a single packet
            (flow, number, identification, MTU) does not count here.
    """

    def __init__(self, known: Encapsulation, tunnel: Tunnel) -> None:
        self._known = known
        self._tunnel = tunnel
        self._is_steady = not known.counts and known.carries is not Carries.SEGMENT
        self._headers: dict[_Kind, tuple[Header, ...]] = {}
        self._inner_mtu = (-1, 0)

    def inner_mtu(self, mtu: int) -> int:
        """The longest inner IP packet that fits an underlay with this MTU, in bytes."""
        if self._inner_mtu[0] != mtu:
            self._inner_mtu = mtu, self._known.inner_mtu(mtu, self._tunnel.family)
        return self._inner_mtu[1]

    def encapsulate(self, frame: Packet, flow: int, number: int, ident: int, mtu: int) -> Packet:
        """Return the frame on the underlay that carries a container's frame.

        Args:
            flow, number, ident, mtu: as of :class:`Tunnel`.

        Raises:
            CannotCarry: the frame holds nothing that the encapsulation carries.
        """
        if not self._is_steady:
            return self._known.encapsulate(frame, self._of(flow, number, ident, mtu))
        carried = self._known.cut(frame)
        ip = ip_of(frame)
        if isinstance(ip, IPv4):
            kind = flow, carried.length, mtu, ip.tos, ip.ttl, ip.df
        else:
            inside = traffic_class_of(ip), hops_of(ip), is_unbreakable(ip)
            kind = flow, carried.length, mtu, *inside
        headers = self._headers.get(kind)
        if headers is None:
            first = self._known.encapsulate(frame, self._of(flow, number, ident, mtu))
            self._keep(kind, first.layers[: len(first.layers) - len(carried.layers)])
            return first
        outer = headers[1] if self._known.joins_hosts else None
        if isinstance(outer, IPv4):
            return carried.wrap(headers[0], outer.identified(ident), *headers[2:])
        return carried.wrap(*headers)

    def _of(self, flow: int, number: int, ident: int, mtu: int) -> Tunnel:
        """What is to be said of one packet."""
        return replace(self._tunnel, flow=flow, number=number, ident=ident, mtu=mtu)

    def _keep(self, kind: _Kind, headers: tuple[Header, ...]) -> None:
        if len(self._headers) >= _MOST:
            self._headers.clear()
        self._headers[kind] = headers
