"""Ports as packet filters see them."""

from __future__ import annotations

from overlaysim.sim import Journey
from overlaysim.wire import TCP, UDP

Port = tuple[str, int]
"""Protocol, ``udp`` or ``tcp``, and destination port."""

TUNNEL: Port = ("udp", 4789)
"""Where VXLAN frames go (RFC 7348 section 5)."""


def port_of(journey: Journey) -> Port | None:
    """Return the port that a frame is for: that of its outer transport header.

    None for bare traffic that has only a length.
    """
    packet = journey.packet
    transport = packet.layers[2] if packet is not None and len(packet.layers) > 2 else None
    if isinstance(transport, UDP):
        return "udp", transport.dst_port
    return ("tcp", transport.dst_port) if isinstance(transport, TCP) else None
