"""Who is in which network, as NetworkDB knows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Protocol

from overlaysim.gossip.context import Context
from overlaysim.gossip.lamport import LamportClock
from overlaysim.gossip.messages import NetworkEvent, NetworkEventKind
from overlaysim.gossip.queue import TransmitQueue
from overlaysim.gossip.roster import Roster


class NodeStates(Protocol):
    """Who says where the nodes stand."""

    def active_count(self) -> int:
        """How many nodes are active."""

    def is_active(self, name: str) -> bool:
        """Whether a node is active."""

    def is_failed(self, name: str) -> bool:
        """Whether a node has failed."""


class OwnerWatch(Protocol):
    """Who is told what becomes of the owners of entries."""

    def owner_failed(self, owner: str, now: int) -> None:
        """A node cannot be reached: its entries are hidden."""

    def owner_returned(self, owner: str) -> None:
        """A failed node is back, and so are its entries."""

    def owner_left(self, owner: str, network: str | None, *, hidden: bool) -> None:
        """A node has left a network, or all of them (None): its entries are gone."""


class Attachments:
    """The networks of all nodes; every node keeps track of all networks of the cluster.

    Rules: ``NDB/delegate.go`` handleNetworkEvent, ``NDB/networkdb.go``. What is new is queued for
    relay here; the membership gossip drains it.

    Args:
        context: the node.
        clock: Lamport clock of node and network events.
        nodes: says who is active.
        owners: told when a node leaves a network.

    Attributes:
        events: what waits to be gossiped.
    """

    __slots__ = ("_attached", "_clock", "_context", "_nodes", "_owners", "_rosters", "events")

    def __init__(
        self, context: Context, clock: LamportClock, nodes: NodeStates, owners: OwnerWatch
    ) -> None:
        self._context = context
        self._clock = clock
        self._nodes = nodes
        self._owners = owners
        self._attached: dict[str, dict[str, NetworkEvent]] = {}
        """Network -> name of a node -> its last join or leave."""
        self._rosters: dict[str, Roster] = {}
        self.events = TransmitQueue[NetworkEvent](
            context.settings.retransmit_multiplier, nodes.active_count, context.want_news_out
        )

    def acquaint(
        self, network: str, joins: dict[str, NetworkEvent], roster: Roster
    ) -> NetworkEvent:
        """Have known for long who is in a network, this node included; return its own join.

        Args:
            joins: by name of the node; copied.
            roster: the same names; copied.
        """
        attached = self._attached[network] = joins.copy()
        self._rosters[network] = roster.copy()
        own = attached.pop(self._context.name)
        self._clock.witness(max(event.time for event in joins.values()))
        return own

    def roster(self, network: str) -> Roster:
        """The active members of a network, this node included if it is one."""
        if network not in self._rosters:
            self._rosters[network] = Roster()
        return self._rosters[network]

    def holds(self, node: str, network: str) -> bool:
        """Whether another node is a member of a network; that of a failed one is remembered."""
        event = self._attached.get(network, {}).get(node)
        return event is not None and event.kind == NetworkEventKind.JOIN

    def all(self) -> Iterator[NetworkEvent]:
        """The records of all other nodes and their networks, left ones included."""
        return (event for attached in self._attached.values() for event in attached.values())

    # What nodes say

    def announce(self, kind: NetworkEventKind, network: str) -> NetworkEvent:
        """Tell the cluster that this node joins or leaves a network."""
        me = self._context.name
        event = NetworkEvent(kind, self._clock.increment(), me, network)
        if kind == NetworkEventKind.JOIN:
            self.roster(network).add(me)
        else:
            self.roster(network).discard(me)
        self.events.put((network, me), event)
        return event

    def merge(self, events: Iterable[NetworkEvent], now: int) -> None:
        """A third node tells who is in which network; nothing of it is passed on."""
        nothing: dict[str, NetworkEvent] = {}
        for event in events:
            # Mostly it is the very object that is known already.
            if self._attached.get(event.network, nothing).get(event.node) is not event:
                self.on_event(event, now, relay=False)

    def on_event(self, event: NetworkEvent, now: int, *, relay: bool = True) -> None:
        """Another node says, or a third one remembers, that it joined or left a network."""
        self._clock.witness(event.time)
        name, network = event.node, event.network
        if name == self._context.name:
            return
        known = self._attached.get(network, {}).get(name)
        joins = event.kind == NetworkEventKind.JOIN
        if known is None and not (joins and self._nodes.is_active(name)):
            return
        if known is not None and known.time >= event.time:
            return
        self._attached.setdefault(network, {})[name] = event
        if not joins:
            self._leave(event, now)
        elif self._nodes.is_active(name):
            self.roster(network).add(name)
        if relay:
            self.events.put((network, name), event)

    # What becomes of nodes

    def suspend(self, name: str) -> None:
        """A node is no peer for the time being; its memberships are remembered."""
        for roster in self._rosters.values():
            roster.discard(name)

    def restore(self, name: str) -> None:
        """A node is a peer again in the networks it was in."""
        for network in self._attached:
            if self.holds(name, network):
                self.roster(network).add(name)

    def forget(self, name: str) -> None:
        """A node is gone for good."""
        for attached in self._attached.values():
            attached.pop(name, None)

    def _leave(self, event: NetworkEvent, now: int) -> None:
        name, network = event.node, event.network
        self.roster(network).discard(name)
        self._owners.owner_left(name, network, hidden=self._nodes.is_failed(name))
        self._context.reaper.schedule(
            self._context.settings.network_lifetime, 0, now, partial(self._remove, event)
        )

    def _remove(self, event: NetworkEvent) -> None:
        attached = self._attached.get(event.network, {})
        if attached.get(event.node) is event:
            del attached[event.node]
