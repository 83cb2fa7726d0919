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

from overlaysim.wire import TCP, UDP, IPv4, IPv6, Packet

FIRST_PORT, LAST_PORT = 32_768, 60_999
"""Linux ``net.ipv4.ip_local_port_range``."""

_TCP = TCP.BINDINGS["protocol"]

_Flow = tuple[str, int, str, int]  # source, its port, destination, its port


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


def underlay_hash(packet: Packet) -> int:
    """Return the 32-bit hash by which switches choose among equal paths.

    It covers the outermost 5-tuple as it stands. Fragments, of which only the first has ports,
    count by addresses and protocol and so stay together.
    """
    return _hash(0, *_five_tuple(packet))


def _five_tuple(packet: Packet) -> tuple[int, _Flow]:
    """Protocol, and addresses with ports (0 where none count), of the outermost IP packet.

    The protocol is -1 for what is not IP, such as ARP.
    """
    for index, layer in enumerate(packet.layers):
        if isinstance(layer, IPv4 | IPv6):
            behind = packet.layers[index + 1] if index + 1 < len(packet.layers) else None
            protocol = layer.protocol if isinstance(layer, IPv4) else layer.next_header
            if protocol is None:
                protocol = 0 if behind is None else behind.BINDINGS.get("protocol", 0)
            fragment = isinstance(layer, IPv4) and layer.is_fragment
            if isinstance(behind, TCP | UDP) and not fragment:
                return protocol, (layer.src, behind.src_port, layer.dst, behind.dst_port)
            return protocol, (layer.src, 0, layer.dst, 0)
    return -1, ("", 0, "", 0)


@lru_cache(maxsize=65_536)
def _hash(key: int, protocol: int, flow: _Flow) -> int:
    text = "|".join(map(str, (protocol, *flow))).encode()
    salt = (key & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "big")
    return int.from_bytes(blake2b(text, digest_size=4, key=salt).digest(), "big")
