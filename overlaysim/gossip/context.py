"""What the parts of one gossip node share."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

from overlaysim.gossip.interface import (
    Datagram,
    Outgoing,
    StreamContent,
    StreamReply,
    StreamRequest,
)
from overlaysim.gossip.member_messages import Packet, packet_length, stream_length
from overlaysim.gossip.settings import GossipSettings
from overlaysim.gossip.ticker import Ticker


@dataclass(slots=True)
class Context:
    """Who the node is, what it may use, and where it puts what it wants sent.

    Attributes:
        name: name of the node.
        address: its address.
        settings: how it is tuned.
        rng: its random stream.
        start: when its tickers started.
        now: the instant of the last call to the node.
        outbox: what it wants sent, in order.
    """

    name: str
    address: str
    settings: GossipSettings
    rng: random.Random
    start: int
    now: int
    outbox: list[Outgoing] = field(default_factory=list)
    _streams: int = 0

    def ticker(self, period: int) -> Ticker:
        """A ticker in phase with all others of the node."""
        return Ticker(self.start, period)

    def send(self, target: str, packet: Packet, kind: Literal["membership", "table"]) -> None:
        """Send a UDP packet."""
        self.outbox.append(Datagram(target, packet, packet_length(packet), kind))

    def request(
        self, target: str, content: StreamContent, kind: Literal["push-pull", "bulk-sync"]
    ) -> int:
        """Send a message on a connection of its own; return the connection's number."""
        self._streams += 1
        length = stream_length(content)
        reply = kind == "push-pull"
        self.outbox.append(
            StreamRequest(target, self._streams, content, length, kind, expects_reply=reply)
        )
        return self._streams

    def answer(self, target: str, stream: int, content: StreamContent) -> None:
        """Answer on the connection that the peer opened."""
        length = stream_length(content)
        self.outbox.append(StreamReply(stream, target, content, length, "push-pull"))
