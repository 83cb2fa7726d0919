"""IP fragmentation: RFC 791 section 3.2, and RFC 8200 section 4.5 for IPv6."""

from __future__ import annotations

from overlaysim.wire import Header, IPv4, IPv6, Opaque, Packet, Payload
from overlaysim.wire.ipv6 import HopByHop, IPv6Fragment

IP = IPv4 | IPv6
"""The header of either version."""


def outermost_ip(packet: Packet) -> tuple[int, IP]:
    """Return the place of the outermost IP header in a frame or bare packet, and the header.

    Raises:
        ValueError: there is none.
    """
    for place, layer in enumerate(packet.layers):
        if isinstance(layer, IP):
            return place, layer
    raise ValueError(f"there is no IP packet in {packet!r}")


def behind_fixed(packet: Packet, place: int) -> int:
    """Return the place behind the IP header at ``place`` and what has to follow it in each piece.

    Those are an IPv6 packet's hop-by-hop and destination options (Linux ``ip6_find_1stfragopt``).
    """
    end = place + 1
    while end < len(packet.layers) and isinstance(packet.layers[end], HopByHop):
        end += 1
    return end


def fragment(packet: Packet, mtu: int, ident: int = 0) -> list[Packet]:
    """Cut a frame or bare IP packet into pieces of at most ``mtu`` bytes (IP header included).

    Each piece but the last carries as many bytes as fit in multiples of 8. Headers behind IP stay
    in the first piece as far as they fit it, with the lengths and checksums of the whole; what has
    a part behind its body, such as ESP, becomes bytes. A piece of an IPv4 packet can be cut again.
    What fits comes back as it is; whether the packet may be cut (DF, or a router and IPv6) is for
    the caller to ask. IPv4 options are copied to every piece. ``ident`` is the identification that
    an IPv6 packet's pieces get.

    Raises:
        ValueError: the MTU leaves no room, or there is no IP packet to cut.
    """
    place, _ = outermost_ip(packet)
    if (packet.inner(place) if place else packet).length <= mtu:
        return [packet]
    whole = packet.resolved()
    behind = behind_fixed(whole, place)
    room = _room(whole.layers[place:behind], mtu)
    headers, body = _split(whole, place, behind, room)
    front = whole.layers[:behind]
    headed = sum(header.header_length for header in headers)
    length = headed + len(body)
    pieces = []
    for start in range(0, length, room):
        end = min(start + room, length)
        ip = _labelled(front, place, start, more=end < length, ident=ident)
        layers = (*ip, *(headers if start == 0 else ()))
        pieces.append(Packet(layers, body[max(0, start - headed) : end - headed]))
    return pieces


def added_headers(pieces: list[Packet]) -> list[int]:
    """Return how many bytes of each piece the packet did not have before it was cut.

    That is everything in front of a later piece, and an IPv6 packet's fragment header in the first.
    """
    first = pieces[0].find(IPv6Fragment) if len(pieces) > 1 else None
    added = 0 if first is None else first.header_length
    return [added, *(piece.length - piece.payload_length for piece in pieces[1:])]


def _room(fixed: tuple[Header, ...], mtu: int) -> int:
    """Bytes behind IP that a piece holds: a multiple of 8."""
    headers = sum(header.header_length for header in fixed)
    if isinstance(fixed[0], IPv6):
        headers += IPv6Fragment.CODEC.length
    room = (mtu - headers) // 8 * 8
    if room < 8:
        raise ValueError(f"an MTU of {mtu} leaves no room behind {headers} bytes of headers")
    return room


def _split(
    whole: Packet, place: int, behind: int, room: int
) -> tuple[tuple[Header, ...], Payload]:  # fmt: skip
    """What is to be cut: the headers that stay whole in the first piece, and all that follows."""
    kept = 0
    for header in whole.layers[behind:]:
        room -= header.header_length
        if room < 0 or header.tail_length:
            break
        kept += 1
    headers = whole.layers[behind : behind + kept]
    if behind + kept == len(whole.layers) and not whole.trailers:
        return headers, whole.payload
    start = sum(header.header_length for header in whole.layers[: behind + kept])
    padding = sum(len(data) for index, data in whole.trailers if index < place)
    data = whole.pack()
    return headers, data[start : len(data) - padding]


def _labelled(
    front: tuple[Header, ...], place: int, start: int, *, more: bool, ident: int
) -> tuple[Header, ...]:
    """The headers in front of a piece that begins ``start`` bytes into what is cut."""
    ip = front[place]
    if isinstance(ip, IPv4):
        header = ip.replace(
            offset=ip.offset + start, mf=ip.mf or more, total_length=None, checksum=None
        )
        return (*front[:place], header)
    assert isinstance(ip, IPv6)
    last = front[-1]
    assert isinstance(last, IPv6 | HopByHop)
    label = IPv6Fragment(ident, start, more, last.next_header)
    fixed = (*front[:place], ip.replace(payload_length=None), *front[place + 1 :])
    return (*fixed[:-1], fixed[-1].replace(next_header=None), label)


def join(pieces: list[Packet]) -> Packet:
    """Put the pieces of one packet, given in order and complete, together again."""
    first = pieces[0]
    place, _ = outermost_ip(first)
    payload = _concatenate([piece.payload for piece in pieces])
    return Packet(_unlabelled(first, place), payload)


def _unlabelled(first: Packet, place: int) -> tuple[Header, ...]:
    """The headers of the first piece as they were before cutting."""
    layers = first.layers
    ip = layers[place]
    if isinstance(ip, IPv4):
        whole = ip.replace(mf=False, offset=0, total_length=None, checksum=None)
        return (*layers[:place], whole, *layers[place + 1 :])
    end = behind_fixed(first, place)
    label = layers[end]
    assert isinstance(label, IPv6Fragment)
    fixed = (*layers[:place], ip.replace(payload_length=None), *layers[place + 1 : end])
    last = fixed[-1].replace(next_header=label.next_header)
    return (*fixed[:-1], last, *layers[end + 1 :])


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
