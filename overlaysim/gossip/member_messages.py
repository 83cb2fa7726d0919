"""memberlist's messages, their bytes, and how long packets and streams are.

Formats: ``net.go`` and ``util.go`` of hashicorp/memberlist. News are sent many times and keep their
bytes; the other messages make them when asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar

from overlaysim.gossip import framing
from overlaysim.gossip.member_encoding import (
    ENCODED_PORT,
    PORT,
    TYPE_BYTE,
    MessageType,
    encode_address,
    encode_message,
)
from overlaysim.gossip.messages import (
    BulkSync,
    Compound,
    Message,
    NetworkEvent,
    NetworkPushPull,
    NodeEvent,
)
from overlaysim.gossip.msgpack import boolean, raw, signed, struct, text, unsigned
from overlaysim.gossip.probe_messages import Ack, IndirectPing, Nack, Ping, Probe

__all__ = [
    "COMPOUND_ENTRY", "COMPOUND_HEADER", "ENCRYPTION", "PORT", "TYPE_BYTE", "Ack", "Alive", "Dead",
    "IndirectPing", "Member", "MemberCompound", "MemberMessage", "MemberState", "Nack", "Packet",
    "Ping", "Probe", "PushPull", "Suspect", "UserMessage", "packet_length", "stream_length",
]  # fmt: skip

COMPOUND_HEADER = 2
COMPOUND_ENTRY = 2
"""A compound packet: type and count, then a 16-bit length for each message (``util.go``)."""

ENCRYPTION = framing.ENCRYPTION

_META = raw(b"")  # NodeMeta of moby daemon/libnetwork/networkdb/delegate.go
_VERSIONS = raw(bytes((1, 5, 2, 0, 0, 0)))
"""Protocol versions spoken: at least, at most and now, then those of NetworkDB's messages."""


class MemberState(IntEnum):
    """Where a node stands (``state.go`` NodeStateType); the numbers are those on the wire."""

    ALIVE = 0
    SUSPECT = 1
    DEAD = 2
    LEFT = 3


@dataclass(frozen=True, slots=True)
class Member:
    """What is known of one node. Nodes that think alike share one object.

    Attributes:
        node: name of the node.
        address: its IPv4 address.
        incarnation: of the last news believed.
        state: where it stands.
        gone: whether it is dead or has left.
        entry: its bytes in a push/pull (``pushNodeState``).
    """

    node: str
    address: str
    incarnation: int
    state: MemberState
    gone: bool = field(init=False, compare=False, repr=False)
    entry: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        entry = struct(
            Addr=encode_address(self.address),
            Incarnation=unsigned(self.incarnation),
            Meta=_META,
            Name=text(self.node),
            Port=ENCODED_PORT,
            State=signed(self.state),
            Vsn=_VERSIONS,
        )
        object.__setattr__(self, "gone", self.state >= MemberState.DEAD)
        object.__setattr__(self, "entry", entry)


@dataclass(frozen=True, slots=True)
class Alive(Message):
    """A node is a member of the cluster.

    Attributes:
        incarnation: how often the node has spoken up for itself; the higher one is believed.
        node: name of the node.
        address: its IPv4 address.
        wire: its bytes.
        member: what those who believe it know of the node.
    """

    incarnation: int
    node: str
    address: str
    wire: bytes = field(init=False, compare=False, repr=False)
    member: Member = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        wire = encode_message(
            MessageType.ALIVE,
            Addr=encode_address(self.address),
            Incarnation=unsigned(self.incarnation),
            Meta=_META,
            Node=text(self.node),
            Port=ENCODED_PORT,
            Vsn=_VERSIONS,
        )
        member = Member(self.node, self.address, self.incarnation, MemberState.ALIVE)
        object.__setattr__(self, "wire", wire)
        object.__setattr__(self, "member", member)


@dataclass(frozen=True, slots=True)
class _Accusation(Message):
    _kind: ClassVar[MessageType]
    incarnation: int
    node: str
    accuser: str
    wire: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        wire = encode_message(
            self._kind,
            From=text(self.accuser),
            Incarnation=unsigned(self.incarnation),
            Node=text(self.node),
        )
        object.__setattr__(self, "wire", wire)


