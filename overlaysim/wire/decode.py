"""From bytes to a packet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from overlaysim.wire.arp import ARP
from overlaysim.wire.esp import ESP
from overlaysim.wire.ethernet import Ethernet
from overlaysim.wire.geneve import Geneve
from overlaysim.wire.gre import GRE
from overlaysim.wire.gtp import GTPU
from overlaysim.wire.gue import GUE
from overlaysim.wire.guess import AnyIP, IpOrFrame
from overlaysim.wire.header import Header
from overlaysim.wire.icmp import ICMP, ICMPv6
from overlaysim.wire.ip import IPv4
from overlaysim.wire.ipv6 import DestinationOptions, HopByHop, IPv6, IPv6Fragment
from overlaysim.wire.l2tp import L2TPv3, L2TPv3overUDP
from overlaysim.wire.malformed import MalformedPacket
from overlaysim.wire.mpls import MPLS
from overlaysim.wire.packet import Packet
from overlaysim.wire.stt import STT
from overlaysim.wire.tcp import TCP
from overlaysim.wire.udp import UDP
from overlaysim.wire.vlan import Dot1Q, ServiceTag
from overlaysim.wire.vxlan import VXLAN, VxlanGpe
from overlaysim.wire.wireguard import WireGuard

HEADERS: tuple[type[Header], ...] = (
    Ethernet, Dot1Q, ServiceTag, ARP, IPv4, IPv6, HopByHop, DestinationOptions, IPv6Fragment,
    UDP, TCP, ICMP, ICMPv6, VXLAN, VxlanGpe, Geneve, GRE, GUE, AnyIP, IpOrFrame, MPLS, GTPU,
    STT, L2TPv3, L2TPv3overUDP, ESP, WireGuard,
)  # fmt: skip
"""Every header that :func:`decode` knows; a new one is added here."""

Bindings = Mapping[tuple[str, int], type[Header]]
"""Which header a number of a number space announces, such as ``("udp_port", 4789)``."""


def bindings_of(headers: Iterable[type[Header]]) -> dict[tuple[str, int], type[Header]]:
    """Return under which numbers each of ``headers`` is announced; of two, the later one counts."""
    return {binding: header for header in headers for binding in header.BINDINGS.items()}


_BOUND = bindings_of(HEADERS)


def decode(data: bytes, first: type[Header] = Ethernet, bindings: Bindings = _BOUND) -> Packet:
    """Read a packet that begins with a header of class ``first``.

    ``bindings`` say what else may follow; by default all of :data:`HEADERS`.

    All values of the result are explicit, so it packs to the same bytes however odd they are. What
    no known header claims is payload. Of a fragment only the first header behind IP is read.
    Raises :class:`MalformedPacket`, and nothing else, for bytes that contradict themselves.
    """
    layers: list[Header] = []
    trailers: list[tuple[int, bytes]] = []
    start, end = 0, len(data)
    kind: type[Header] | None = first
    fragment = False
    while kind is not None:
        header = kind.parse(data, start, end)
        start += header.header_length
        end -= header.tail_length
        claimed = header.body_length(end - start)
        if claimed < 0 or (claimed > end - start and not fragment):
            raise MalformedPacket(
                f"{kind.__name__} ending at byte {start}: states {claimed} bytes behind it, "
                f"there are {end - start}"
            )
        if claimed < end - start:
            trailers.append((len(layers), data[start + claimed : end]))
            end = start + claimed
        layers.append(header)
        binding = header.inner_binding()
        kind = None if fragment or binding is None else bindings.get(binding)
        kind = None if kind is None else kind.choose(data, start, end)
        fragment = header.is_fragment
    return Packet(tuple(layers), data[start:end], tuple(reversed(trailers)))
