"""memberlist's questions whether a node is alive, and the answers (``net.go``)."""

from __future__ import annotations

from dataclasses import dataclass

from overlaysim.gossip.member_encoding import (
    ENCODED_PORT,
    MessageType,
    encode_address,
    encode_message,
)
from overlaysim.gossip.messages import Message
from overlaysim.gossip.msgpack import NIL, boolean, text, unsigned


@dataclass(frozen=True, slots=True)
class Ping(Message):
    """Are you there? Over UDP, or over TCP as a last resort.

    Attributes:
        sequence: repeated in the answer.
        node: name of the node that is meant; a node of another name does not answer.
        source: address of the node that asks.
        source_node: its name; if it is empty, nothing is said of who asks.
    """

    sequence: int
    node: str
    source: str
    source_node: str

    @property
    def wire(self) -> bytes:
        """Its bytes."""
        return encode_message(
            MessageType.PING, Node=text(self.node), SeqNo=unsigned(self.sequence), **_source(self)
        )


@dataclass(frozen=True, slots=True)
class IndirectPing(Message):
    """Please ping somebody for me.

    Attributes:
        sequence: repeated in the answer.
        target: address of the node to ping.
        node: its name.
        nack: whether to say so if it does not answer.
        source: address of the node that asks.
        source_node: its name.
    """

    sequence: int
    target: str
    node: str
    nack: bool
    source: str
    source_node: str

    @property
    def wire(self) -> bytes:
        """Its bytes."""
        return encode_message(
            MessageType.INDIRECT_PING,
            Nack=boolean(self.nack),
            Node=text(self.node),
            Port=ENCODED_PORT,
            SeqNo=unsigned(self.sequence),
            Target=encode_address(self.target),
            **_source(self),
        )


@dataclass(frozen=True, slots=True)
class Ack(Message):
    """I am here, or: it is there.

    Attributes:
        sequence: that of the ping.
    """

    sequence: int

    @property
    def wire(self) -> bytes:
        """Its bytes."""
        return encode_message(MessageType.ACK, Payload=NIL, SeqNo=unsigned(self.sequence))


@dataclass(frozen=True, slots=True)
class Nack(Message):
    """I asked for you and got no answer, but I am here.

    Attributes:
        sequence: that of the indirect ping.
    """

    sequence: int

    @property
    def wire(self) -> bytes:
        """Its bytes."""
        return encode_message(MessageType.NACK, SeqNo=unsigned(self.sequence))


Probe = Ping | IndirectPing | Ack | Nack


def _source(message: Ping | IndirectPing) -> dict[str, bytes]:
    """The fields that name the asking node; left out if they are empty (``codec:",omitempty"``)."""
    if not message.source_node:
        return {}
    return {
        "SourceAddr": encode_address(message.source),
        "SourceNode": text(message.source_node),
        "SourcePort": ENCODED_PORT,
    }
