"""How a network card cuts an STT frame into segments (draft-davie-stt section 3)."""

from __future__ import annotations

from overlaysim.wire import STT, TCP, Packet
from overlaysim.wire.stt import SttFirstSegment, place, sequence

_TCP_HEADER = 20


def segments(packet: Packet, mtu: int) -> list[Packet]:
    """Cut an Ethernet frame that holds STT into pieces whose IP packets have at most ``mtu`` bytes.

    Every piece has an IP and a TCP-like header; only the first one has the STT header. What fits
    comes back as it is.

    Raises:
        ValueError: it is not such a frame.
    """
    ethernet, ip, tcp, stt = packet.layers[:4]
    if not isinstance(tcp, TCP) or not isinstance(stt, STT):
        raise ValueError("only frames with an STT header are cut so")
    if packet.inner(1).length <= mtu:
        return [packet]
    body = packet.inner(3).pack()
    room = mtu - ip.header_length - _TCP_HEADER
    first = SttFirstSegment(*stt)
    pieces = []
    for start in range(0, len(body), room):
        number = tcp.replace(seq=sequence(place(tcp.seq)[0], start))
        layers = (ethernet, ip, number, *((first,) if start == 0 else ()))
        data = body[start : start + room]
        pieces.append(Packet(layers, data[first.header_length :] if start == 0 else data))
    return pieces
