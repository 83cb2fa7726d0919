"""IPv4 fragmentation and reassembly (RFC 791 section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from overlaysim.units import SECOND
from overlaysim.wire import Ethernet, IPv4, Opaque, Packet, Payload

REASSEMBLY_TIME = 30 * SECOND
"""How long an incomplete packet is kept (Linux ``net.ipv4.ipfrag_time``)."""


def fragment(packet: Packet, mtu: int) -> list[Packet]:
    """Cut a frame or bare IPv4 packet into pieces of at most ``mtu`` bytes (IP header included).

    Each piece but the last carries as many bytes as fit in multiples of 8. Headers behind IP stay
    in the first piece, with the lengths and checksums of the whole. A piece can be cut again. What
    fits comes back as it is; whether the packet may be cut (DF) is for the caller to ask. Options
    are copied to every piece. Raises ValueError if the headers behind IP do not fit the first
    piece.
    """
    place, ip = _ip(packet)
    if packet.inner(place).length <= mtu:
        return [packet]
    whole = packet.resolved()
    _, ip = _ip(whole)
    front, behind = whole.layers[:place], whole.layers[place + 1 :]
    headers = sum(layer.header_length for layer in behind)
    room = (mtu - ip.header_length) // 8 * 8
    if room < max(headers, 8):
        raise ValueError(f"{headers} bytes of headers behind IP do not fit an MTU of {mtu}")
    length = headers + len(whole.payload)
    pieces = []
    for start in range(0, length, room):
        end = min(start + room, length)
        header = ip.replace(
            offset=ip.offset + start, mf=ip.mf or end < length, total_length=None, checksum=None
        )
        layers = (*front, header, *(behind if start == 0 else ()))
        pieces.append(Packet(layers, whole.payload[max(0, start - headers) : end - headers]))
    return pieces


@dataclass(slots=True)
class _Datagram:
    """The pieces of one packet: its fragments by offset, with their lengths behind IP."""

    since: int
    pieces: dict[int, tuple[Packet, int]] = field(default_factory=dict)

    def overlaps(self, offset: int, length: int) -> bool:
        """Whether a piece shares bytes with another that is not the very same range."""
        return any(
            start < offset + length and offset < start + size
            for start, (_, size) in self.pieces.items()
        )

    def in_order(self) -> list[Packet] | None:
        """The pieces in order if they are the whole packet, else None."""
        expected = 0
        more = True
        ordered = []
        for offset in sorted(self.pieces):
            piece, length = self.pieces[offset]
            if offset != expected:
                return None
            expected += length
            more = _ip(piece)[1].mf
            ordered.append(piece)
        return None if more else ordered


class Reassembler:
    """Puts the fragments that reach one host together again.

    Args:
        timeout: how long an incomplete packet is kept, picoseconds.
    """

    def __init__(self, timeout: int = REASSEMBLY_TIME) -> None:
        self._timeout = timeout
        self._datagrams: dict[tuple[str, str, int, int], _Datagram] = {}

    def receive(self, packet: Packet, now: int) -> Packet | None:
        """Take a frame or bare IPv4 packet; returns the whole packet once its last piece is here.

        What is no fragment comes back at once. A repeated piece is ignored; pieces that overlap
        otherwise have the whole packet forgotten, as in Linux (``net/ipv4/ip_fragment.c``).
        """
        place, ip = _ip(packet)
        if not ip.is_fragment:
            return packet
        key = (ip.src, ip.dst, ip.protocol or 0, ip.ident)
        datagram = self._datagrams.setdefault(key, _Datagram(now))
        length = packet.inner(place + 1).length
        known = datagram.pieces.get(ip.offset)
        if known is not None and known[1] == length:
            return None
        if datagram.overlaps(ip.offset, length):
            del self._datagrams[key]
            return None
        datagram.pieces[ip.offset] = (packet, length)
        pieces = datagram.in_order()
        if pieces is None:
            return None
        del self._datagrams[key]
        return _join(pieces)

    def expire(self, now: int) -> list[list[Packet]]:
        """Give up what has waited too long; returns the pieces of each packet given up."""
        late = [
            key
            for key, datagram in self._datagrams.items()
            if now - datagram.since >= self._timeout
        ]
        return [[piece for piece, _ in self._datagrams.pop(key).pieces.values()] for key in late]

    def next_expiry(self) -> int | None:
        """When :meth:`expire` will next have something to give up; None for never."""
        since = min((datagram.since for datagram in self._datagrams.values()), default=None)
        return None if since is None else since + self._timeout


def _ip(packet: Packet) -> tuple[int, IPv4]:
    """The place of the outermost IPv4 header and the header itself."""
    place = 1 if isinstance(packet.layers[0], Ethernet) else 0
    ip = packet.layers[place] if place < len(packet.layers) else None
    if not isinstance(ip, IPv4):
        raise ValueError("only IPv4 packets, bare or in an Ethernet frame, have fragments")
    return place, ip


def _join(pieces: list[Packet]) -> Packet:
    place, ip = _ip(pieces[0])
    whole = ip.replace(mf=False, offset=0, total_length=None, checksum=None)
    return Packet(
        pieces[0].replace(place, whole).layers, _concatenate([piece.payload for piece in pieces])
    )


def _concatenate(payloads: list[Payload]) -> Payload:
    """One payload from consecutive ones; stays opaque if they are parts of one opaque payload."""
    first = payloads[0]
    if isinstance(first, Opaque):
        end = first.start
        for part in payloads:
            if not isinstance(part, Opaque) or (part.label, part.start) != (first.label, end):
                break
            end += part.length
        else:
            return Opaque(end - first.start, first.label, first.start)
    return b"".join(map(bytes, payloads))
