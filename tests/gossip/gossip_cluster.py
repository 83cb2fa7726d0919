"""Gossip nodes on a list: no simulator, only a heap of deliveries and of alarms.

The transport is the one the reference figures were measured over: one-way latency 0.5 ms for
datagrams and stream segments, independent loss of datagrams, and on streams a retransmission after
200 ms (1 s, 2 s, … for the handshake) instead of loss. A host that is dead or cut off answers
nothing, so that a dial to it lasts until the caller's patience is over; one whose daemon has merely
stopped refuses connections at once.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from typing import Any

from overlaysim.gossip import (
    LAN,
    Datagram,
    DatagramIn,
    GossipNode,
    GossipSettings,
    NodeState,
    StreamFailed,
    StreamIn,
    StreamReply,
    StreamRequest,
    TableChange,
)
from overlaysim.units import MS, SECOND

LATENCY = MS // 2
SEGMENT = 1448

VALUE_SIZE = 110
"""Bytes of an entry's value unless a test says otherwise."""


def encoded(value: object, size: int = VALUE_SIZE) -> bytes:
    """A value as bytes: its text, over and over, cut at ``size``."""
    text = f"{value}/".encode()
    return (text * (size // len(text) + 1))[:size]


class Cluster:
    """Nodes and what travels between them.

    Args:
        seed: of all random choices.
        settings: of all nodes.
        latency: one way, picoseconds.
    """

    def __init__(
        self, seed: int = 1, settings: GossipSettings = LAN, latency: int = LATENCY
    ) -> None:
        self.now = 0
        self.loss = 0.0
        self.settings = settings
        self.latency = latency
        self.nodes: dict[str, GossipNode] = {}
        self.datagrams: list[tuple[int, Datagram]] = []
        self.requests: list[tuple[int, StreamRequest]] = []
        self.changes: list[tuple[int, str, TableChange]] = []
        self.member_changes: list[tuple[int, str, str, NodeState]] = []
        self.dropped = 0
        """Datagrams that reached nobody."""
        self.rng = random.Random(seed)
        self._at: dict[str, GossipNode] = {}
        self._dead: set[str] = set()
        self._sides: dict[str, int] = {}
        self._cuts = 0
        self._seed = seed
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._serial = 0
        self._alarms: dict[str, int] = {}

    def trace(self) -> list[tuple[int, str, bytes]]:
        """When what was sent to whom, to the byte."""
        datagrams = [(when, item.target, item.packet.wire) for when, item in self.datagrams]
        requests = [(when, item.target, item.content.wire) for when, item in self.requests]
        return [*datagrams, *requests]

    # Time

    def call(self, delay: int, action: Callable[[], None]) -> None:
        self._serial += 1
        heapq.heappush(self._queue, (self.now + delay, self._serial, action))

    def run(self, seconds: float) -> None:
        self.run_until(lambda: False, seconds, must=False)

    def run_until(self, done: Callable[[], bool], seconds: float, *, must: bool = True) -> float:
        """Run until a condition holds; return the seconds it took."""
        began, end = self.now, self.now + round(seconds * SECOND)
        while not done():
            if not self._queue or self._queue[0][0] > end:
                assert not must, f"not within {seconds} s"
                self.now = end
                break
            self.now, _, action = heapq.heappop(self._queue)
            action()
        return (self.now - began) / SECOND

    def poll(self, done: Callable[[], bool], seconds: float, step: float = 0.05) -> None:
        """Run until a condition holds, looking every 50 ms, as the reference's tests do."""
        end = self.now + round(seconds * SECOND)
        while not done():
            assert self.now < end, f"not within {seconds} s"
            self.run(step)

    # Nodes

    def start(self, name: str, address: str | None = None) -> GossipNode:
        address = address or f"10.77.{len(self.nodes) // 250}.{len(self.nodes) % 250 + 1}"
        rng = random.Random(f"{self._seed}/{name}")
        node = GossipNode(name, address, self.settings, rng, self.now)
        self.nodes[name] = self._at[address] = node
        self._dead.discard(address)
        self.settle(node)
        return node

    def crash(self, node: GossipNode) -> None:
        """The host of a node is gone from one instant to the next."""
        self._dead.add(node.address)
        del self._at[node.address]

    def cut_off(self, *nodes: GossipNode) -> None:
        """These nodes hear only each other from now on."""
        self._cuts += 1
        for node in nodes:
            self._sides[node.address] = self._cuts

    @property
    def divided(self) -> bool:
        """Whether some node is cut off from others."""
        return bool(self._sides)

    def heal(self) -> None:
        """Everybody hears everybody again."""
        self._sides.clear()

    def settle(self, node: GossipNode) -> None:
        """Carry what a node wants sent, note what it saw and set its alarm."""
        self.changes += [(self.now, node.name, change) for change in node.take_changes()]
        self.member_changes += [
            (self.now, node.name, name, state) for name, state in node.take_member_changes()
        ]
        for item in node.take_outbox():
            self._carry(node, item)
        due = node.next_timer()
        if due is not None and due != self._alarms.get(node.name):
            assert due >= self.now
            self._alarms[node.name] = due
            self.call(due - self.now, lambda: self._wake(node, due))

    def do(self, node: GossipNode, call: str, *args: Any) -> None:
        """Make a local call at the present instant."""
        getattr(node, call)(*args, self.now)
        self.settle(node)

    def _wake(self, node: GossipNode, due: int) -> None:
        if self._alarms.get(node.name) == due and self._at.get(node.address) is node:
            del self._alarms[node.name]
            node.on_timer(self.now)
            self.settle(node)

    # Transport

    def _lost(self) -> bool:
        return self.loss > 0 and self.rng.random() < self.loss

    def _stream_delay(self, length: int) -> int:
        late = sum(200 * MS for _ in range(-(-length // SEGMENT)) if self._lost())
        return self.latency + late

    def _handshake_delay(self) -> int:
        delay, pause = 2 * self.latency, SECOND
        while self._lost() or self._lost():
            delay += pause
            pause *= 2
        return delay

    def _reachable(self, source: str, target: str) -> bool:
        return target not in self._dead and self._sides.get(source) == self._sides.get(target)

    def _carry(self, sender: GossipNode, item: Any) -> None:
        if isinstance(item, Datagram):
            self.datagrams.append((self.now, item))
            if self._lost() or not self._reachable(sender.address, item.target):
                self.dropped += 1
            else:
                packet = DatagramIn(sender.address, item.packet)
                self._deliver(sender.address, item.target, packet, self.latency)
        elif isinstance(item, StreamReply):
            message = StreamIn(sender.address, item.stream, item.content, reply=True)
            self._deliver(sender.address, item.target, message, self._stream_delay(item.length))
        else:
            self.requests.append((self.now, item))
            self._dial(sender, item)

    def _dial(self, sender: GossipNode, item: StreamRequest) -> None:
        here, failed = sender.address, StreamFailed(item.stream)
        if not self._reachable(here, item.target):
            self._deliver(here, here, failed, item.limit)
            return
        target = self._at.get(item.target)
        if target is None or target.stopped:
            self._deliver(here, here, failed, 2 * self.latency)
            return
        # The data takes as long as it may; when the caller stops waiting is the caller's affair.
        delay = self._handshake_delay() + self._stream_delay(item.length)
        message = StreamIn(here, item.stream, item.content, reply=False)
        self._deliver(here, item.target, message, delay)

    def _deliver(self, source: str, target: str, message: Any, delay: int) -> None:
        def arrive() -> None:
            node = self._at.get(target)
            if node is not None and self._reachable(source, target):
                node.receive(message, self.now)
                self.settle(node)
            elif isinstance(message, DatagramIn):
                self.dropped += 1

        self.call(delay, arrive)


def formed(
    count: int, seed: int = 1, settings: GossipSettings = LAN, latency: int = LATENCY
) -> tuple[Cluster, list[GossipNode]]:
    """A cluster in which everybody lists everybody, node i having joined node i - 1."""
    cluster = Cluster(seed, settings, latency)
    nodes: list[GossipNode] = []
    for number in range(count):
        node = cluster.start(f"node{number:08d}")
        nodes.append(node)
        if number:
            cluster.do(node, "join_cluster", [nodes[number - 1].address])
        cluster.run(cluster.rng.uniform(0, 0.4))
    cluster.poll(lambda: all(len(node.members()) == count for node in nodes), 60)
    return cluster, nodes


def attach(
    cluster: Cluster, nodes: list[GossipNode], network: str = "W", *, synced: bool = True
) -> None:
    """Let nodes join a network, one soon after the other, until all of them know all of them.

    Each copy of a network event goes to one node only, so that with few copies (up to nine nodes
    there are four per relaying node) somebody may miss it and wait for a push/pull to bring it.

    Args:
        synced: wait for the end of everybody's bulk syncs, too.
    """
    for node in nodes:
        cluster.do(node, "join_network", network)
        cluster.run(0.05)
    names = sorted(node.name for node in nodes)
    cluster.poll(
        lambda: all(
            node.network_members(network) == names and (not synced or node.network_ready(network))
            for node in nodes
        ),
        120,
    )


def networked(
    count: int, network: str = "W", seed: int = 1, settings: GossipSettings = LAN
) -> tuple[Cluster, list[GossipNode]]:
    """A formed cluster whose nodes are all in one network and know it."""
    cluster, nodes = formed(count, seed, settings)
    attach(cluster, nodes, network)
    return cluster, nodes


def live(node: GossipNode, network: str = "W", table: str = "T") -> dict[str, Any]:
    """Keys and values of a table as a node sees it."""
    return {key: value for key, value, _ in node.entries(network, table)}


def create(cluster: Cluster, node: GossipNode, key: str, value: object, network: str = "W") -> None:
    cluster.do(node, "create_entry", network, "T", key, value, encoded(value))


def update(cluster: Cluster, node: GossipNode, key: str, value: object, network: str = "W") -> None:
    cluster.do(node, "update_entry", network, "T", key, value, encoded(value))


def delete(cluster: Cluster, node: GossipNode, key: str, network: str = "W") -> None:
    cluster.do(node, "delete_entry", network, "T", key)
