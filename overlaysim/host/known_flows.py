"""Which network takes a packet, remembered by the tunnel headers that it has.

The packets of a flow have the same headers between the outer IP header and the frame that they
carry. What a host found out from those once, it need not find out again.
"""

from __future__ import annotations

from overlaysim.host.segment import Segment
from overlaysim.overlay.encapsulation import Carries, Encapsulation
from overlaysim.overlay.encapsulation.tunnel import CE, ECN_MASK
from overlaysim.wire import Ethernet, Header, IPv4, Packet

_FIRST = 2
"""The place of the first tunnel header, behind Ethernet and IP."""
_MOST = 1024


class KnownFlows:
    """The networks that packets over IPv4 with a whole frame in them were for.

    Only what depends on the tunnel headers alone is remembered. Packets with a congestion mark,
    which a tunnel may have to drop, are none of these.
    """

    def __init__(self) -> None:
        self._networks: dict[tuple[Header, ...], Segment] = {}
        self._depths: tuple[int, ...] = ()

    def forget(self) -> None:
        """Forget everything: the tunnel devices have changed."""
        self._networks.clear()
        self._depths = ()

    def note(self, packet: Packet, frame: Packet, known: Encapsulation, network: Segment) -> None:
        """Remember whom a packet was for that was addressed to this host."""
        layers = packet.layers
        if type(layers[1]) is not IPv4 or known.carries is not Carries.FRAME or known.counts:
            return
        depth = len(layers) - len(frame.layers) - _FIRST
        if len(self._networks) >= _MOST:
            self.forget()
        self._networks[layers[_FIRST : _FIRST + depth]] = network
        if depth not in self._depths:
            self._depths += (depth,)

    def find(self, packet: Packet) -> tuple[Segment, Packet] | None:
        """Return whom a packet for this host is for and the frame in it, if that is known."""
        layers = packet.layers
        ip = layers[1]
        if type(ip) is not IPv4 or ip.tos & ECN_MASK == CE:
            return None
        for depth in self._depths:
            inside = _FIRST + depth
            network = self._networks.get(layers[_FIRST:inside])
            if network is not None and inside < len(layers) and type(layers[inside]) is Ethernet:
                return network, packet.inner(inside)
        return None
