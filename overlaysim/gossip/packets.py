"""What a UDP packet brings, handed to the part it concerns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from overlaysim.gossip.tables import Tables


class PacketReader:
    """Takes packets apart (``ML/net.go`` handleCommand, ``NDB/delegate.go`` handleMessage)."""

    def __init__(self, membership: Membership, prober: Prober, tables: Tables) -> None:
        directory = tables.directory
        self._handlers: dict[type, Callable[[Any, int], None]] = {
            Ping: lambda ping, now: prober.on_ping(ping),
            Ack: prober.on_ack,
            Nack: lambda nack, now: prober.on_nack(nack),
            IndirectPing: prober.on_indirect_ping,
            Alive: membership.on_alive,
            Suspect: membership.on_suspect,
            Dead: membership.on_dead,
            UserMessage: lambda message, now: self._contents[type(message.content)](
                message.content, now
            ),
            MemberCompound: self._on_compound,
        }
        self._contents: dict[type, Callable[[Any, int], None]] = {
            Compound: lambda compound, now: tables.on_events(compound, now, by_bulk_sync=False),
            NetworkEvent: directory.on_network_event,
            NodeEvent: directory.on_node_event,
        }

    def on_packet(self, packet: Packet, now: int) -> None:
        """A packet came in, or a message that was inside one."""
        self._handlers[type(packet)](packet, now)

    def _on_compound(self, compound: MemberCompound, now: int) -> None:
        for message in compound.messages:
            self._handlers[type(message)](message, now)
