"""From bytes whose end is missing to the headers that are there.

Three things cut packets: a capture that keeps only so much of each frame, an ICMP error that quotes
the beginning of what it is about, and fragmentation. Lengths then speak of bytes that are not
there, which :func:`overlaysim.wire.decode.decode` has to take for a contradiction.
"""

from __future__ import annotations

from typing import NamedTuple

from overlaysim.wire.decode import HEADERS, Bindings, bindings_of
from overlaysim.wire.header import Header
from overlaysim.wire.malformed import MalformedPacket
from overlaysim.wire.packet import Packet

UNKNOWN = 1 << 40
"""So many bytes are missing if nobody knows how many: more than any length field can state."""

KNOWN = bindings_of(HEADERS)
"""What may follow which number, by default."""


class Partial(NamedTuple):
    """As much of a packet as could be read; the rest of its bytes is payload.

    ``stopped`` says why the header that should follow was not read; empty if none should.
    ``malformed`` tells that it contradicts bytes that are there; else it may have been whole.
    """

    packet: Packet
    stopped: str = ""
    malformed: bool = False


def decode_partial(
    data: bytes, first: type[Header], missing: int = 0, bindings: Bindings = KNOWN
) -> Partial:
    """Read what is left of a packet in ``data``, behind which ``missing`` bytes were cut off.

    The packet packs to ``data`` again. With nothing missing it is the one that
    :func:`~overlaysim.wire.decode.decode` returns, except that all headers in a first fragment are
    read, and that bytes which contradict themselves are told instead of raising an exception.
    """
    layers: list[Header] = []
    trailers: list[tuple[int, bytes]] = []
    start, here = 0, len(data)  # what is there and not read yet
    end = here + missing  # where it would end, had nothing been cut off
    kind: type[Header] | None = first
    stopped = ""
    while kind is not None and not stopped:
        try:
            header, start, body_end = _step(kind, data, start, here, end)
        except MalformedPacket as error:
            stopped = str(error)
            continue
        behind = data[body_end : here - header.tail_length]
        if behind:
            trailers.append((len(layers), behind))
        layers.append(header)
        here = min(here, body_end)
        end = here + UNKNOWN if header.is_fragment else body_end
        binding = header.inner_binding()
        kind = None if binding is None else bindings.get(binding)
        kind = None if kind is None else kind.choose(data, start, here)
    packet = Packet(tuple(layers), data[start:here], tuple(reversed(trailers)))
    return Partial(packet, stopped, bool(stopped) and end == here)


def _step(
    kind: type[Header], data: bytes, start: int, here: int, end: int
) -> tuple[Header, int, int]:
    """Read the header at ``start``; return it and where its body begins and ends."""
    if end > here and kind.tail_length is not Header.tail_length:
        raise MalformedPacket(f"{kind.__name__} at byte {start}: what stands at its end is missing")
    header = kind.parse(data, start, here)
    start += header.header_length
    room = end - header.tail_length - start
    claimed = header.body_length(room)
    if not 0 <= claimed <= room:
        raise MalformedPacket(
            f"{kind.__name__} ending at byte {start}: states {claimed} bytes behind it, "
            f"there are {here - header.tail_length - start}"
        )
    return header, start, start + claimed
