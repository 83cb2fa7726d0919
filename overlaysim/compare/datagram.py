"""What becomes of one UDP datagram on the underlay: its frames, their lengths, their bytes.

All lengths follow from an encapsulation's declaration and from the headers' specifications; nothing
is built here. :mod:`overlaysim.compare.frames` builds the real frames by the same :class:`Way`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Final

from overlaysim.overlay.encapsulation import Carries, Encapsulation
from overlaysim.underlay import ETHERNET_EXTRAS
from overlaysim.wire import STT, DestinationOptions, HopByHop

IP: Final = {4: 20, 6: 40}
"""Bytes of an IP header without options, by version."""
UDP: Final = 8
ETHERNET: Final = 14
SMALLEST_FRAME: Final = 60
"""Bytes of the shortest frame, without its check sequence (IEEE 802.3 clause 3.2.8)."""
LARGEST_PACKET: Final = 65_535
"""Bytes of the longest IP packet."""

_FRAGMENT: Final = {4: 20, 6: 48}
"""Bytes in front of a fragment's data: IP header, over IPv6 also the fragment header."""
_TCP: Final = 20

PAYLOAD = "payload"
INNER = "inner IP and UDP"
OUTER_IP = "outer IP"
OUTER_TRANSPORT = "outer UDP or TCP"
HEADER = "tunnel header"
INNER_ETHERNET = "inner Ethernet"
TRAILER = "padding and tag"
PIECES = "headers of more pieces"
FRAME = "Ethernet"
STUFFING = "padding to 60 B"
EXTRAS = "FCS, preamble, gap"

ADDED = (OUTER_IP, OUTER_TRANSPORT, HEADER, INNER_ETHERNET, TRAILER)
"""Layers that an encapsulation adds to a packet, outermost first but for the trailer."""
LAYERS = (PAYLOAD, INNER, *ADDED, PIECES, FRAME, STUFFING, EXTRAS)
"""What the bytes that a datagram occupies on the wire are; they add up."""


class Way(Enum):
    """How a datagram crosses the underlay; the value is the word for people."""

    WHOLE = "whole"
    OUTER = "outer fragments"
    INNER = "inner fragments"
    SEGMENTS = "segments"
    NOT = "does not fit"


@dataclass(frozen=True)
class Road:
    """What all datagrams of one comparison point have in common.

    Attributes:
        family: outer IP version.
        wanted: inner IP version, where the encapsulation leaves a choice.
        mtu: of the underlay: bytes of its longest IP packet. VLAN tags do not count.
        cut: ``outer`` or ``inner``: where a packet that is too long is cut, if that is possible.
    """

    encapsulation: Encapsulation
    family: int = 4
    wanted: int = 4
    mtu: int = 1500
    cut: str = "outer"

    @property
    def inner(self) -> int:
        """Version of the IP packet that is carried.

        ESP in transport mode protects the host's own packet; some tunnels carry one version only.
        """
        known = self.encapsulation
        if known.carries is Carries.SEGMENT:
            return self.family
        return self.wanted if self.wanted in known.inner else known.inner[0]

    @property
    def inner_mtu(self) -> int:
        """The largest inner IP packet that goes into one outer packet, in bytes."""
        return self.encapsulation.inner_mtu(self.mtu, self.family)

    def packet(self, payload: int) -> int:
        """Bytes of the inner IP packet around ``payload`` bytes of a UDP datagram."""
        return payload + IP[self.inner] + UDP

    def outer(self, packet: int) -> int:
        """Bytes of the outer IP packet around an inner one; a tag does not count."""
        known = self.encapsulation
        return packet + known.added(packet, self.family, self.mtu) - known.tag

    def way(self, payload: int) -> Way:
        """How a datagram crosses. Inner IPv4 packets may be fragmented: their DF bit is clear."""
        packet = self.packet(payload)
        outer = self.outer(packet)
        if outer <= self.mtu:
            return Way.WHOLE
        if _is_cut_by_the_card(self.encapsulation):
            return Way.SEGMENTS
        if self.encapsulation.carries is Carries.DATAGRAM:
            return Way.NOT  # RFC 9298 section 6: what does not fit is dropped
        if self.may_cut_outside and outer <= LARGEST_PACKET:
            return Way.OUTER
        room = self.inner_mtu - _FRAGMENT[self.inner]
        return Way.INNER if room >= 8 else Way.NOT

    @property
    def may_cut_outside(self) -> bool:
        """Whether the sender may fragment the outer packet, and is asked to.

        It may where the outer DF bit is clear. That follows the inner packet's with the rule
        ``inherit``, and no IPv6 packet may be fragmented on its way. ESP in transport mode is
        always cut behind ESP (RFC 4303 section 3.3.4): there is no packet inside.
        """
        known = self.encapsulation
        if known.link:
            return False
        if known.carries is Carries.SEGMENT:
            return True
        inherited = known.df == "inherit" and self.inner == 6
        return self.cut == "outer" and known.df != "set" and not inherited


