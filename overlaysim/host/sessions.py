"""The streams of CONNECT-UDP between hosts: what a tunnel without inner headers leaves to say.

A CONNECT-UDP request tells the proxy once whom its datagrams are for (RFC 9298 section 3); after
that a datagram carries only the number of its stream. The request itself is not simulated: both
ends know of it when the first datagram leaves.
"""

from __future__ import annotations

from overlaysim.host.directory import Directory
from overlaysim.overlay.encapsulation import CannotCarry
from overlaysim.wire import UDP, IPv4, IPv6, Packet, QuicDatagram

STREAMS = 64
"""Streams of a connection whose number fits one byte (RFC 9000 section 16)."""

_PLACE = 3  # of the QUIC header in a frame: behind Ethernet, IP and UDP


class Sessions:
    """One host's ends of all CONNECT-UDP streams."""

    def __init__(self, host: str, directory: Directory) -> None:
        self._host = host
        self._directory = directory

    def number(self, outer: Packet, frame: Packet, target: str) -> Packet:
        """Return ``outer`` with the number of the stream that carries the flow of ``frame``.

        Raises:
            CannotCarry: the connection has no number left for another flow.
        """
        header = outer.layer(_PLACE, QuicDatagram)
        streams = self._directory.streams.setdefault((self._host, target, header.connection), [])
        ip, udp = frame.layer(1, IPv4), frame.layer(2, UDP)
        flow = (ip.src, ip.dst, udp.src_port, udp.dst_port)
        if flow not in streams:
            if len(streams) == STREAMS:
                raise CannotCarry(f"the connection has its {STREAMS} streams")
            streams.append(flow)
        return outer.replace(_PLACE, header.replace(stream=streams.index(flow)))

    def restore(self, outer: Packet, payload: Packet) -> Packet:
        """Return the datagram that a payload came from, as the far end makes it anew."""
        header = outer.layer(_PLACE, QuicDatagram)
        sender = self._directory.host_at(outer_source(outer))
        assert sender is not None
        known = self._directory.streams[sender.name, self._host, header.connection]
        source, target, source_port, target_port = known[header.stream]
        return payload.wrap(IPv4(source, target), UDP(source_port, target_port))


def outer_source(packet: Packet) -> str:
    """The source address of the outer IP header of a frame."""
    ip = packet.layers[1]
    assert isinstance(ip, IPv4 | IPv6)
    return ip.src
