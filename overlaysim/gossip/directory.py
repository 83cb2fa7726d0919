"""Who is in the cluster, as NetworkDB knows it."""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.gossip.attachments import Attachments, OwnerWatch
from overlaysim.gossip.context import Context
from overlaysim.gossip.interface import NodeState
from overlaysim.gossip.lamport import LamportClock
from overlaysim.gossip.messages import NodeEvent, NodeEventKind
from overlaysim.gossip.queue import TransmitQueue
from overlaysim.gossip.ticker import Reaper


class Directory:
    """The nodes of the cluster: active, failed, left.

    Rules: ``NDB/delegate.go`` handleNodeEvent, ``NDB/event_delegate.go``, ``NDB/nodemgmt.go``. What
    is new is queued for relay here; the membership gossip drains it.

    Args:
        context: the node.
        owners: told when a node fails, returns or leaves.

    Attributes:
        clock: Lamport clock of node and network events.
        networks: who is in which network.
        node_events: what waits to be gossiped.
        on_failed: called when a node has failed.
    """

    __slots__ = (
        "_active", "_context", "_displaced", "_failed", "_gone_since", "_heard",
        "_left", "_name", "_names", "_node_reaper", "_owners", "_settings",
        "clock", "networks", "node_events", "on_failed",
    )  # fmt: skip

    def __init__(self, context: Context, owners: OwnerWatch) -> None:
        settings = context.settings
        self._context = context
        self._name = context.name
        self._settings = settings
        self._owners = owners
        self._node_reaper = Reaper(context.alarms, context.start, settings.node_reaper_period)
        self.clock = LamportClock()
        # Three sets, as the reference has them: a node is in one of them, under its address.
        self._active: dict[str, str] = {}
        self._failed: dict[str, str] = {}
        self._left: dict[str, str] = {}
        self._heard: dict[str, int] = {}
        """Lamport time of the last node event believed."""
        self._gone_since: dict[str, int] = {}
        self._names: dict[str, str] = {}
        """Address -> the name last known there."""
        self._displaced: dict[str, str] = {}
        """Nodes retired for a new name at their address, which memberlist has not given up."""
        self.node_events = TransmitQueue[NodeEvent](
            settings.retransmit_multiplier, self.active_count, context.want_news_out
        )
        self.networks = Attachments(context, self.clock, self, owners)
        self.on_failed: Callable[[], None] = lambda: None

    def acquaint(self, members: dict[str, str]) -> None:
        """Have known these active nodes for long; ``members`` is name -> address."""
        self._active = members.copy()
        self._names = {address: name for name, address in members.items()}

    # Nodes

    def active_count(self) -> int:
        """How many nodes are active, this one included."""
        return len(self._active)

    def active_nodes(self) -> dict[str, str]:
        """Names of the active nodes with their addresses, sorted."""
        return dict(sorted(self._active.items()))

    def failed_nodes(self) -> list[str]:
        """Names of the nodes that have failed."""
        return list(self._failed)

    def state(self, name: str) -> NodeState | None:
        """Where a node stands; None if it is not known."""
        if name in self._active:
            return NodeState.ACTIVE
        if name in self._failed:
            return NodeState.FAILED
        return NodeState.LEFT if name in self._left else None

    def is_active(self, name: str) -> bool:
        """Whether a node is active."""
        return name in self._active

    def is_failed(self, name: str) -> bool:
        """Whether a node has failed."""
        return name in self._failed

    def address(self, name: str) -> str | None:
        """The address of an active node."""
        return self._active.get(name)

    def reachable_at(self, name: str) -> str | None:
        """The address of a node that is active or may come back."""
        return self._active.get(name) or self._failed.get(name)

    def known_address(self, name: str) -> str | None:
        """The address of a node, whatever its state."""
        return self.reachable_at(name) or self._left.get(name)

    def has_active_at(self, address: str) -> bool:
        """Whether an active node has this address."""
        name = self._names.get(address)
        return name is not None and self._active.get(name) == address

    def node_alive(self, name: str, address: str, now: int) -> None:
        """The membership layer has a new member, or one that was away (``NotifyJoin``).

        A new name at the address of a known node is that node started again, so the older one has
        left for good (``NDB/nodemgmt.go`` purgeReincarnation). News of a life that is over can come
        late, though, and then it is the present one that is taken for over. A node does not believe
        that of itself, and takes it back of others once the late one turns out to be dead; later
        versions of moby do not retire active nodes at all.
        """
        self._gone_since.pop(name, None)
        was_failed = self._failed.pop(name, None) is not None
        known = was_failed or self._left.pop(name, None) is not None
        own_past = address == self._context.address and name != self._name
        if not own_past:
            former = self._names.get(address, name)
            if not known and former != name:
                if former in self._active:
                    self._displaced[former] = address
                self._retire(former, now)
            self._names[address] = name
        self._active[name] = address
        self._changed(name, NodeState.ACTIVE)
        if was_failed:
            self.networks.restore(name)
            self._owners.owner_returned(name)

    def node_gone(self, name: str, now: int) -> None:
        """The membership layer has lost a member (``NotifyLeave``).

        If it did not say before that it leaves, it is taken for failed.
        """
        self._displaced.pop(name, None)
        address = self._active.get(name)
        if address is None:
            return
        self._fail(name, now)
        for other, place in list(self._displaced.items()):
            if place == address:
                del self._displaced[other]
                self.node_alive(other, address, now)

    def on_node_event(self, event: NodeEvent, now: int) -> None:
        """A node says that it joined or leaves the cluster.

        Nodes come by the membership layer alone; a join only brings the Lamport time up to date.
        """
        self.clock.witness(event.time)
        if self.state(event.node) is None or self._heard.get(event.node, 0) >= event.time:
            return
        self._heard[event.node] = event.time
        if event.kind == NodeEventKind.LEAVE and event.node in self._active:
            self._retire(event.node, now)
            self._queue_node_event(event)

    def announce_node(
        self, kind: NodeEventKind, finished: Callable[[], None] | None = None
    ) -> None:
        """Tell the cluster that this node joins or leaves it.

        Args:
            finished: called when that has been said often enough.
        """
        self._queue_node_event(NodeEvent(kind, self.clock.increment(), self._name), finished)

    def _fail(self, name: str, now: int) -> None:
        self._failed[name] = self._active.pop(name)
        self._changed(name, NodeState.FAILED)
        self.networks.suspend(name)
        if self._settings.rejoin_hides:
            self._owners.owner_failed(name, now)
        else:
            self._forget_networks(name, hidden=False)
        self._reap_later(name, now)
        self.on_failed()

    def _retire(self, name: str, now: int) -> None:
        """A node has left for good, whatever it was before."""
        if name in self._left:
            return
        hidden = name in self._failed
        self._left[name] = self._failed.pop(name) if hidden else self._active.pop(name)
        self._changed(name, NodeState.LEFT)
        self.networks.suspend(name)
        self._forget_networks(name, hidden=hidden)
        self._reap_later(name, now)

    def _forget_networks(self, name: str, *, hidden: bool) -> None:
        self._owners.owner_left(name, None, hidden=hidden)
        self.networks.forget(name)

    def _reap_later(self, name: str, now: int) -> None:
        """Forget a node long after it was lost, unless it is back by then."""
        if name in self._gone_since:
            return  # it was failed and has left: it is still the first loss that counts
        self._gone_since[name] = now

        def reap() -> None:
            if self._gone_since.get(name) != now:
                return
            del self._gone_since[name]
            failed = self._failed.pop(name, None)
            address = self._left.pop(name, failed)
            self._heard.pop(name, None)
            if address is not None and self._names.get(address) == name:
                del self._names[address]
            if failed is not None:
                self._forget_networks(name, hidden=True)
            self._changed(name, NodeState.FORGOTTEN)

        settings = self._settings
        self._node_reaper.schedule(settings.node_lifetime, settings.node_reaper_period, now, reap)

    def _changed(self, name: str, state: NodeState) -> None:
        if name != self._name:
            self._context.member_changes.append((name, state))

    def _queue_node_event(
        self, event: NodeEvent, finished: Callable[[], None] | None = None
    ) -> None:
        # Each has a key of its own: node events never replace each other.
        self.node_events.put((event.node, event.time), event, finished)
