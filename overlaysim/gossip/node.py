"""One node of the gossip cluster: the machine a host runs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from overlaysim.gossip.bulksync import BulkSyncer
from overlaysim.gossip.context import Context
from overlaysim.gossip.entries import Key
from overlaysim.gossip.gossiper import Gossiper
from overlaysim.gossip.hearsay import Hearsay
from overlaysim.gossip.interface import (
    DatagramIn,
    EntryRecord,
    Incoming,
    NodeState,
    Outgoing,
    StreamIn,
    TableChange,
)
from overlaysim.gossip.joining import Bootstrap, ClusterJoin, Reconnect
from overlaysim.gossip.leaving import ClusterLeave
from overlaysim.gossip.member_messages import Ack, Member, MemberState, Ping, PushPull
from overlaysim.gossip.membership import Membership
from overlaysim.gossip.messages import BulkSync, NetworkEvent, TableEvent
from overlaysim.gossip.packets import PacketReader
from overlaysim.gossip.piggyback import Piggyback
from overlaysim.gossip.prober import Prober
from overlaysim.gossip.pushpull import PushPuller
from overlaysim.gossip.roster import Roster
from overlaysim.gossip.settings import GossipSettings
from overlaysim.gossip.tables import Tables


class GossipNode:
    """NetworkDB over memberlist, as Docker runs it on every host of a swarm.

    A protocol machine: it is told what comes in and what time it is, and hands out what it wants
    sent. All its periodic tasks share one phase, as in the reference, where the tickers start with
    the node (``NDB/cluster.go`` clusterInit).

    Args:
        name: unique in the cluster for all time; a node that starts again needs a new one, as in
            Docker, where it is 12 hexadecimal digits drawn at each start.
        address: where the others reach it.
        settings: how it is tuned.
        rng: its own random stream.
        now: the present instant, picoseconds, as in every call.
        start: when its tickers started, up to one gossip interval before or after ``now``; ``now``
            if not given. Nodes made at the same instant need different ones, or they all tick
            together.
    """

    __slots__ = (
        "_bootstrap", "_context", "_directory", "_exchanges", "_leaving",
        "_membership", "_packets", "_prober", "_syncs", "_tables",
        "address", "name",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        address: str,
        settings: GossipSettings,
        rng: random.Random,
        now: int,
        start: int | None = None,
    ) -> None:
        self.name = name
        self.address = address
        if start is None:
            start = now
        self._context = context = Context(name, address, settings, rng, start, now)
        self._tables = tables = Tables(context)
        self._directory = directory = tables.directory
        self._membership = membership = Membership(context, directory)
        piggyback = Piggyback(context, membership, directory)
        self._prober = Prober(context, membership, piggyback)
        Gossiper(context, membership, piggyback, tables)  # works on the ticks from now on
        self._exchanges = PushPuller(context, membership, tables)
        hearsay = Hearsay(context, tables)
        self._syncs = BulkSyncer(context, tables, hearsay)
        joining = ClusterJoin(context, directory, self._exchanges)
        self._bootstrap = Bootstrap(context, directory, joining)
        Reconnect(context, directory, joining, self._syncs)  # and this one when a node has failed
        self._leaving = ClusterLeave(context, directory, membership)
        self._packets = PacketReader(membership, self._prober, directory, hearsay)

    def acquaint(self, members: dict[str, Member], addresses: dict[str, str]) -> None:
        """Have known these members for long, see :func:`overlaysim.gossip.community.acquaint`."""
        self._membership.acquaint(members)
        self._directory.acquaint(addresses)

    def acquaint_network(
        self,
        network: str,
        joins: dict[str, NetworkEvent],
        roster: Roster,
        entries: dict[Key, TableEvent],
    ) -> None:
        """Have been in a network with others for long, likewise."""
        self._tables.acquaint(network, joins, roster, entries)

    # The machine

    @property
    def stopped(self) -> bool:
        """Whether the node has left the cluster and fallen silent for good."""
        return self._context.stopped

    def receive(self, message: Incoming, now: int) -> None:
        """A packet or a message on a stream came in, or a stream failed."""
        if self._context.stopped:
            return
        self._context.now = now
        if isinstance(message, DatagramIn):
            self._packets.on_packet(message.packet, now)
        elif isinstance(message, StreamIn):
            self._on_stream(message, now)
        else:
            self._exchanges.on_failed(message.stream, now)
            self._syncs.on_failed(message.stream, now)

    def _on_stream(self, message: StreamIn, now: int) -> None:
        match message.content:
            case BulkSync() as sync:
                self._syncs.on_sync(sync, now)
            case PushPull() as state if message.reply:
                self._exchanges.on_reply(message.stream, state, now)
            case PushPull() as state:
                self._exchanges.on_request(message.source, message.stream, state, now)
            case Ping() as ping:
                self._prober.on_stream_ping(message.source, message.stream, ping)
            case Ack() as ack:
                self._prober.on_stream_ack(message.stream, ack)

    def on_timer(self, now: int) -> None:
        """Do what is due."""
        self._context.now = now
        if not self._context.stopped:
            self._context.alarms.ring(now)

    def next_timer(self) -> int | None:
        """When something is due next; None once the node has left."""
        return None if self._context.stopped else self._context.alarms.next()

    def take_outbox(self) -> list[Outgoing]:
        """What it wants sent, in order."""
        outbox = self._context.outbox
        if outbox:
            self._context.outbox = []
        return outbox

    def take_changes(self) -> list[TableChange]:
        """What somebody watching all tables has seen since the last call.

        Writes of this node are not among them; what vanishes because a node leaves is, also when
        it is this one that leaves a network.
        """
        changes = self._context.table_changes
        if changes:
            self._context.table_changes = []
        return changes

    def take_member_changes(self) -> list[tuple[str, NodeState]]:
        """Names and new states of nodes that came, failed, returned or left since the last call."""
        changes = self._context.member_changes
        if changes:
            self._context.member_changes = []
        return changes

    # The cluster

    def join_cluster(self, seeds: Sequence[str], now: int) -> None:
        """Join the cluster of the nodes at these addresses."""
        self._context.now = now
        self._bootstrap.join(seeds, now)

    def leave_cluster(self, now: int) -> None:
        """Say goodbye; the node goes on for up to a second or two, until it is :attr:`stopped`."""
        self._context.now = now
        self._leaving.leave(now)

    def members(self) -> dict[str, str]:
        """Names of the cluster's active nodes, this one included, with their addresses; sorted."""
        return self._directory.active_nodes()

    @property
    def cluster_joined(self) -> bool:
        """Whether the last :meth:`join_cluster` is over and the cluster has been told."""
        return self._bootstrap.over

    @property
    def health(self) -> int:
        """How little the node trusts itself, from 0 (all is well) to 7."""
        return self._membership.health.score

    def node_state(self, name: str) -> NodeState | None:
        """Where NetworkDB has a node; None if it is not known."""
        return self._directory.state(name)

    def node_address(self, name: str) -> str | None:
        """The address of a node, whatever its state; None if it is not known."""
        return self._directory.known_address(name)

    def has_active_at(self, address: str) -> bool:
        """Whether an active node has this address."""
        return self._directory.has_active_at(address)

    def member_state(self, name: str) -> MemberState | None:
        """Where memberlist has a node; None if it is not known, or forgotten."""
        member = self._membership.get(name)
        return None if member is None else member.state

    # Networks

    def join_network(self, network: str, now: int) -> None:
        """Join a network and sync its tables with all members known.

        Raises:
            NetworkError: it is joined already.
        """
        self._context.now = now
        self._tables.join(network)
        self._syncs.begin_join(network, now)

    def leave_network(self, network: str, now: int) -> None:
        """Leave a network; its entries are gone at once.

        Raises:
            NetworkError: the node is not in it.
        """
        self._context.now = now
        self._syncs.cancel_join(network)
        self._tables.leave(network, now)

    def network_members(self, network: str) -> list[str]:
        """Names of the members of a network, joined or not; sorted."""
        return sorted(self._directory.networks.roster(network))

    def network_ready(self, network: str) -> bool:
        """Whether the node is in a network and has synced with all members known when it joined."""
        own = self._tables.networks.get(network)
        return own is not None and own.in_sync and not own.leaving

    def attached(self, name: str, network: str) -> bool:
        """Whether another node is a member of a network; that of a failed one is remembered."""
        return self._directory.networks.holds(name, network)

    def bulk_sync(self, name: str, now: int) -> None:
        """Exchange all tables with a node, active or failed.

        Raises:
            NodeUnknownError: the node is not known.
        """
        self._context.now = now
        self._syncs.sync(name, now)

    @property
    def syncs_pending(self) -> int:
        """How many bulk syncs wait for an answer."""
        return self._syncs.pending()

    # Entries

    def create_entry(
        self, network: str, table: str, key: str, value: Any, encoded: bytes, now: int
    ) -> None:
        """Create an entry; ``encoded`` is its value as bytes on the wire.

        A tombstone, or the hidden entry of a failed node, is taken over.

        Raises:
            NetworkError: the node is not in the network.
            EntryExistsError: there is a live entry.
        """
        self._context.now = now
        self._tables.create((network, table, key), value, encoded, now)

    def update_entry(
        self, network: str, table: str, key: str, value: Any, encoded: bytes, now: int
    ) -> None:
        """Change an entry, whoever owns it, and become its owner.

        Raises:
            NetworkError: the node is not in the network.
            EntryAbsentError: there is no entry.
            EntryDeletedError: there is only a tombstone.
        """
        self._context.now = now
        self._tables.update((network, table, key), value, encoded, now)

    def delete_entry(self, network: str, table: str, key: str, now: int) -> None:
        """Delete an entry, whoever owns it.

        Raises:
            NetworkError: the node is not in the network.
            EntryAbsentError: there is no entry.
            EntryDeletedError: there is only a tombstone.
        """
        self._context.now = now
        self._tables.delete((network, table, key), now)

    def get(self, network: str, table: str, key: str) -> Any:
        """The value of a live entry.

        Raises:
            NetworkError: the node is not in the network.
            EntryAbsentError: there is no entry.
            EntryDeletedError: there is only a tombstone.
        """
        return self._tables.get((network, table, key)).value

    def entries(self, network: str, table: str) -> list[tuple[str, Any, str]]:
        """Key, value and owner of the live entries of a table, sorted by key."""
        live = self._tables.live(network, table)
        return [(event.key, event.value, event.owner) for event in live]

    def record(self, network: str, table: str, key: str, now: int) -> EntryRecord | None:
        """What is stored under a key, visible or not; None if nothing is."""
        return self._tables.record((network, table, key), now)

    def stored(self, network: str) -> int:
        """How many entries of a network are stored, tombstones and hidden ones included."""
        own = self._tables.networks.get(network)
        return len(own.entries) if own else 0

    def queued(self, network: str) -> int:
        """How many table events wait to be gossiped in a network."""
        own = self._tables.networks.get(network)
        return len(own.own) + len(own.relayed) if own else 0

    def present(self, network: str | None = None, table: str | None = None) -> list[TableChange]:
        """What somebody who begins to watch now is told first: the live entries of others.

        Args:
            network: only of this network.
            table: only of this table.
        """
        return self._tables.visible(network, table)
