"""What TCP, UDP and ICMPv6 share: a checksum over a pseudo-header of the network layer."""

from __future__ import annotations

from collections.abc import Sequence

from overlaysim.wire.header import Header
from overlaysim.wire.ip import IPv4
from overlaysim.wire.ipv6 import IPv6
from overlaysim.wire.malformed import MalformedPacket


def pseudo_header_sum(layers: Sequence[Header], index: int, length: int) -> int:
    """Return the partial checksum for ``layers[index]``, whose datagram has ``length`` bytes.

    Looks outwards past extension headers for the IP header; raises :class:`MalformedPacket` if
    there is none, because the checksum then cannot be known.
    """
    for place in range(index - 1, -1, -1):
        outer = layers[place]
        if isinstance(outer, (IPv4, IPv6)):
            return outer.pseudo_header_sum(layers[index].BINDINGS["protocol"], length)
    raise MalformedPacket(
        f"{type(layers[index]).__name__}: the checksum covers addresses of an IP header, "
        f"but none stands in front"
    )