@dataclass(frozen=True)
class Datagram:
    """One datagram on the underlay.

    Attributes:
        payload: bytes of the application.
        packet: bytes of the inner IP packet.
        frames: bytes of each Ethernet frame, without check sequence; none if it does not fit.
        layers: what the bytes on the wire are, by :data:`LAYERS`.
    """

    payload: int
    packet: int
    way: Way
    frames: tuple[int, ...]
    layers: Counter[str]

    @property
    def wire(self) -> int:
        """Bytes that the frames occupy on the wire: with check sequence, preamble and gap."""
        return sum(max(frame, SMALLEST_FRAME) + ETHERNET_EXTRAS for frame in self.frames)


def datagram(road: Road, payload: int) -> Datagram:
    """Work out what ``payload`` bytes of a UDP datagram are on the underlay.

    The formulas for fragments are those of RFC 791 section 3.2 and RFC 8200 section 4.5.
    """
    packet, way = road.packet(payload), road.way(payload)
    pieces = _PIECES[way](road, packet)
    tag = road.encapsulation.tag
    frames = tuple(ETHERNET + tag + outer for _, outer in pieces)
    layers: Counter[str] = Counter()
    if frames:
        layers += Counter({PAYLOAD: payload, INNER: packet - payload})
        carried = [inner for inner, _ in pieces if inner]
        for length in carried:
            layers.update(added_layers(road, length))
        layers[PIECES] = sum(frames) - ETHERNET * len(frames) - sum(layers.values())
        layers[FRAME] = ETHERNET * len(frames)
        layers[STUFFING] = sum(max(0, SMALLEST_FRAME - frame) for frame in frames)
        layers[EXTRAS] = ETHERNET_EXTRAS * len(frames)
    return Datagram(payload, packet, way, frames, layers)


def added_layers(road: Road, packet: int) -> Counter[str]:
    """The bytes that are added to an inner packet, by :data:`ADDED`.

    The headers that CONNECT-UDP leaves out count as negative under :data:`INNER`.
    """
    layers: Counter[str] = Counter()
    for name, size in road.encapsulation.parts(packet, road.family, road.mtu):
        layers[_layer_of(name)] += size
    return layers


def _layer_of(part: str) -> str:
    if part.endswith(" trailer"):
        return TRAILER
    return _LAYER_OF.get(part, HEADER)


_LAYER_OF = {
    "IPv4": OUTER_IP, "IPv6": OUTER_IP, "UDP": OUTER_TRANSPORT, "TCP": OUTER_TRANSPORT,
    "inner Ethernet": INNER_ETHERNET, "inner IP and UDP, left out": INNER,
}  # fmt: skip


_OPTIONS = {kind.__name__ for kind in (HopByHop, DestinationOptions)}


def _is_cut_by_the_card(known: Encapsulation) -> bool:
    return known.network is not None and known.network[0] is STT


_Pieces = list[tuple[int, int]]
"""Per frame: bytes of the inner packet that begins in it (0: none does), bytes of the outer one."""


def _whole(road: Road, packet: int) -> _Pieces:
    return [(packet, road.outer(packet))]


def _outside(road: Road, packet: int) -> _Pieces:
    """Fragments of the outer packet; Linux repeats an IPv6 packet's options in front of each."""
    parts = road.encapsulation.parts(packet, road.family, road.mtu)
    options = sum(size for name, size in parts[1:2] if name in _OPTIONS)
    return _first(packet, _fragments(road.outer(packet), road.mtu, road.family, options))


def _inside(road: Road, packet: int) -> _Pieces:
    return [(piece, road.outer(piece)) for piece in _fragments(packet, road.inner_mtu, road.inner)]


def _segments(road: Road, packet: int) -> _Pieces:
    """TCP-like segments: ceil((18 + L) / (M - 40)) over IPv4 (draft-davie-stt section 3)."""
    front = IP[road.family] + _TCP
    body, room = road.outer(packet) - front, road.mtu - front
    return _first(packet, [front + piece for piece in _split(body, room)])


def _nothing(road: Road, packet: int) -> _Pieces:
    return []


_PIECES = {
    Way.WHOLE: _whole, Way.OUTER: _outside, Way.INNER: _inside, Way.SEGMENTS: _segments,
    Way.NOT: _nothing,
}  # fmt: skip


def _first(packet: int, outer: list[int]) -> _Pieces:
    """The inner packet begins in the first piece."""
    return [(packet if place == 0 else 0, length) for place, length in enumerate(outer)]


def _fragments(packet: int, mtu: int, version: int, options: int = 0) -> list[int]:
    """Bytes of the fragments of an IP packet: data in multiples of 8 but for the last."""
    front = _FRAGMENT[version] + options
    body = packet - IP[version] - options
    return [front + piece for piece in _split(body, (mtu - front) // 8 * 8)]


def _split(length: int, room: int) -> list[int]:
    count = -(-length // room)
    return [room] * (count - 1) + [length - room * (count - 1)]
