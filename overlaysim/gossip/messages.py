"""NetworkDB's messages and their bytes.

Formats: ``daemon/libnetwork/networkdb/networkdb.proto`` in moby/moby. Messages are values shared by
all nodes that hold them; ``wire`` is the protobuf encoding including the GossipMessage around it
(``message.go``), which memberlist then compresses and frames (:mod:`overlaysim.gossip.framing`).
Events are sent many times and keep theirs; the others make it when asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from overlaysim.gossip.protobuf import bytes_field, embedded_field, integer_field, text_field
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


class Message:
    """Something that nodes send each other."""

    __slots__ = ()

    @property
    def wire(self) -> bytes:
        """Its bytes before compression and framing."""
        raise NotImplementedError

    @property
    def length(self) -> int:
        """Bytes."""
        return len(self.wire)


class _Type(IntEnum):
    """Of a GossipMessage."""

    NETWORK_EVENT = 1
    TABLE_EVENT = 2
    PUSH_PULL = 3
    BULK_SYNC = 4
    COMPOUND = 5
    NODE_EVENT = 6


def _gossip_message(kind: _Type, data: bytes) -> bytes:
    return integer_field(1, kind) + bytes_field(2, data)


@dataclass(frozen=True, slots=True)
class NodeEvent(Message):
    """A node joins or leaves the cluster.

    Attributes:
        kind: join or leave.
        time: Lamport time of the network clock.
        node: name of the node.
        wire: its bytes.
    """

    kind: NodeEventKind
    time: int
    node: str
    wire: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        data = integer_field(1, self.kind) + integer_field(2, self.time) + text_field(3, self.node)
        object.__setattr__(self, "wire", _gossip_message(_Type.NODE_EVENT, data))


@dataclass(frozen=True, slots=True)
class NetworkEvent(Message):
    """A node joins or leaves a network; also the record of it that push/pull carries.

    Attributes:
        kind: join or leave.
        time: Lamport time of the network clock.
        node: name of the node.
        network: id of the network.
        wire: its bytes when gossiped.
        entry: its bytes as a NetworkEntry of a push/pull.
    """

    kind: NetworkEventKind
    time: int
    node: str
    network: str
    wire: bytes = field(init=False, compare=False, repr=False)
    entry: bytes = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        data = (
            integer_field(1, self.kind)
            + integer_field(2, self.time)
            + text_field(3, self.node)
            + text_field(4, self.network)
        )
        entry = (
            text_field(1, self.network)
            + integer_field(2, self.time)
            + text_field(3, self.node)
            + integer_field(4, self.kind == NetworkEventKind.LEAVE)
        )
        object.__setattr__(self, "wire", _gossip_message(_Type.NETWORK_EVENT, data))
        object.__setattr__(self, "entry", entry)


@dataclass(frozen=True, slots=True, eq=False)
class TableEvent(Message):
    """An entry was created, updated or deleted; equal to itself alone.

    Attributes:
        kind: create, update or delete.
        time: Lamport time of the table clock.
        owner: name of the node that wrote it.
        network: id of the network.
        table: name of the table.
        key: key of the entry.
        value: the value itself, opaque; a delete carries the last one.
        encoded: the value as bytes on the wire.
        residual: seconds a tombstone still has to live; 0 for live entries.
        place: table and key.
        wire: its bytes.
        part: its bytes as a part of a compound.
        told: the same entry as a bulk sync tells it while it has no limited time.
    """

    kind: TableEventKind
    time: int
    owner: str
    network: str
    table: str
    key: str
    value: Any
    encoded: bytes
    residual: int = 0
    place: tuple[str, str] = field(init=False, compare=False, repr=False)
    wire: bytes = field(init=False, compare=False, repr=False)
    part: bytes = field(init=False, compare=False, repr=False)
    told: TableEvent = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        data = (
            integer_field(1, self.kind)
            + integer_field(2, self.time)
            + text_field(3, self.owner)
            + text_field(4, self.network)
            + text_field(5, self.table)
            + text_field(6, self.key)
            + bytes_field(7, self.encoded)
            + integer_field(8, self.residual)
        )
        object.__setattr__(self, "place", (self.table, self.key))
        wire = _gossip_message(_Type.TABLE_EVENT, data)
        updates = self.kind == TableEventKind.UPDATE
        told = replace(self, kind=TableEventKind.CREATE) if updates else self
        object.__setattr__(self, "wire", wire)
        object.__setattr__(self, "part", embedded_field(1, bytes_field(1, wire)))
        object.__setattr__(self, "told", told)

    @property
    def deleted(self) -> bool:
        """Whether the entry is a tombstone afterwards."""
        return self.kind == TableEventKind.DELETE

    def lasting(self, residual: int) -> TableEvent:
        """The same entry as a bulk sync tells it: live ones as creates, tombstones as deletes.

        Args:
            residual: picoseconds it still has to live, sent in whole seconds.
        """
        return replace(self.told, residual=residual // SECOND)


@dataclass(frozen=True, slots=True)
class Compound(Message):
    """Several messages in one.

    Attributes:
        messages: what is inside, in order.
    """

    messages: tuple[TableEvent, ...]

    @property
    def body(self) -> bytes:
        """The messages with their framing, without the compound's own."""
        return b"".join([item.part for item in self.messages])

    @property
    def wire(self) -> bytes:
        """Its bytes."""
        return _gossip_message(_Type.COMPOUND, self.body)


@dataclass(frozen=True, slots=True)
class BulkSync(Message):
    """Everything a node holds of some networks.

    Attributes:
        time: Lamport time of the table clock.
        unsolicited: whether the peer is to answer with its own.
        node: name of the sender.
        networks: ids of the networks told.
        payload: one compound per network; on the wire they are a single one.
    """

    time: int
    unsolicited: bool
    node: str
    networks: tuple[str, ...]
    payload: tuple[Compound, ...]

    @property
    def wire(self) -> bytes:
        """Its bytes."""
        compound = _gossip_message(_Type.COMPOUND, b"".join(part.body for part in self.payload))
        data = (
            integer_field(1, self.time)
            + integer_field(2, self.unsolicited)
            + text_field(3, self.node)
            + b"".join(embedded_field(4, network.encode()) for network in self.networks)
            + bytes_field(5, compound)
        )
        return _gossip_message(_Type.BULK_SYNC, data)


@dataclass(frozen=True, slots=True)
class NetworkPushPull(Message):
    """Who is in which network, as one node knows it.

    Attributes:
        time: the sender's network clock.
        node: name of the sender.
        networks: one record per node and network, the sender's own first.
    """

    time: int
    node: str
    networks: tuple[NetworkEvent, ...]

    @property
    def wire(self) -> bytes:
        """Its bytes."""
        data = (
            integer_field(1, self.time)
            + b"".join(embedded_field(2, network.entry) for network in self.networks)
            + text_field(3, self.node)
        )
        return _gossip_message(_Type.PUSH_PULL, data)
