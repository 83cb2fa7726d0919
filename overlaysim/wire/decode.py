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
from overlaysim.wire.reader import READERS
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
        reader = READERS[kind]
        header = None if fragment else reader.quick(data, start, end)
        if header is not None:
            start += reader.length
            space = reader.space
            binding = (space, header[reader.place]) if space else header.inner_binding()
        else:
            header, start, body_end, end = _read(kind, data, start, end, cut=fragment)
            if body_end < end:
                trailers.append((len(layers), data[body_end:end]))
                end = body_end
            binding = None if fragment else header.inner_binding()
            fragment = header.is_fragment
        layers.append(header)
        kind = None if binding is None else bindings.get(binding)
        if kind is not None and READERS[kind].chooses:
            kind = kind.choose(data, start, end)
    return Packet(tuple(layers), data[start:end], tuple(trailers[::-1]) if trailers else ())


def _read(
    kind: type[Header], data: bytes, start: int, end: int, *, cut: bool
) -> tuple[Header, int, int, int]:
    """Read a header of any form; return it, where its body begins and ends, where its tail begins.

    Of a packet that was ``cut`` into fragments the body may be longer than what is there.
    """
    header = kind.parse(data, start, end)
    start += header.header_length
    end -= header.tail_length
    claimed = header.body_length(end - start)
    if claimed < 0 or (claimed > end - start and not cut):
        raise MalformedPacket(
            f"{kind.__name__} ending at byte {start}: states {claimed} bytes behind it, "
            f"there are {end - start}"
        )
    return header, start, min(start + claimed, end), end
