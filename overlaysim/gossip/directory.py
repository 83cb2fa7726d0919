"""Who is in the cluster and who is in which network, as NetworkDB knows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import partial

from overlaysim.gossip.context import Context
from overlaysim.gossip.lamport import LamportClock
from overlaysim.gossip.messages import NetworkEvent, NetworkEventKind, NodeEvent, NodeEventKind
from overlaysim.gossip.queue import TransmitQueue
from overlaysim.gossip.roster import Roster
from overlaysim.gossip.ticker import Reaper

Departure = Callable[[str, str | None], None]
"""Takes the name of a node and the id of the network it left, None for the cluster."""


class NodeState(Enum):
    """Where a node stands (``NDB/nodemgmt.go``)."""

    ACTIVE = "active"
    LEFT = "left"


@dataclass(slots=True)
class _Node:
    address: str
    state: NodeState
    time: int = 0
    """Lamport time of the last node event believed."""


class Directory:
    """Nodes and their networks; every node keeps track of all networks of the cluster.

    Rules: ``NDB/delegate.go`` handleNodeEvent and handleNetworkEvent, ``NDB/event_delegate.go``,
    ``NDB/nodemgmt.go``. What is new is queued for relay here; the membership gossip drains it.

    Args:
        context: the node.
        reaper: removes the records of left networks.
        departed: called when a node leaves a network or the cluster.
    """

    def __init__(self, context: Context, reaper: Reaper, departed: Departure) -> None:
        settings = context.settings
        self._name = context.name
        self._settings = settings
        self._reaper = reaper
        self._node_reaper = Reaper(context.start, settings.node_reaper_period)
        self._departed = departed
        self.clock = LamportClock()
        self._nodes: dict[str, _Node] = {}
        self._active = 0
        self._names: dict[str, str] = {}
        self._attachments: dict[str, dict[str, NetworkEvent]] = {}
        self._rosters: dict[str, Roster] = {}
        multiplier = settings.retransmit_multiplier
        self.network_events = TransmitQueue[NetworkEvent](multiplier, self.active_count)
        self.node_events = TransmitQueue[NodeEvent](multiplier, self.active_count)

    # Nodes

    def active_count(self) -> int:
        """How many nodes are active, this one included."""
        return self._active

    def active_nodes(self) -> dict[str, str]:
        """Names of the active nodes with their addresses, sorted."""
        active = (name for name, node in self._nodes.items() if node.state is NodeState.ACTIVE)
        return {name: self._nodes[name].address for name in sorted(active)}

    def address(self, name: str) -> str | None:
        """The address of a node, or None if it is not an active one."""
        node = self._nodes.get(name)
        return node.address if node and node.state is NodeState.ACTIVE else None

    def has_active_at(self, address: str) -> bool:
        """Whether an active node has this address."""
        name = self._names.get(address)
        return name is not None and self.address(name) == address

    def node_alive(self, name: str, address: str, now: int) -> None:
        """The membership layer has a new member, or one that was away.

        A new name at the address of a known node is that node started again, so the older one has
        left for good (``NDB/nodemgmt.go`` purgeReincarnation).
        """
        node = self._nodes.get(name)
        if node is None:
            former = self._names.get(address)
            if former is not None:
                self.node_left(former, now)
            self._nodes[name] = _Node(address, NodeState.ACTIVE)
            self._active += 1
        elif node.state is NodeState.LEFT:
            node.state = NodeState.ACTIVE
            self._active += 1
        self._names[address] = name

    def node_left(self, name: str, now: int) -> bool:
        """A node has left the cluster; its memberships and entries go. Tell if that is news."""
        node = self._nodes.get(name)
        if node is None or node.state is NodeState.LEFT:
            return False
        node.state = NodeState.LEFT
        self._active -= 1
        self._departed(name, None)
        for network in self._attachments.pop(name, {}):
            self._rosters[network].discard(name)
        self._node_reaper.schedule(
            self._settings.node_lifetime,
            self._settings.node_reaper_period,
            now,
            partial(self._remove_node, name, node),
        )
        return True

    def on_node_event(self, event: NodeEvent, now: int) -> None:
        """A node says that it joined or leaves the cluster.

        Nodes come by the membership layer alone; a join only brings the Lamport time up to date.
        """
        self.clock.witness(event.time)
        node = self._nodes.get(event.node)
        if node is None or node.time >= event.time:
            return
        node.time = event.time
        if event.kind == NodeEventKind.LEAVE and self.node_left(event.node, now):
            self._queue_node_event(event)

    def announce_node(self, kind: NodeEventKind) -> NodeEvent:
        """Tell the cluster that this node joins or leaves it."""
        event = NodeEvent(kind, self.clock.increment(), self._name)
        self._queue_node_event(event)
        return event

    def announcing(self, event: NodeEvent) -> bool:
        """Whether a node event still has transmissions to go."""
        return (event.node, event.time) in self.node_events

    # Networks

    def roster(self, network: str) -> Roster:
        """The active members of a network, this node included if it is one."""
        if network not in self._rosters:
            self._rosters[network] = Roster()
        return self._rosters[network]

    def is_attached(self, node: str, network: str) -> bool:
        """Whether another node is a member of a network and not leaving it."""
        event = self._attachments.get(node, {}).get(network)
        return event is not None and event.kind == NetworkEventKind.JOIN

    def on_network_event(self, event: NetworkEvent, now: int, *, relay: bool = True) -> None:
        """Another node says, or a third one remembers, that it joined or left a network."""
        self.clock.witness(event.time)
        if event.node == self._name:
            return
        known = self._attachments.get(event.node, {}).get(event.network)
        joins = event.kind == NetworkEventKind.JOIN
        if known is None and (not joins or self.address(event.node) is None):
            return
        if known is not None and known.time >= event.time:
            return
        self._attachments.setdefault(event.node, {})[event.network] = event
        if joins:
            self.roster(event.network).add(event.node)
        else:
            self.roster(event.network).discard(event.node)
            self._departed(event.node, event.network)
            self._reaper.schedule(
                self._settings.network_lifetime, 0, now, partial(self._remove_attachment, event)
            )
        if relay:
            self.network_events.put((event.network, event.node), event)

    def announce_network(self, kind: NetworkEventKind, network: str) -> NetworkEvent:
        """Tell the cluster that this node joins or leaves a network."""
        event = NetworkEvent(kind, self.clock.increment(), self._name, network)
        if kind == NetworkEventKind.JOIN:
            self.roster(network).add(self._name)
        else:
            self.roster(network).discard(self._name)
        self.network_events.put((network, self._name), event)
        return event

    def attachments(self) -> Iterable[NetworkEvent]:
        """The records of all other nodes and their networks, left ones included."""
        return (event for networks in self._attachments.values() for event in networks.values())

    # Time

    def next_timer(self) -> int | None:
        """When the next departed node is to be forgotten."""
        return self._node_reaper.next_timer()

    def on_timer(self, now: int) -> None:
        """Forget the nodes that departed long ago."""
        self._node_reaper.on_timer(now)

    def _queue_node_event(self, event: NodeEvent) -> None:
        # Each has a key of its own: node events never replace each other.
        self.node_events.put((event.node, event.time), event)

    def _remove_node(self, name: str, node: _Node) -> None:
        if self._nodes.get(name) is node and node.state is NodeState.LEFT:
            del self._nodes[name]
            if self._names.get(node.address) == name:
                del self._names[node.address]

    def _remove_attachment(self, event: NetworkEvent) -> None:
        networks = self._attachments.get(event.node, {})
        if networks.get(event.network) is event:
            del networks[event.network]
