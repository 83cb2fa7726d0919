"""NetworkDB's messages and their sizes.

Formats: ``daemon/libnetwork/networkdb/networkdb.proto`` in moby/moby. Messages are values shared by
all nodes that hold them; a ``length`` is the number of bytes of the protobuf encoding including the
GossipMessage around it. Sizes are those before compression: memberlist applies LZW to every packet
and keeps the result when it is smaller, but the values of entries have no bytes here to compress.
Real packets are therefore at most as long as these.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from overlaysim.gossip.lengths import bytes_field, embedded_field, integer_field, text_field
from overlaysim.units import SECOND


class NodeEventKind(IntEnum):
    """What a node says of its place in the cluster; the numbers are those on the wire."""

    JOIN = 1
    LEAVE = 2


class NetworkEventKind(IntEnum):
    """What a node says of its place in a network; the numbers are those on the wire."""

    JOIN = 1
    LEAVE = 2


class TableEventKind(IntEnum):
    """What happened to an entry; the numbers are those on the wire."""

    CREATE = 1
    UPDATE = 2
    DELETE = 3


def gossip_message_length(data: int) -> int:
    """Bytes of a GossipMessage (type, data) around ``data`` bytes."""
    return 2 + bytes_field(data)


@dataclass(frozen=True, slots=True)
class NodeEvent:
    """A node joins or leaves the cluster.

    Attributes:
        kind: join or leave.
        time: Lamport time of the network clock.
        node: name of the node.
        length: bytes.
    """

    kind: NodeEventKind
    time: int
    node: str
    length: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        body = integer_field(self.kind) + integer_field(self.time) + text_field(self.node)
        object.__setattr__(self, "length", gossip_message_length(body))


@dataclass(frozen=True, slots=True)
class NetworkEvent:
    """A node joins or leaves a network; also the record of it that push/pull carries.

    Attributes:
        kind: join or leave.
        time: Lamport time of the network clock.
        node: name of the node.
        network: id of the network.
        length: bytes when gossiped.
        entry_length: bytes as a NetworkEntry of a push/pull.
    """

    kind: NetworkEventKind
    time: int
    node: str
    network: str
    length: int = field(init=False, compare=False, repr=False)
    entry_length: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        common = integer_field(self.time) + text_field(self.node) + text_field(self.network)
        leaving = integer_field(self.kind == NetworkEventKind.LEAVE)
        object.__setattr__(self, "length", gossip_message_length(integer_field(self.kind) + common))
        object.__setattr__(self, "entry_length", embedded_field(common + leaving))


@dataclass(frozen=True, slots=True)
class TableEvent:
    """An entry was created, updated or deleted.

    Attributes:
        kind: create, update or delete.
        time: Lamport time of the table clock.
        owner: name of the node that wrote it.
        network: id of the network.
        table: name of the table.
        key: key of the entry.
        value: the value itself, opaque; a delete carries the last one.
        value_size: bytes of the value on the wire.
        residual: seconds a tombstone still has to live; 0 for live entries.
        length: bytes.
    """

    kind: TableEventKind
    time: int
    owner: str
    network: str
    table: str
    key: str
    value: Any
    value_size: int
    residual: int = 0
    length: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        body = (
            integer_field(self.kind)
            + integer_field(self.time)
            + text_field(self.owner)
            + text_field(self.network)
            + text_field(self.table)
            + text_field(self.key)
            + bytes_field(self.value_size)
            + integer_field(self.residual)
        )
        object.__setattr__(self, "length", gossip_message_length(body))

    @property
    def deleted(self) -> bool:
        """Whether the entry is a tombstone afterwards."""
        return self.kind == TableEventKind.DELETE

    def for_sync(self, residual: int) -> TableEvent:
        """The same entry as a bulk sync tells it: live ones as creates, tombstones as deletes.

        Args:
            residual: picoseconds the tombstone still has to live, sent in whole seconds.
        """
        if self.deleted:
            return replace(self, residual=residual // SECOND)
        if self.kind == TableEventKind.CREATE:
            return self
        return replace(self, kind=TableEventKind.CREATE)


@dataclass(frozen=True, slots=True)
class Compound:
    """Several messages in one.

    Attributes:
        messages: what is inside, in order.
        body: bytes of the messages with their framing, without the compound's own.
        length: bytes.
    """

    messages: tuple[TableEvent, ...]
    body: int = field(init=False, compare=False, repr=False)
    length: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        body = sum(embedded_field(bytes_field(message.length)) for message in self.messages)
        object.__setattr__(self, "body", body)
        object.__setattr__(self, "length", gossip_message_length(body))


@dataclass(frozen=True, slots=True)
class BulkSync:
    """Everything a node holds of some networks.

    Attributes:
        time: Lamport time of the table clock.
        unsolicited: whether the peer is to answer with its own.
        node: name of the sender.
        networks: ids of the networks told.
        payload: one compound per network; on the wire they are a single one.
        length: bytes.
    """

    time: int
    unsolicited: bool
    node: str
    networks: tuple[str, ...]
    payload: tuple[Compound, ...]
    length: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        compound = gossip_message_length(sum(part.body for part in self.payload))
        body = (
            integer_field(self.time)
            + integer_field(self.unsolicited)
            + text_field(self.node)
            + sum(map(text_field, self.networks))
            + bytes_field(compound)
        )
        object.__setattr__(self, "length", gossip_message_length(body))


@dataclass(frozen=True, slots=True)
class NetworkPushPull:
    """Who is in which network, as one node knows it.

    Attributes:
        time: the sender's network clock.
        node: name of the sender.
        networks: one record per node and network, the sender's own first.
        length: bytes.
    """

    time: int
    node: str
    networks: tuple[NetworkEvent, ...]
    length: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        body = (
            integer_field(self.time)
            + sum(entry.entry_length for entry in self.networks)
            + text_field(self.node)
        )
        object.__setattr__(self, "length", gossip_message_length(body))
