"""What goes into and comes out of a gossip node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from overlaysim.gossip.member_messages import Packet, PushPull
from overlaysim.gossip.messages import BulkSync

StreamContent = PushPull | BulkSync


@dataclass(frozen=True, slots=True)
class DatagramIn:
    """A UDP packet came in.

    Attributes:
        source: address of the sender.
        packet: what the sender put into it.
    """

    source: str
    packet: Packet


@dataclass(frozen=True, slots=True)
class StreamIn:
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


@dataclass(frozen=True, slots=True)
class StreamFailed:
    """A connection this node opened could not be made or broke before it was through.

    Attributes:
        stream: the number this node gave it.
    """

    stream: int


@dataclass(frozen=True, slots=True)
class Datagram:
    """A UDP packet to send.

    Attributes:
        target: address of the receiver.
        packet: its content, to be handed to the receiver as it is.
        length: bytes of UDP payload.
        kind: membership gossip or table gossip.
    """

    target: str
    packet: Packet
    length: int
    kind: Literal["membership", "table"]


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """A TCP connection to open and a message to send on it.

    Attributes:
        target: address of the receiver.
        stream: number of the connection, unique at this node.
        content: the message.
        length: bytes of TCP payload.
        kind: membership exchange or table exchange.
        expects_reply: whether the peer answers on the same connection.
    """

    target: str
    stream: int
    content: StreamContent
    length: int
    kind: Literal["push-pull", "bulk-sync"]
    expects_reply: bool


@dataclass(frozen=True, slots=True)
class StreamReply:
    """A message to send back on a connection that the peer opened.

    Attributes:
        stream: the number the peer gave the connection.
        target: address of the peer.
        content: the message.
        length: bytes of TCP payload.
        kind: only the membership exchange is answered on the same connection.
    """

    stream: int
    target: str
    content: StreamContent
    length: int
    kind: Literal["push-pull"]


Incoming = DatagramIn | StreamIn | StreamFailed
Outgoing = Datagram | StreamRequest | StreamReply


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
