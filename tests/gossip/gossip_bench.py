"""One node, fed by hand."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from gossip_cluster import encoded

from overlaysim.gossip import (
    LAN,
    Datagram,
    DatagramIn,
    GossipNode,
    StreamIn,
    StreamRequest,
    TableChange,
)
from overlaysim.gossip.member_messages import (
    Ack,
    Alive,
    Dead,
    MemberCompound,
    Ping,
    UserMessage,
)
from overlaysim.gossip.messages import (
    BulkSync,
    Compound,
    NetworkEvent,
    NetworkEventKind,
    NodeEvent,
    NodeEventKind,
    TableEvent,
    TableEventKind,
)
from overlaysim.units import SECOND

CREATE, UPDATE, DELETE = TableEventKind
JOIN, LEAVE = NetworkEventKind

X_ADDRESS = "10.0.0.2"


def table_event(
    kind: TableEventKind, key: str, time: int, value: Any = None, *, owner: str = "X",
    network: str = "W", table: str = "T", residual: int = 0,
) -> TableEvent:  # fmt: skip
    """An event of X; its value is named after its time unless the test says otherwise."""
    value = f"v{time}" if value is None else value
    return TableEvent(kind, time, owner, network, table, key, value, encoded(value, 5), residual)


class Bench:
    """A node called "here" in network W, and a peer X that says what the test wants.

    Whoever is pinged answers, unless the test has put its address on ``silent``.
    """

    def __init__(self, **settings: Any) -> None:
        self.now = 0
        self.silent: set[str] = set()
        self.node = GossipNode("here", "10.0.0.1", replace(LAN, **settings), random.Random(1), 0)
        self.hear(Alive(1, "X", X_ADDRESS))
        self.node.join_network("W", 0)
        self.node.take_outbox()
        self.hear(UserMessage(NetworkEvent(JOIN, 1, "X", "W")))

    # What comes in

    def hear(self, *messages: Any, source: str = X_ADDRESS) -> None:
        for message in messages:
            self.node.receive(DatagramIn(source, message), self.now)

    def meet(self, name: str, address: str, time: int, network: str = "W") -> None:
        """Another node comes up and is a member of a network."""
        self.hear(Alive(1, name, address), UserMessage(NetworkEvent(JOIN, time, name, network)))

    def event(self, kind: TableEventKind, key: str, time: int, *value: Any, **more: Any) -> None:
        self.hear(UserMessage(Compound((table_event(kind, key, time, *value, **more),))))

    def sync(self, *events: TableEvent, unsolicited: bool = False, node: str = "X") -> None:
        sync = BulkSync(99, unsolicited, node, ("W",), (Compound(events),))
        self.node.receive(StreamIn(X_ADDRESS, 1, sync, reply=False), self.now)

    def fail(self, name: str = "X", incarnation: int = 1) -> None:
        """A third node says that somebody is dead."""
        self.hear(Dead(incarnation, name, "accuser"), source="10.0.0.99")

    def revive(self, name: str = "X", address: str = X_ADDRESS, incarnation: int = 2) -> None:
        """Somebody held dead speaks up for itself."""
        self.hear(Alive(incarnation, name, address), source=address)

    def farewell(self, name: str = "X", incarnation: int = 1, time: int = 50) -> None:
        """Somebody leaves the cluster for good, in both layers."""
        leave = UserMessage(NodeEvent(NodeEventKind.LEAVE, time, name))
        self.hear(leave, Dead(incarnation, name, name))

    # What is seen

    def watch(self) -> list[TableChange]:
        """What a watcher has been told since the last look."""
        return self.node.take_changes()

    def seen(self) -> list[tuple[str, str, Any, Any]]:
        return [(c.key, c.kind, c.previous, c.value) for c in self.watch()]

    def live(self) -> dict[str, Any]:
        return {key: value for key, value, _ in self.node.entries("W", "T")}

    # Time

    def wait(self, seconds: float) -> list[Any]:
        """Let time pass; return what was sent."""
        end = self.now + round(seconds * SECOND)
        sent = self._sent()
        while (due := self.node.next_timer()) is not None and due <= end:
            self.now = due
            self.node.on_timer(due)
            sent += self._sent()
        self.now = end
        return sent

    def relayed(self) -> list[TableEvent]:
        """Table events on their way to others, each as often as it is sent."""
        return [
            event
            for item in self.wait(2)
            if isinstance(item, Datagram)
            and isinstance(item.packet, UserMessage)
            and isinstance(item.packet.content, Compound)
            for event in item.packet.content.messages
        ]

    def _sent(self) -> list[Any]:
        """Take what the node sends, and answer its pings."""
        sent: list[Any] = self.node.take_outbox()
        for item in sent:
            if item.target in self.silent:
                continue
            if isinstance(item, Datagram):
                packet = item.packet
                parts = packet.messages if isinstance(packet, MemberCompound) else (packet,)
                for ping in parts:
                    if isinstance(ping, Ping):
                        self.hear(Ack(ping.sequence), source=item.target)
            elif isinstance(item, StreamRequest) and isinstance(item.content, Ping):
                ack = StreamIn(item.target, item.stream, Ack(item.content.sequence), reply=True)
                self.node.receive(ack, self.now)
        return sent + (self._sent() if sent else [])
