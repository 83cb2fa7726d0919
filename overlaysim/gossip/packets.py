"""What a UDP packet brings, handed to the part it concerns."""

from __future__ import annotations

from overlaysim.gossip.directory import Directory
from overlaysim.gossip.hearsay import Hearsay
from overlaysim.gossip.member_messages import (
    Ack,
    Alive,
    Dead,
    IndirectPing,
    MemberCompound,
    Nack,
    Packet,
    Ping,
    Suspect,
    UserMessage,
)
from overlaysim.gossip.membership import Membership
from overlaysim.gossip.messages import Compound, NetworkEvent, NodeEvent
from overlaysim.gossip.prober import Prober


class PacketReader:
    """Takes packets apart (``ML/net.go`` handleCommand, ``NDB/delegate.go`` handleMessage)."""

    __slots__ = ("_directory", "_hearsay", "_membership", "_prober")

    def __init__(
        self, membership: Membership, prober: Prober, directory: Directory, hearsay: Hearsay
    ) -> None:
        self._membership = membership
        self._prober = prober
        self._directory = directory
        self._hearsay = hearsay

    def on_packet(self, packet: Packet, now: int) -> None:
        """A packet came in, or a message that was inside one.

        The most frequent ones come first: patterns are tried one after the other.
        """
        match packet:
            case UserMessage(content=Compound() as compound):
                self._hearsay.on_events(compound, now)
            case Ping():
                self._prober.on_ping(packet)
            case Ack():
                self._prober.on_ack(packet, now)
            case MemberCompound():
                for message in packet.messages:
                    self.on_packet(message, now)
            case _:
                self._on_news(packet, now)

    def _on_news(self, packet: Packet, now: int) -> None:
        match packet:
            case UserMessage(content=NetworkEvent() as event):
                self._directory.networks.on_event(event, now)
            case UserMessage(content=NodeEvent() as event):
                self._directory.on_node_event(event, now)
            case Alive():
                self._membership.on_alive(packet, now)
            case Suspect():
                self._membership.on_suspect(packet, now)
            case Dead():
                self._membership.on_dead(packet, now)
            case IndirectPing():
                self._prober.on_indirect_ping(packet, now)
            case Nack():
                self._prober.on_nack(packet)
