"""The tick on which a node gossips what waits in its queues."""

from __future__ import annotations

from overlaysim.gossip.context import Context
from overlaysim.gossip.member_messages import MemberCompound, UserMessage
from overlaysim.gossip.membership import Membership
from overlaysim.gossip.messages import Compound
from overlaysim.gossip.piggyback import Piggyback
from overlaysim.gossip.tables import OwnNetwork, Tables

TABLE_HEADER = 5
TABLE_ENTRY = 4
"""What NetworkDB reckons for a compound and for each event in it (``NDB/message.go``)."""


class Gossiper:
    """Membership gossip and table gossip, both on the same ticks.

    Membership gossip (``ML/state.go`` gossip) fills a packet of its own for every target; table
    gossip (``NDB/cluster.go`` gossip) fills one per network and sends it to all targets. A tick
    with nothing to send is not woken for, which changes nothing that can be seen.
    """

    __slots__ = (
        "_context", "_directory", "_membership", "_piggyback", "_tables",
    )  # fmt: skip

    def __init__(
        self, context: Context, membership: Membership, piggyback: Piggyback, tables: Tables
    ) -> None:
        self._context = context
        self._membership = membership
        self._piggyback = piggyback
        self._tables = tables
        self._directory = tables.directory
        context.gossip.work = self.tick

    def tick(self, now: int) -> None:
        """Send what waits."""
        if self._context.has_news:
            self._gossip_membership()
        busy = self._context.has_news
        for network, own in self._tables.networks.items():
            if own.own or own.relayed:
                self._gossip_table(network, own)
                busy = busy or bool(own.own or own.relayed)
        if busy:
            self._context.want_gossip()

    def _gossip_membership(self) -> None:
        for target in self._membership.gossip_targets():
            news = self._piggyback.news()
            if not news:
                return
            packet = news[0] if len(news) == 1 else MemberCompound(tuple(news))
            self._context.send(target.address, packet, "membership")

    def _gossip_table(self, network: str, own: OwnNetwork) -> None:
        settings = self._context.settings
        budget = settings.packet_budget - TABLE_HEADER
        events = own.own.drain(TABLE_ENTRY, budget)
        budget -= sum(TABLE_ENTRY + event.length for event in events)
        events += own.relayed.drain(TABLE_ENTRY, budget)
        if not events:
            return
        packet = UserMessage(Compound(tuple(events)))
        members = self._directory.networks.roster(network)
        targets = members.sample(self._context.rng, settings.table_fan_out, self._context.name)
        for target in targets:
            address = self._directory.address(target)
            if address is not None:
                self._context.send(address, packet, "table")
