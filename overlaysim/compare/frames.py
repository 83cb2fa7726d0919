"""The real frames of datagrams, and a receiver that makes datagrams of frames again."""

from __future__ import annotations

from dataclasses import dataclass, field

from overlaysim.compare.datagram import SMALLEST_FRAME, Datagram, Road, Way
from overlaysim.overlay.encapsulation import Carries, Tunnel
from overlaysim.overlay.flow import flow_hash
from overlaysim.overlay.fragments import fragment, outermost_ip
from overlaysim.overlay.reassembly import Reassembler
from overlaysim.overlay.stt import join_segments, segments
from overlaysim.wire import TCP, UDP, Ethernet, IPv4, IPv6, Opaque, Packet

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
    pieces = fragment(frame, road.inner_mtu, number) if sent.way is Way.INNER else [frame]
    frames = [road.encapsulation.encapsulate(piece, tunnel) for piece in pieces]
    if sent.way is Way.OUTER:
        frames = fragment(frames[0], road.mtu, number)
    elif sent.way is Way.SEGMENTS:
        frames = segments(frames[0], road.mtu)
    return [_padded(frame) for frame in frames]


def _padded(frame: Packet) -> Packet:
    """The frame with the padding that the network card puts behind what is too short."""
    missing = SMALLEST_FRAME - frame.length
    if missing <= 0:
        return frame
    ip, _ = outermost_ip(frame)
    return Packet(frame.layers, frame.payload, (*frame.trailers, (ip, bytes(missing))))


class Receiver:
    """The far end: puts pieces together, decapsulates, and hands out payloads.

    STT segments come in the order in which they were sent, as they do on one path.
    """

    def __init__(self, road: Road) -> None:
        self._known = road.encapsulation
        self._outer, self._inner = Reassembler(), Reassembler()
        self._segments: list[Packet] = []

    def receive(self, frame: Packet) -> int | None:
        """Take a frame; returns the bytes of payload once a datagram is complete, else None.

        Raises:
            NotDelivered: the tunnel's end would drop it.
        """
        known = self._known
        whole = frame if known.link else self._assemble(frame)
        if whole is None:
            return None
        _, inner = known.decapsulate(whole)
        if not inner.layers:  # the bare payload that CONNECT-UDP carries
            return len(inner.payload)
        packet = self._inner.receive(inner, 0)
        return None if packet is None else len(packet.packet.payload)

    def _assemble(self, frame: Packet) -> Packet | None:
        """Put an outer packet together; what is read again is read as this tunnel's."""
        if any(isinstance(layer, TCP) for layer in frame.layers[2:3]):
            whole = self._collect(frame)
        else:
            found = self._outer.receive(frame, 0)
            whole = None if found is None else found.packet
        return whole if whole is None or whole is frame else self._known.decode(whole.pack())

    def _collect(self, frame: Packet) -> Packet | None:
        self._segments.append(frame)
        whole = join_segments(self._segments)
        if whole is not None:
            self._segments = []
        return whole
