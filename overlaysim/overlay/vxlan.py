"""Into and out of a VXLAN tunnel, with the defaults of a Linux VXLAN device."""

from __future__ import annotations

from overlaysim.wire import UDP, VXLAN, VXLAN_PORT, Ethernet, IPv4, IPv6, Packet

_VALID_VNI = 0x08  # the only flag RFC 7348 defines
_ECN_MASK = 0b11
_NOT_ECT, _ECT_0, _CE = 0b00, 0b10, 0b11  # RFC 3168 section 5


class NotDelivered(ValueError):  # noqa: N818 - says what becomes of the packet
    """The receiving kernel drops this packet; the text says why."""


def encapsulate(
    inner: Packet,
    *,
    vni: int,
    source_ip: str,
    target_ip: str,
    source_mac: str,
    target_mac: str,
    source_port: int,
    ident: int,
) -> Packet:
    """Return the frame that carries the frame ``inner`` from one VTEP to another.

    TTL 64, DSCP 0, DF clear whatever the inner packet says, a real UDP checksum; ``ident`` is the
    IPv4 identification. The inner ECN field is copied, except that CE leaves as ECT(0) (RFC 3168
    section 9.1.1, as Linux does by default).
    """
    ecn = _ecn(inner)
    return inner.wrap(
        Ethernet(target_mac, source_mac),
        IPv4(source_ip, target_ip, tos=_ECT_0 if ecn == _CE else ecn, ident=ident),
        UDP(source_port, VXLAN_PORT),
        VXLAN(vni),
    )


def decapsulate(outer: Packet) -> tuple[int, Packet]:
    """Return the VNI and the inner frame of a whole (not fragmented) VXLAN packet.

    Raises :class:`NotDelivered` for what the Linux receive path drops: no VXLAN, the I flag clear,
    reserved bits set (RFC 7348 would ignore them, Linux does not), no inner Ethernet header, and
    congestion marked on the way for an inner packet that cannot tell (RFC 6040 section 4.2).
    """
    header = outer.find(VXLAN)
    if header is None:
        raise NotDelivered("there is no VXLAN header")
    if not header.flags & _VALID_VNI:
        raise NotDelivered("the I flag is clear: the VNI is not valid")
    if header.flags != _VALID_VNI or header.reserved or header.reserved2:
        raise NotDelivered("reserved bits are set")
    depth = outer.layers.index(header)
    inner = outer.inner(depth + 1)
    if not inner.layers or not isinstance(inner.layers[0], Ethernet):
        raise NotDelivered("there is no whole Ethernet header inside")
    tunnel = outer.layers[depth - 2] if depth >= 2 else None
    marked = isinstance(tunnel, IPv4) and tunnel.tos & _ECN_MASK == _CE
    if marked and _has_ip(inner) and _ecn(inner) == _NOT_ECT:
        raise NotDelivered("congestion was marked, but the inner packet does not take part in ECN")
    return header.vni, inner


def _has_ip(packet: Packet) -> bool:
    return len(packet.layers) > 1 and isinstance(packet.layers[1], IPv4 | IPv6)


def _ecn(packet: Packet) -> int:
    """The ECN field of the IP packet in a frame; 0 if it holds none."""
    layer = packet.layers[1] if len(packet.layers) > 1 else None
    if isinstance(layer, IPv4):
        return layer.tos & _ECN_MASK
    return layer.traffic_class & _ECN_MASK if isinstance(layer, IPv6) else _NOT_ECT
