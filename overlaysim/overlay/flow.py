"""Hashes of flows: the UDP source port of a tunnel, and the choice among equal paths.

Linux takes the source port from the hash of the inner packet. What was seen on the wire, and why:

- UDP and ICMP have the same port in both directions: the flow dissector orders addresses and ports
  before it hashes (``net/core/flow_dissector.c``, ``__flow_hash_consistentify``);
- the two directions of a TCP connection differ: TCP marks its packets with a number of its own
  socket instead (``sk_txhash``). Here the hash of the tuple as it stands takes its place;
- ICMP, and fragments of anything, count by addresses and protocol, so all pings between two
  containers share one port; ARP has a port of its own.

The hash is keyed per host: two machines give different ports to the two directions of one flow.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from overlaysim.overlay.fragments import IP
from overlaysim.wire import (
    ESP,
    GRE,
    GTPU,
    NVGRE,
    TCP,
    UDP,
    Ethernet,
    Header,
    IPv4,
    IPv6,
    L2TPv3,
    L2TPv3Cookie,
    OpenESP,
    Packet,
)

FIRST_PORT, LAST_PORT = 32_768, 60_999
"""Linux ``net.ipv4.ip_local_port_range``."""

_TCP = TCP.BINDINGS["protocol"]
_WITH_PORTS = UDP | TCP

_Flow = tuple[str | int, ...]  # source, its port, destination, its port; perhaps more

_KEYS: tuple[tuple[type[Header], tuple[str, ...]], ...] = (
    (GRE, ("key",)), (NVGRE, ("vsid", "flow_id")), (ESP, ("spi",)), (OpenESP, ("spi",)),
    (L2TPv3, ("session",)), (L2TPv3Cookie, ("session",)), (GTPU, ("teid",)),
)  # fmt: skip
"""Headers that identify a tunnel's user, and the fields that do."""


def flow_hash(packet: Packet, key: int) -> int:
    """Return the 32-bit hash of a container's frame under a host's ``key`` (64 bits are used)."""
    protocol, flow = _five_tuple(packet)
    if protocol != _TCP and flow[:2] > flow[2:]:
        flow = (*flow[2:], *flow[:2])
    return _hash(key, protocol, flow)


def source_port(flow: int, low: int = FIRST_PORT, high: int = LAST_PORT) -> int:
    """Return the port for a 32-bit hash, from ``low`` to ``high - 1``.

    Linux never gives the upper bound (``include/net/udp.h``, ``udp_flow_src_port``).
    """
    return low + (flow * (high - low) >> 32)


def underlay_hash(packet: Packet, *, keys: bool = False) -> int:
    """Return the 32-bit hash by which switches choose among equal paths.

    It covers the outermost 5-tuple as it stands, found behind VLAN tags and MPLS labels as well,
    and the flow label of IPv6 (RFC 6438 section 3). Fragments, of which only the first has ports,
    count by addresses and protocol and so stay together. With ``keys`` it also covers what
    identifies a tunnel where there are no ports: GRE key, SPI, session, TEID.
    """
    protocol, flow = _five_tuple(packet)
    ip = packet.layers[1] if len(packet.layers) > 1 else None
    if type(ip) is not IPv4 and isinstance(ip, IPv6) and ip.flow_label:
        flow = (*flow, ip.flow_label)
    if keys:
        flow = (*flow, *_outer_key(packet))
    return _hash(0, protocol, flow)


def _outer_key(packet: Packet) -> tuple[int, ...]:
    """The number by which the outermost tunnel of a packet tells its users apart, if it has one."""
    for layer in packet.layers:
        for kind, fields in _KEYS:
            if isinstance(layer, kind):
                return tuple(getattr(layer, field) or 0 for field in fields)
    return ()


def _five_tuple(packet: Packet) -> tuple[int, _Flow]:
    """Protocol, and addresses with ports (0 where none count), of the outermost IP packet.

    The protocol is -1 for what is not IP, such as ARP.
    """
    layers = packet.layers
    for index, layer in enumerate(layers):
        if type(layer) is not Ethernet and isinstance(layer, IP):
            behind = layers[index + 1] if index + 1 < len(layers) else None
            fragment = False
            if isinstance(layer, IPv4):
                protocol, fragment = layer.protocol, layer.is_fragment
            else:
                protocol = layer.next_header
            if protocol is None:
                protocol = 0 if behind is None else behind.BINDINGS.get("protocol", 0)
            if isinstance(behind, _WITH_PORTS) and not fragment:
                return protocol, (layer.src, behind.src_port, layer.dst, behind.dst_port)
            return protocol, (layer.src, 0, layer.dst, 0)
    return -1, ("", 0, "", 0)


@lru_cache(maxsize=65_536)
def _hash(key: int, protocol: int, flow: _Flow) -> int:
    text = "|".join(map(str, (protocol, *flow))).encode()
    salt = (key & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "big")
    return int.from_bytes(blake2b(text, digest_size=4, key=salt).digest(), "big")
