"""What goes into and comes out of a gossip node.

Those of them that exist once per packet are named tuples: their making is the cheapest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, NamedTuple

from overlaysim.gossip.member_messages import (
    Ack,
    Packet,
    Ping,
    PushPull,
    packet_length,
    stream_length,
)
from overlaysim.gossip.messages import BulkSync

StreamContent = PushPull | BulkSync | Ping | Ack


class DatagramIn(NamedTuple):
    """A UDP packet came in.

    Attributes:
        source: address of the sender.
        packet: what the sender put into it.
    """

    source: str
    packet: Packet


class StreamIn(NamedTuple):
    """A whole message came in on a TCP connection.

    Attributes:
        source: address of the sender.
        stream: of a request, the number the sender gave the connection; of a reply, the number
            this node gave it.
        content: the message.
        reply: whether it answers a request of this node.
    """

    source: str
    stream: int
    content: StreamContent
    reply: bool


class StreamFailed(NamedTuple):
    """A connection this node opened could not be made or broke before it was through.

    Attributes:
        stream: the number this node gave it.
    """

    stream: int


class Datagram(NamedTuple):
    """A UDP packet to send.

    Attributes:
        target: address of the receiver.
        packet: its content, to be handed to the receiver as it is.
        kind: failure detection, membership gossip or table gossip.
        compression: whether the packet is compressed where that makes it smaller.
    """

    target: str
    packet: Packet
    kind: Literal["probe", "membership", "table"]
    compression: bool = True

    @property
    def length(self) -> int:
        """Bytes of UDP payload."""
        return packet_length(self.packet, self.compression)


class StreamRequest(NamedTuple):
    """A TCP connection to open and a message to send on it.

    Attributes:
        target: address of the receiver.
        stream: number of the connection, unique at this node.
        content: the message.
        kind: failure detection, membership exchange or table exchange.
        expects_reply: whether the peer answers on the same connection.
        limit: picoseconds after which the node no longer waits for the connection, or for the
            reply if it expects one.
        compression: whether the message is compressed.
    """

    target: str
    stream: int
    content: StreamContent
    kind: Literal["probe", "push-pull", "bulk-sync"]
    expects_reply: bool
    limit: int
    compression: bool = True

    @property
    def length(self) -> int:
        """Bytes of TCP payload."""
        return stream_length(self.content, self.compression)


class StreamReply(NamedTuple):
    """A message to send back on a connection that the peer opened.

    Attributes:
        stream: the number the peer gave the connection.
        target: address of the peer.
        content: the message.
        kind: failure detection or membership exchange.
        compression: whether the message is compressed.
    """

    stream: int
    target: str
    content: StreamContent
    kind: Literal["probe", "push-pull"]
    compression: bool = True

    @property
    def length(self) -> int:
        """Bytes of TCP payload."""
        return stream_length(self.content, self.compression)


Incoming = DatagramIn | StreamIn | StreamFailed
Outgoing = Datagram | StreamRequest | StreamReply


class NodeState(Enum):
    """Where NetworkDB has a node (``NDB/nodemgmt.go``); forgotten ones it has only as news."""

    ACTIVE = "active"
    FAILED = "failed"
    LEFT = "left"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """An entry as it is stored, visible or not.

    Attributes:
        value: the value; of a tombstone the last one.
        owner: name of the node that wrote it.
        deleted: whether it is a tombstone.
        hidden: whether it cannot be seen because its owner has failed.
        remaining: picoseconds until it is removed; None if it stays.
    """

    value: Any
    owner: str
    deleted: bool
    hidden: bool
    remaining: int | None


@dataclass(frozen=True, slots=True)
class TableChange:
    """What somebody watching the tables of one node sees.

    Attributes:
        kind: what happened to the entry as seen so far; an update that overtook its create is a
            "created".
        network: id of the network.
        table: name of the table.
        key: key of the entry.
        value: the value now; None after a delete.
        previous: the value last seen; None before a create.
        owner: name of the node that wrote the entry; of a deleted one, the node that held it.
    """

    kind: Literal["created", "updated", "deleted"]
    network: str
    table: str
    key: str
    value: Any
    previous: Any
    owner: str
