"""How a network card cuts an STT frame into segments (draft-davie-stt section 3)."""

from __future__ import annotations

from collections.abc import Sequence

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


def join_segments(pieces: Sequence[Packet]) -> Packet | None:
    """Put the segments of one frame, given in order, together; None if some are still missing.

    A frame of one segment comes back as it is. What else comes back holds the STT header and what
    follows as bytes.
    """
    first = pieces[0]
    ethernet, ip, tcp = first.layers[:3]
    assert isinstance(tcp, TCP)
    total, _ = place(tcp.seq)
    body = first.inner(3)
    if len(pieces) == 1 and body.length == total:
        return first
    data = b"".join(piece.inner(3).pack() for piece in pieces)
    return None if len(data) < total else Packet((ethernet, ip, tcp), data)
