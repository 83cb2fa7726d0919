"""Ports as packet filters see them."""

from __future__ import annotations

from overlaysim.sim import Journey
from overlaysim.wire import TCP, UDP, IPv4, IPv6, Packet

Port = tuple[str, int]
"""``udp`` or ``tcp`` and a destination port, or ``ip`` and the number of another protocol."""

IP_PROTOCOLS = {"esp": 50, "gre": 47}
"""IP protocols that packet filters know by name."""

TUNNEL: Port = ("udp", 4789)
"""Where VXLAN frames go (RFC 7348 section 5)."""


def port_of(journey: Journey) -> Port | None:
    """Return the port that a frame is for: that of its outer transport header.

    Where that has no ports, and in a later fragment, which does not hold it, it is the number of
    the IP protocol. None for bare traffic that has only a length.
    """
    packet: Packet | None = journey.packet
    if packet is None:
        return None
    layers = iter(packet.layers)
    ip = next((layer for layer in layers if isinstance(layer, IPv4 | IPv6)), None)
    if ip is None:
        return None
    transport = next(layers, None)
    if isinstance(transport, UDP):
        return "udp", transport.dst_port
    if isinstance(transport, TCP):
        return "tcp", transport.dst_port
    number = ip.protocol if isinstance(ip, IPv4) else ip.next_header
    if number is None and transport is not None:
        number = transport.BINDINGS.get("protocol")
    return None if number is None else ("ip", number)


def port_text(port: Port) -> str:
    """A port as people write it: ``7946/udp``, ``esp``, ``115/ip``."""
    protocol, number = port
    names = {number: name for name, number in IP_PROTOCOLS.items()}
    return names[number] if protocol == "ip" and number in names else f"{number}/{protocol}"
