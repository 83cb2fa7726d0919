"""What a UDP packet brings, handed to the part it concerns."""

from __future__ import annotations

from overlaysim.gossip.member_messages import Alive, Dead, MemberCompound, Packet, UserMessage
from overlaysim.gossip.membership import Membership
from overlaysim.gossip.messages import Compound, NetworkEvent, NodeEvent
from overlaysim.gossip.tables import Tables


class PacketReader:
    """Takes packets apart (``ML/net.go`` handleCommand, ``NDB/delegate.go`` handleMessage)."""

    def __init__(self, membership: Membership, tables: Tables) -> None:
        self._membership = membership
        self._tables = tables
        self._directory = tables.directory

    def on_packet(self, packet: Packet, now: int) -> None:
        """A packet came in, or a message that was inside one."""
        match packet:
            case UserMessage():
                self._on_user_message(packet.content, now)
            case MemberCompound():
                for message in packet.messages:
                    self.on_packet(message, now)
            case Alive():
                self._membership.on_alive(packet, now)
            case Dead():
                self._membership.on_dead(packet, now)

    def _on_user_message(self, content: NodeEvent | NetworkEvent | Compound, now: int) -> None:
        match content:
            case Compound():
                self._tables.on_events(content, now, by_bulk_sync=False)
            case NetworkEvent():
                self._directory.on_network_event(content, now)
            case NodeEvent():
                self._directory.on_node_event(content, now)
