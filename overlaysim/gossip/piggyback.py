"""What waits to be gossiped to the whole cluster, and how it gets into packets."""

from __future__ import annotations

from typing import Literal

from overlaysim.gossip.context import Context
from overlaysim.gossip.directory import Directory
from overlaysim.gossip.member_messages import (
    COMPOUND_ENTRY,
    COMPOUND_HEADER,
    ENCRYPTION,
    TYPE_BYTE,
    MemberCompound,
    MemberMessage,
    UserMessage,
)
from overlaysim.gossip.membership import Membership


class Piggyback:
    """Fills packets with news: memberlist's own first, NetworkDB's in what is left.

    ``ML/broadcast.go`` getBroadcasts, ``NDB/broadcast.go``. Pings and answers carry them as well
    (``ML/net.go`` sendMsg).
    """

    __slots__ = (
        "_context", "_members", "_networks", "_nodes", "_room",
    )  # fmt: skip

    def __init__(self, context: Context, membership: Membership, directory: Directory) -> None:
        self._context = context
        self._members = membership.messages
        self._networks = directory.networks.events
        self._nodes = directory.node_events
        self._room = context.settings.packet_budget - COMPOUND_HEADER - ENCRYPTION

    def news(self, taken: int = 0) -> list[MemberMessage]:
        """As much news as fits into a packet of which some bytes are taken."""
        budget = self._room - taken
        messages: list[MemberMessage] = []
        messages += self._members.drain(COMPOUND_ENTRY, budget)
        budget -= sum(COMPOUND_ENTRY + message.length for message in messages)
        overhead = COMPOUND_ENTRY + TYPE_BYTE
        for queue in (self._networks, self._nodes):
            events = queue.drain(overhead, budget)
            budget -= sum(overhead + event.length for event in events)
            messages += map(UserMessage, events)
        self._context.has_news = bool(self._members or self._networks or self._nodes)
        return messages

    def send(
        self, target: str, message: MemberMessage, kind: Literal["probe", "membership"]
    ) -> None:
        """Send a message, and news in the room that is left."""
        if not self._context.has_news:
            self._context.send(target, message, kind)
            return
        packet = MemberCompound((message, *self.news(message.length)))
        self._context.send(target, packet if len(packet.messages) > 1 else message, kind)
