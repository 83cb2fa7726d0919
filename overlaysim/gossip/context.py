"""What the parts of one gossip node share."""

from __future__ import annotations

import random
from typing import Literal

from overlaysim.gossip.alarms import Alarms
from overlaysim.gossip.interface import (
    Datagram,
    NodeState,
    Outgoing,
    StreamContent,
    StreamReply,
    StreamRequest,
    TableChange,
)
from overlaysim.gossip.member_messages import Packet
from overlaysim.gossip.settings import GossipSettings
from overlaysim.gossip.ticker import Pulse, Reaper, Ticker


class Context:
    """Who the node is, what it may use, and where it puts what it wants sent.

    Attributes:
        name: name of the node.
        address: its address.
        settings: how it is tuned.
        rng: its random stream.
        start: when its tickers started.
        now: the instant of the last call to the node.
        alarms: what it has to do later.
        gossip: the tick on which queues are drained; a queue that gets something asks for it.
        has_news: whether something waits to be gossiped to the whole cluster.
        reaper: removes expired records.
        outbox: what it wants sent, in order.
        table_changes: what those who watch the tables are to be told.
        member_changes: what those who watch the nodes are to be told: name and new state.
        stopped: whether the node has left and fallen silent.
    """

    __slots__ = (
        "_streams", "address", "alarms", "gossip", "has_news", "member_changes", "name", "now",
        "outbox", "reaper", "rng", "settings", "start", "stopped", "table_changes",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        address: str,
        settings: GossipSettings,
        rng: random.Random,
        start: int,
        now: int,
    ) -> None:
        self.name = name
        self.address = address
        self.settings = settings
        self.rng = rng
        self.start = start
        self.now = now
        self.alarms = Alarms()
        self.gossip = Pulse(self.alarms, self.ticker(settings.gossip_interval))
        self.reaper = Reaper(self.alarms, start, settings.reaper_period)
        self.has_news = False
        self.outbox: list[Outgoing] = []
        self.table_changes: list[TableChange] = []
        self.member_changes: list[tuple[str, NodeState]] = []
        self.stopped = False
        self._streams = 0

    def ticker(self, period: int) -> Ticker:
        """A ticker in phase with all others of the node."""
        return Ticker(self.start, period)

    def want_gossip(self) -> None:
        """Something waits to be gossiped."""
        self.gossip.request(self.now)

    def want_news_out(self) -> None:
        """Something waits to be gossiped to the whole cluster."""
        self.has_news = True
        self.gossip.request(self.now)

    def send(
        self, target: str, packet: Packet, kind: Literal["probe", "membership", "table"]
    ) -> None:
        """Send a UDP packet."""
        self.outbox.append(Datagram(target, packet, kind, self.settings.compression))

    def request(
        self,
        target: str,
        content: StreamContent,
        kind: Literal["probe", "push-pull", "bulk-sync"],
        limit: int,
    ) -> int:
        """Send a message on a connection of its own; return the connection's number."""
        self._streams += 1
        self.outbox.append(
            StreamRequest(
                target, self._streams, content, kind, kind != "bulk-sync", limit,
                self.settings.compression,
            )
        )  # fmt: skip
        return self._streams

    def answer(
        self, target: str, stream: int, content: StreamContent, kind: Literal["probe", "push-pull"]
    ) -> None:
        """Answer on the connection that the peer opened."""
        self.outbox.append(StreamReply(stream, target, content, kind, self.settings.compression))
