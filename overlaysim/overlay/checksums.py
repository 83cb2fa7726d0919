"""Wrong transport checksums: what a broken network card makes of a packet, and who notices."""

from __future__ import annotations

from overlaysim.wire import TCP, UDP, Header, IPv4, Packet

_DAMAGE = 0x5A5A
_SUMMED = UDP | TCP


def spoilt(packet: Packet) -> Packet:
    """Return the packet with a wrong checksum in its TCP or UDP header, if it has one."""
    for place, layer in enumerate(packet.layers):
        if isinstance(layer, _SUMMED):
            right = _explicit(packet, place)
            return packet.replace(place, layer.replace(checksum=(right ^ _DAMAGE) or _DAMAGE))
    return packet


def is_spoilt(packet: Packet) -> bool:
    """Whether the TCP or UDP checksum of a whole packet is wrong.

    A checksum that is still to be computed is right, and a UDP checksum of 0 means none.
    """
    for place, layer in enumerate(packet.layers):
        if type(layer) is not IPv4 and isinstance(layer, _SUMMED):
            if layer.checksum is None or (isinstance(layer, UDP) and not layer.checksum):
                return False
            return layer.checksum != _explicit(packet, place)
    return False


def _explicit(packet: Packet, place: int) -> int:
    """The checksum that ``packet.layers[place]`` should have."""
    layer: Header = packet.layers[place].replace(checksum=None)
    computed = packet.replace(place, layer).resolved().layers[place]
    assert isinstance(computed, _SUMMED)
    return computed.checksum or 0
