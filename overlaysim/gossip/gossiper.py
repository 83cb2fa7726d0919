"""The tick on which a node gossips what waits in its queues."""

from __future__ import annotations

from overlaysim.gossip.context import Context
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
from overlaysim.gossip.messages import Compound
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

    def __init__(self, context: Context, membership: Membership, tables: Tables) -> None:
        self._context = context
        self._membership = membership
        self._tables = tables
        self._directory = tables.directory
        self._ticker = context.ticker(context.settings.gossip_interval)

    def next_timer(self) -> int | None:
        """The next tick, if anything waits to be sent."""
        busy = self._membership_waits() or any(
            own.own or own.relayed for own in self._tables.networks.values()
        )
        return self._ticker.next(self._context.now) if busy else None

    def on_timer(self, now: int) -> None:
        """Gossip if it is time to."""
        if self._ticker.next(now) > now:
            return
        self._ticker.take(now)
        if self._membership_waits():
            self._gossip_membership()
        for network, own in self._tables.networks.items():
            if own.own or own.relayed:
                self._gossip_table(network, own)

    def _membership_waits(self) -> bool:
        waiting = (
            self._membership.messages or self._directory.network_events
            or self._directory.node_events
        )  # fmt: skip
        return bool(waiting) and self._membership.has_others()

    def _gossip_membership(self) -> None:
        settings = self._context.settings
        for target in self._membership.sample(settings.fan_out):
            messages = self._fill_packet(settings.packet_budget - COMPOUND_HEADER - ENCRYPTION)
            if not messages:
                return
            packet = messages[0] if len(messages) == 1 else MemberCompound(tuple(messages))
            self._context.send(target.address, packet, "membership")

    def _fill_packet(self, budget: int) -> list[MemberMessage]:
        """memberlist's own messages first, NetworkDB's in what is left (``ML/broadcast.go``)."""
        messages: list[MemberMessage] = []
        messages += self._membership.messages.drain(COMPOUND_ENTRY, budget)
        budget -= sum(COMPOUND_ENTRY + message.length for message in messages)
        overhead = COMPOUND_ENTRY + TYPE_BYTE
        for queue in (self._directory.network_events, self._directory.node_events):
            taken = queue.drain(overhead, budget)
            budget -= sum(overhead + event.length for event in taken)
            messages += map(UserMessage, taken)
        return messages

    def _gossip_table(self, network: str, own: OwnNetwork) -> None:
        settings = self._context.settings
        budget = settings.packet_budget - TABLE_HEADER
        events = own.own.drain(TABLE_ENTRY, budget)
        budget -= sum(TABLE_ENTRY + event.length for event in events)
        events += own.relayed.drain(TABLE_ENTRY, budget)
        if not events:
            return
        packet = UserMessage(Compound(tuple(events)))
        members = self._directory.roster(network)
        targets = members.sample(self._context.rng, settings.table_fan_out, self._context.name)
        for target in targets:
            address = self._directory.address(target)
            if address is not None:
                self._context.send(address, packet, "table")
