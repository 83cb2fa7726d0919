"""memberlist's messages, their sizes and the framing of packets and streams.

Formats: ``net.go`` and ``util.go`` of hashicorp/memberlist: one type byte, then a msgpack map from
field name to value. Sizes are before compression, as in :mod:`overlaysim.gossip.messages`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from overlaysim.gossip.lengths import msgpack_integer, msgpack_raw, msgpack_text
from overlaysim.gossip.messages import (
    BulkSync,
    Compound,
    NetworkEvent,
    NetworkPushPull,
    NodeEvent,
)

PORT = 7946
"""UDP and TCP port (``config.go``)."""

TYPE_BYTE = 1
"""In front of every memberlist message; a user message has nothing else (``net.go``)."""

COMPOUND_HEADER = 2
COMPOUND_ENTRY = 2
"""A compound packet: type and count, then a 16-bit length for each message (``util.go``)."""

ENCRYPTION = 29
"""Version 1, nonce 12 and tag 16 of AES-GCM (``security.go``)."""

PACKET_FRAMING = 5 + ENCRYPTION
"""Per UDP packet: a CRC header (type and CRC-32) inside the encryption (``net.go``)."""

STREAM_FRAMING = 5 + ENCRYPTION
"""Per message on a stream: a header (type and 32-bit length) and the encryption (``net.go``)."""

_ADDRESS = 4
_VERSIONS = 6


@dataclass(frozen=True, slots=True)
class Alive:
    """A node is a member of the cluster.

    Attributes:
        incarnation: how often the node has spoken up for itself; the higher one is believed.
        node: name of the node.
        address: its IPv4 address.
        length: bytes.
        state_length: bytes as an entry of a push/pull (``pushNodeState``).
    """

    incarnation: int
    node: str
    address: str
    length: int = field(init=False, compare=False, repr=False)
    state_length: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        alive = _map_length(
            Incarnation=msgpack_integer(self.incarnation),
            Node=msgpack_text(self.node),
            Addr=msgpack_raw(_ADDRESS),
            Port=msgpack_integer(PORT),
            Meta=msgpack_raw(0),
            Vsn=msgpack_raw(_VERSIONS),
        )
        renamed = msgpack_text("Name") - msgpack_text("Node")
        state = msgpack_text("State") + msgpack_integer(0)
        object.__setattr__(self, "length", TYPE_BYTE + alive)
        object.__setattr__(self, "state_length", alive + renamed + state)


@dataclass(frozen=True, slots=True)
class Dead:
    """A node is no member any more; it has left if it says so itself.

    Attributes:
        incarnation: the incarnation that is over.
        node: name of the node.
        accuser: name of the node that says so.
        length: bytes.
    """

    incarnation: int
    node: str
    accuser: str
    length: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        dead = _map_length(
            Incarnation=msgpack_integer(self.incarnation),
            Node=msgpack_text(self.node),
            From=msgpack_text(self.accuser),
        )
        object.__setattr__(self, "length", TYPE_BYTE + dead)


@dataclass(frozen=True, slots=True)
class UserMessage:
    """A message of NetworkDB in a packet of memberlist.

    Attributes:
        content: the message.
        length: bytes.
    """

    content: NodeEvent | NetworkEvent | Compound
    length: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", TYPE_BYTE + self.content.length)


MemberMessage = Alive | Dead | UserMessage


@dataclass(frozen=True, slots=True)
class MemberCompound:
    """Several memberlist messages in one packet.

    Attributes:
        messages: what is inside, in order; at most 255.
        length: bytes.
    """

    messages: tuple[MemberMessage, ...]
    length: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        inside = sum(COMPOUND_ENTRY + message.length for message in self.messages)
        object.__setattr__(self, "length", COMPOUND_HEADER + inside)


Packet = MemberMessage | MemberCompound
"""What a UDP packet holds."""


@dataclass(frozen=True, slots=True)
class Departed:
    """A node that has left.

    Attributes:
        last: what was last known of it.
        incarnation: the incarnation in which it left.
    """

    last: Alive
    incarnation: int


@dataclass(frozen=True, slots=True)
class PushPull:
    """The full state of the membership, with who is in which network appended.

    Attributes:
        join: whether the sender is just joining the cluster.
        alive: the members.
        left: nodes that have left and are not forgotten yet.
        networks: NetworkDB's part.
        length: bytes.
    """

    join: bool
    alive: tuple[Alive, ...]
    left: tuple[Departed, ...]
    networks: NetworkPushPull
    length: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        header = _map_length(
            Nodes=msgpack_integer(len(self.alive) + len(self.left)),
            UserStateLen=msgpack_integer(self.networks.length),
            Join=1,
        )
        states = sum(alive.state_length for alive in self.alive)
        states += sum(departed.last.state_length for departed in self.left)
        object.__setattr__(self, "length", TYPE_BYTE + header + states + self.networks.length)


def packet_length(packet: Packet) -> int:
    """Bytes of UDP payload."""
    return packet.length + PACKET_FRAMING


def stream_length(content: PushPull | BulkSync) -> int:
    """Bytes of TCP payload; a bulk sync is a user message with a header that tells its length."""
    header = 0
    if isinstance(content, BulkSync):
        header = TYPE_BYTE + _map_length(UserMsgLen=msgpack_integer(content.length))
    return header + content.length + STREAM_FRAMING


def _map_length(**fields: int) -> int:
    """Bytes of a msgpack map of fewer than 16 fields, given the bytes of each value."""
    return 1 + sum(msgpack_text(name) + value for name, value in fields.items())
