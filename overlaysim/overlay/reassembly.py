"""Putting IP fragments together again (RFC 791 section 3.2, RFC 8200 section 4.5)."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from overlaysim.overlay.fragments import behind_fixed, join, outermost_ip
from overlaysim.units import SECOND
from overlaysim.wire import IPv4, MalformedPacket, Packet, decode
from overlaysim.wire.ipv6 import IPv6Fragment

REASSEMBLY_TIME = 30 * SECOND
"""How long an incomplete IPv4 packet is kept (Linux ``net.ipv4.ipfrag_time``)."""
REASSEMBLY_TIME_6 = 60 * SECOND
"""The same for IPv6 (RFC 8200 section 4.5; Linux ``net.ipv6.ip6frag_time``)."""


class _Label(NamedTuple):
    """What a fragment says about itself; ``length`` is bytes behind the IP header."""

    datagram: Hashable
    offset: int
    more: bool
    length: int
    patience: int


def _label(packet: Packet) -> _Label | None:
    """Read a fragment's label; None for a whole packet."""
    place, ip = outermost_ip(packet)
    if isinstance(ip, IPv4):
        if not ip.is_fragment:
            return None
        key = (ip.src, ip.dst, ip.protocol, ip.ident)
        length = packet.inner(place + 1).length
        return _Label(key, ip.offset, ip.mf, length, REASSEMBLY_TIME)
    end = behind_fixed(packet, place)
    header = packet.layers[end] if end < len(packet.layers) else None
    if not isinstance(header, IPv6Fragment) or not header.is_fragment:
        return None
    key6 = (ip.src, ip.dst, header.ident)
    length = packet.inner(end + 1).length
    return _Label(key6, header.offset, header.mf, length, REASSEMBLY_TIME_6)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole packet, and the owners of its pieces in the order of their places in it."""

    packet: Packet
    owners: tuple[Any, ...]


class _Piece(NamedTuple):
    packet: Packet
    length: int
    more: bool
    owner: Any


@dataclass(slots=True)
class _Datagram:
    """The pieces of one packet that have come so far, by offset."""

    expires: int
    pieces: dict[int, _Piece] = field(default_factory=dict)

    def overlaps(self, offset: int, length: int) -> bool:
        """Whether a piece shares bytes with another that is not the very same range."""
        return any(
            start < offset + length and offset < start + piece.length
            for start, piece in self.pieces.items()
        )

    def in_order(self) -> list[_Piece] | None:
        """The pieces in order if they are the whole packet, else None."""
        expected = 0
        ordered = []
        for offset in sorted(self.pieces):
            if offset != expected:
                return None
            ordered.append(self.pieces[offset])
            expected += ordered[-1].length
        return None if ordered[-1].more else ordered


class Reassembler:
    """Puts the fragments that reach one host together again.

    Each piece can come with an owner, for example the account of its journey. Owners of pieces that
    will never be part of a whole packet are handed out by :meth:`take_lost`.
    """

    def __init__(self) -> None:
        self._datagrams: dict[Hashable, _Datagram] = {}
        self._lost: list[Any] = []

    def receive(self, packet: Packet, now: int, owner: Any = None) -> Whole | None:
        """Take a frame or bare IP packet; returns the whole packet once its last piece is here.

        What is no fragment comes back at once. A repeated piece is lost; pieces that overlap
        otherwise lose the whole packet, as in Linux (``net/ipv4/inet_fragment.c``).
        """
        label = _label(packet)
        if label is None:
            return Whole(packet, (owner,))
        datagram = self._datagrams.setdefault(label.datagram, _Datagram(now + label.patience))
        known = datagram.pieces.get(label.offset)
        if known is not None and known.length == label.length:
            self._lost.append(owner)
            return None
        if datagram.overlaps(label.offset, label.length):
            self._lost.append(owner)
            self._forget(label.datagram)
            return None
        datagram.pieces[label.offset] = _Piece(packet, label.length, label.more, owner)
        ordered = datagram.in_order()
        if ordered is None:
            return None
        del self._datagrams[label.datagram]
        whole = _read_again(join([piece.packet for piece in ordered]))
        return Whole(whole, tuple(piece.owner for piece in ordered))

    def take_lost(self) -> list[Any]:
        """Hand over the owners of pieces that came to nothing since the last call."""
        lost, self._lost = self._lost, []
        return lost

    def expire(self, now: int) -> None:
        """Give up what has waited too long."""
        late = [key for key, datagram in self._datagrams.items() if datagram.expires <= now]
        for key in late:
            self._forget(key)

    def flush(self) -> None:
        """Give up everything."""
        for key in list(self._datagrams):
            self._forget(key)

    def next_expiry(self) -> int | None:
        """When :meth:`expire` will next have something to give up; None for never."""
        return min((datagram.expires for datagram in self._datagrams.values()), default=None)

    def _forget(self, key: Hashable) -> None:
        self._lost += [piece.owner for piece in self._datagrams.pop(key).pieces.values()]


def _read_again(packet: Packet) -> Packet:
    """Find the headers that were cut into bytes; a packet of opaque bytes had none of those."""
    if not isinstance(packet.payload, bytes):
        return packet
    try:
        return decode(packet.pack(), type(packet.layers[0]))
    except MalformedPacket:
        return packet
