"""The real frames of datagrams, and a receiver that makes datagrams of frames again."""

from __future__ import annotations

from dataclasses import dataclass, field

from overlaysim.compare.datagram import SMALLEST_FRAME, Datagram, Road, Way
from overlaysim.overlay.encapsulation import Carries, Tunnel
from overlaysim.overlay.flow import flow_hash
from overlaysim.overlay.fragments import Reassembler, fragment
from overlaysim.overlay.fragments6 import fragment6
from overlaysim.overlay.stt import segments
from overlaysim.wire import TCP, UDP, Ethernet, IPv4, IPv6, IPv6Fragment, Opaque, Packet, decode
from overlaysim.wire.stt import SttFirstSegment, place

_HASH_KEY = 0x6F7665726C61792E
"""A sending host's key for the hashes of its flows."""


@dataclass(frozen=True)
class Flow:
    """Who sends to whom: two VTEPs, two containers, their ports, and the network they are in.

    The defaults are addresses for documentation (RFC 5737, RFC 3849) and of private networks.
    """

    network: int = 4097
    vteps: dict[int, tuple[str, str]] = field(
        default_factory=lambda: {
            4: ("192.0.2.1", "192.0.2.2"), 6: ("2001:db8::1", "2001:db8::2"),
        }
    )  # fmt: skip
    containers: dict[int, tuple[str, str]] = field(
        default_factory=lambda: {4: ("10.0.1.2", "10.0.1.3"), 6: ("fd01::2", "fd01::3")}
    )
    ports: tuple[int, int] = (49_152, 5001)

    def frame(self, road: Road, payload: int) -> Packet:
        """The frame that the sending container puts out.

        ESP in transport mode protects packets of the hosts themselves.
        """
        own = road.encapsulation.carries is Carries.SEGMENT
        source, target = (self.vteps if own else self.containers)[road.inner]
        ip = IPv6(source, target) if road.inner == 6 else IPv4(source, target)
        ethernet = Ethernet("02:42:0a:00:01:03", "02:42:0a:00:01:02")
        return Packet((ethernet, ip, UDP(*self.ports)), Opaque(payload))

    def tunnel(self, road: Road, frame: Packet, number: int) -> Tunnel:
        """What the tunnel's device knows when it gets ``frame``, the ``number``-th one."""
        source, target = self.vteps[road.family]
        return Tunnel(
            source, target, "02:00:00:00:00:01", "02:00:00:00:00:02", self.network,
            flow=flow_hash(frame, _HASH_KEY), number=number, ident=number & 0xFFFF, mtu=road.mtu,
        )  # fmt: skip


def frames_of(road: Road, sent: Datagram, flow: Flow, number: int = 0) -> list[Packet]:
    """Build the frames of a datagram, the ``number``-th of its flow, as they go onto the wire."""
    if sent.way is Way.NOT:
        return []
    frame = flow.frame(road, sent.payload)
    tunnel = flow.tunnel(road, frame, number)
    pieces = _cut(frame, road.inner_mtu, number) if sent.way is Way.INNER else [frame]
    frames = [road.encapsulation.encapsulate(piece, tunnel) for piece in pieces]
    if sent.way is Way.OUTER:
        frames = _cut(_opaque(frames[0]), road.mtu, number)
    elif sent.way is Way.SEGMENTS:
        frames = segments(frames[0], road.mtu)
    return [_padded(frame) for frame in frames]


def _cut(frame: Packet, mtu: int, ident: int) -> list[Packet]:
    if isinstance(frame.layers[1], IPv6):
        return fragment6(frame, mtu, ident)
    return fragment(frame, mtu)


def _opaque(frame: Packet) -> Packet:
    """The same frame with everything behind its IP header as bytes, as who fragments it sees it."""
    front = frame.resolved().layers[:2]
    return Packet(front, frame.pack()[sum(layer.header_length for layer in front) :])


def _padded(frame: Packet) -> Packet:
    """The frame with the padding that the network card puts behind what is too short."""
    missing = SMALLEST_FRAME - frame.length
    if missing <= 0:
        return frame
    ip = next(i for i, layer in enumerate(frame.layers) if isinstance(layer, IPv4 | IPv6))
    return Packet(frame.layers, frame.payload, (*frame.trailers, (ip, bytes(missing))))


class Receiver:
    """The far end: puts pieces together, decapsulates, and hands out payloads.

    Frames come in the order in which they were sent, as they do on one path.
    """

    def __init__(self, road: Road) -> None:
        self._road = road
        self._outer = _Assembler()
        self._inner = _Assembler()

    def receive(self, frame: Packet) -> int | None:
        """Take a frame; returns the bytes of payload once a datagram is complete, else None.

        Raises:
            NotDelivered: the tunnel's end would drop it.
        """
        known = self._road.encapsulation
        if not known.link:
            assembled = self._outer.take(frame)
            if assembled is None:
                return None
            frame = assembled if isinstance(assembled, Packet) else known.decode(assembled)
        _, inner = known.decapsulate(frame)
        if not inner.layers:  # the bare payload that CONNECT-UDP carries
            return len(inner.payload)
        if known.carries is Carries.FRAME and not known.link:
            inner = inner.inner(1)
        whole = self._inner.take(inner)
        if whole is None:
            return None
        if isinstance(whole, bytes):
            first = IPv6 if whole[0] >> 4 == 6 else IPv4
            whole = decode(whole, first)
        return len(whole.payload)


class _Assembler:
    """Puts the pieces of one packet after the other together; whole packets pass through.

    What was cut as bytes comes back as the bytes of the whole frame or packet.
    """

    def __init__(self) -> None:
        self._ipv4 = Reassembler()
        self._body = b""

    def take(self, packet: Packet) -> Packet | bytes | None:
        front = 1 if isinstance(packet.layers[0], Ethernet) else 0
        ip, behind = packet.layers[front], packet.layers[front + 1 : front + 2]
        if isinstance(ip, IPv4) and ip.is_fragment:
            whole = self._ipv4.receive(packet, 0)
            return whole.pack() if whole is not None and front else whole
        if behind and isinstance(behind[0], IPv6Fragment):
            return self._fragment6(packet, front, behind[0])
        if behind and isinstance(behind[0], TCP):
            return self._segment(packet, behind[0])
        return packet

    def _fragment6(self, packet: Packet, front: int, piece: IPv6Fragment) -> bytes | None:
        self._collect(piece.offset, bytes(packet.payload))
        if piece.mf:
            return None
        ip = packet.layers[front].replace(next_header=piece.next_header)
        return Packet((*packet.layers[:front], ip), self._body).pack()

    def _segment(self, packet: Packet, tcp: TCP) -> Packet | bytes | None:
        total, offset = place(tcp.seq)
        first = packet.layers[3] if len(packet.layers) > 3 else None
        if offset == 0 and not isinstance(first, SttFirstSegment):
            return packet
        self._collect(offset, packet.inner(3).pack())
        if len(self._body) < total:
            return None
        layers = (*packet.layers[:2], tcp.replace(seq=tcp.seq - offset))
        return Packet(layers, self._body).pack()

    def _collect(self, offset: int, data: bytes) -> None:
        self._body = data if offset == 0 else self._body + data
        if len(self._body) != offset + len(data):
            raise ValueError("a piece is missing")