class Suspect(_Accusation):
    """A node did not answer.

    Attributes:
        incarnation: the incarnation that is suspected.
        node: name of the node.
        accuser: name of the node that says so.
        wire: its bytes.
    """

    __slots__ = ()
    _kind = MessageType.SUSPECT


class Dead(_Accusation):
    """A node is no member any more; it has left if it says so itself.

    Attributes:
        incarnation: the incarnation that is over.
        node: name of the node.
        accuser: name of the node that says so.
        wire: its bytes.
    """

    __slots__ = ()
    _kind = MessageType.DEAD


@dataclass(frozen=True, slots=True)
class UserMessage(Message):
    """A message of NetworkDB in a packet of memberlist.

    Attributes:
        content: the message.
    """

    content: NodeEvent | NetworkEvent | Compound

    @property
    def wire(self) -> bytes:
        """Its bytes."""
        return bytes((MessageType.USER,)) + self.content.wire


MemberMessage = Alive | Suspect | Dead | Probe | UserMessage


@dataclass(frozen=True, slots=True)
class MemberCompound(Message):
    """Several memberlist messages in one packet.

    Attributes:
        messages: what is inside, in order; at most 255.
    """

    messages: tuple[MemberMessage, ...]

    @property
    def wire(self) -> bytes:
        """Its bytes."""
        parts = [message.wire for message in self.messages]
        lengths = b"".join(len(part).to_bytes(COMPOUND_ENTRY, "big") for part in parts)
        return bytes((MessageType.COMPOUND, len(parts))) + lengths + b"".join(parts)


Packet = MemberMessage | MemberCompound
"""What a UDP packet holds."""


@dataclass(frozen=True, slots=True)
class PushPull(Message):
    """The full state of the membership, with who is in which network appended.

    Attributes:
        join: whether the sender is just joining the cluster.
        members: all nodes that the sender knows, itself included.
        networks: NetworkDB's part.
    """

    join: bool
    members: tuple[Member, ...]
    networks: NetworkPushPull

    @property
    def wire(self) -> bytes:
        """Its bytes."""
        networks = self.networks.wire
        header = encode_message(
            MessageType.PUSH_PULL,
            Join=boolean(self.join),
            Nodes=signed(len(self.members)),
            UserStateLen=signed(len(networks)),
        )
        return b"".join((header, *(member.entry for member in self.members), networks))


def packet_length(packet: Packet, compression: bool = True) -> int:
    """Bytes of UDP payload.

    Args:
        packet: what the sender put into it.
        compression: whether to compress it if that makes it shorter.
    """
    return framing.framed_packet_length(packet.wire, compression, _has_checksum(packet))


def stream_length(content: PushPull | BulkSync | Ping | Ack, compression: bool = True) -> int:
    """Bytes of TCP payload.

    Args:
        content: the message; a bulk sync is a user message with a header that tells its length.
        compression: whether it is compressed.
    """
    wire = content.wire
    if isinstance(content, BulkSync):
        wire = encode_message(MessageType.USER, UserMsgLen=signed(len(wire))) + wire
    return framing.framed_stream_length(wire, compression)


def _has_checksum(packet: Packet) -> bool:
    """Whether memberlist knows whom it sends to when it builds the packet.

    Probes and their answers go to an address (``net.go`` sendMsg), with whatever news ride along;
    ``rawSendMsgPacket`` looks that up among the names of nodes, and Docker's are no addresses. The
    probe of a suspect, which consists of ping and accusation, goes to the node (``state.go``
    probeNode), and so does all gossip.
    """
    if not isinstance(packet, MemberCompound):
        return not isinstance(packet, Probe)
    match packet.messages:
        case (Ping() as ping, Suspect() as news):
            return ping.node == news.node and ping.source_node == news.accuser
        case (first, *_):
            return not isinstance(first, Probe)
    return True
