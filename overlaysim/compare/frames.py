"""The real frames of datagrams, and a receiver that makes datagrams of frames again."""

from __future__ import annotations

from overlaysim.compare.datagram import SMALLEST_FRAME, Datagram, Road, Way
from overlaysim.overlay.fragments import fragment, outermost_ip
from overlaysim.overlay.reassembly import Reassembler
from overlaysim.overlay.stt import join_segments, segments
from overlaysim.planes.frames import Flow
from overlaysim.wire import TCP, Packet

__all__ = ["Flow", "Receiver", "frames_of"]


def frames_of(road: Road, sent: Datagram, flow: Flow, number: int = 0) -> list[Packet]:
    """Build the frames of a datagram, the ``number``-th of its flow, as they go onto the wire."""
    if sent.way is Way.NOT:
        return []
    known = road.encapsulation
    frame = flow.frame(known, sent.payload, inner=road.inner)
    tunnel = flow.tunnel(frame, family=road.family, number=number, mtu=road.mtu)
    pieces = fragment(frame, road.inner_mtu, number) if sent.way is Way.INNER else [frame]
    frames = [known.encapsulate(piece, tunnel) for piece in pieces]
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
