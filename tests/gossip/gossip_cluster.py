"""Gossip nodes on a list: no simulator, only a heap of deliveries and of alarms.

The transport is the one the reference figures were measured over: one-way latency 0.5 ms for
datagrams and stream segments, independent loss of datagrams, and on streams a retransmission after
200 ms (1 s, 2 s, … for the handshake) instead of loss.
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
    StreamFailed,
    StreamIn,
    StreamReply,
    StreamRequest,
    TableChange,
)
from overlaysim.units import MS, SECOND

LATENCY = MS // 2
SEGMENT = 1448


class Cluster:
    """Nodes and what travels between them.

    Args:
        seed: of all random choices.
        settings: of all nodes.
    """

    def __init__(self, seed: int = 1, settings: GossipSettings = LAN) -> None:
        self.now = 0
        self.loss = 0.0
        self.settings = settings
        self.nodes: dict[str, GossipNode] = {}
        self.datagrams: list[tuple[int, Datagram]] = []
        self.requests: list[tuple[int, StreamRequest]] = []
        self.changes: list[tuple[int, str, TableChange]] = []
        self._at: dict[str, GossipNode] = {}
        self.rng = random.Random(seed)
        self._seed = seed
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._serial = 0
        self._alarms: dict[str, int] = {}

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

    def poll(self, done: Callable[[], bool], seconds: float) -> None:
        """Run until a condition holds, looking every 50 ms, as the reference's tests do."""
        end = self.now + round(seconds * SECOND)
        while not done():
            assert self.now < end, f"not within {seconds} s"
            self.run(0.05)

    # Nodes

    def start(self, name: str, address: str | None = None) -> GossipNode:
        address = address or f"10.77.{len(self.nodes) // 250}.{len(self.nodes) % 250 + 1}"
        rng = random.Random(f"{self._seed}/{name}")
        node = GossipNode(name, address, self.settings, rng, self.now)
        self.nodes[name] = self._at[address] = node
        self.settle(node)
        return node

    def settle(self, node: GossipNode) -> None:
        """Carry what a node wants sent, note what it saw and set its alarm."""
        self.changes += [(self.now, node.name, change) for change in node.take_changes()]
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
        if self._alarms.get(node.name) == due:
            del self._alarms[node.name]
            node.on_timer(self.now)
            self.settle(node)

    # Transport

    def _lost(self) -> bool:
        return self.loss > 0 and self.rng.random() < self.loss

    def _stream_delay(self, length: int) -> int:
        late = sum(200 * MS for _ in range(-(-length // SEGMENT)) if self._lost())
        return LATENCY + late

    def _handshake_delay(self) -> int:
        delay, pause = 2 * LATENCY, SECOND
        while self._lost() or self._lost():
            delay += pause
            pause *= 2
        return delay

    def _carry(self, sender: GossipNode, item: Any) -> None:
        if isinstance(item, Datagram):
            self.datagrams.append((self.now, item))
            if not self._lost():
                self._deliver(item.target, DatagramIn(sender.address, item.packet), LATENCY)
            return
        delay = self._stream_delay(item.length)
        reply = isinstance(item, StreamReply)
        if not reply:
            self.requests.append((self.now, item))
            delay += self._handshake_delay()
            target = self._at.get(item.target)
            if target is None or target.stopped:
                failed = StreamFailed(item.stream)
                self._deliver(sender.address, failed, 2 * LATENCY)
                return
        self._deliver(
            item.target, StreamIn(sender.address, item.stream, item.content, reply), delay
        )

    def _deliver(self, address: str, message: Any, delay: int) -> None:
        def arrive() -> None:
            node = self._at.get(address)
            if node is not None:
                node.receive(message, self.now)
                self.settle(node)

        self.call(delay, arrive)


def formed(count: int, seed: int = 1, settings: GossipSettings = LAN) -> tuple[Cluster, list[Any]]:
    """A cluster in which everybody lists everybody, node i having joined node i - 1."""
    cluster = Cluster(seed, settings)
    nodes: list[GossipNode] = []
    for number in range(count):
        node = cluster.start(f"node{number:08d}")
        nodes.append(node)
        if number:
            cluster.do(node, "join_cluster", [nodes[number - 1].address])
        cluster.run(cluster.rng.uniform(0, 0.4))
    cluster.poll(lambda: all(len(node.members()) == count for node in nodes), 60)
    return cluster, nodes


def networked(
    count: int, network: str = "W", seed: int = 1, settings: GossipSettings = LAN
) -> tuple[Cluster, list[Any]]:
    """A formed cluster whose nodes are all in one network and know it.

    Each copy of a network event goes to one node only, so that with few copies (up to nine nodes
    there are four per relaying node) somebody may miss it and wait for a push/pull to bring it.
    """
    cluster, nodes = formed(count, seed, settings)
    for node in nodes:
        cluster.do(node, "join_network", network)
        cluster.run(0.05)
    cluster.poll(
        lambda: all(
            len(node.network_members(network)) == count and node.network_ready(network)
            for node in nodes
        ),
        120,
    )
    return cluster, nodes


def live(node: GossipNode, network: str = "W", table: str = "T") -> dict[str, Any]:
    """Keys and values of a table as a node sees it."""
    return {key: value for key, value, _ in node.entries(network, table)}
