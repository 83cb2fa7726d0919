"""What a cluster sends, counted where it is sent."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace


@dataclass(slots=True)
class Traffic:
    """Packets and payload of all nodes together, retransmissions not included.

    Attributes:
        datagrams: UDP packets.
        datagram_bytes: their payload.
        connections: TCP connections opened, or tried to.
        stream_bytes: TCP payload, both ways.
        segments: handshake packets (SYN and SYN/ACK) and data segments.
    """

    datagrams: int = 0
    datagram_bytes: int = 0
    connections: int = 0
    stream_bytes: int = 0
    segments: int = 0

    def copy(self) -> Traffic:
        """The counts of this moment."""
        return replace(self)

    def __sub__(self, before: Traffic) -> Traffic:
        """What was sent since."""
        names = [field.name for field in fields(Traffic)]
        return Traffic(*(getattr(self, name) - getattr(before, name) for name in names))
