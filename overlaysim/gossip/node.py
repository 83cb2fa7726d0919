"""One node of the gossip cluster: the machine a host runs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from overlaysim.gossip.bulksync import BulkSyncer
from overlaysim.gossip.context import Context
from overlaysim.gossip.gossiper import Gossiper
from overlaysim.gossip.interface import (
    DatagramIn,
    Incoming,
    Outgoing,
    StreamFailed,
    StreamIn,
    TableChange,
)
from overlaysim.gossip.joining import ClusterJoin
from overlaysim.gossip.leaving import ClusterLeave
from overlaysim.gossip.member_messages import PushPull
from overlaysim.gossip.membership import Membership
from overlaysim.gossip.messages import BulkSync
from overlaysim.gossip.packets import PacketReader
from overlaysim.gossip.pushpull import PushPuller
from overlaysim.gossip.settings import GossipSettings
from overlaysim.gossip.tables import Tables
from overlaysim.gossip.ticker import Reaper


class GossipNode:
    """NetworkDB over memberlist, as Docker runs it on every host of a swarm.

    A protocol machine: it is told what comes in and what time it is, and hands out what it wants
    sent. All its periodic tasks share one phase, as in the reference, where the tickers start with
    the node (``NDB/cluster.go`` clusterInit). Here they start up to half a gossip interval sooner
    or later, at random, so that nodes created at the same instant do not tick together; the first
    gossip tick still comes one interval after the creation on average.

    Args:
        name: unique in the cluster for all time; a node that starts again needs a new one, as in
            Docker, where it is 12 hexadecimal digits drawn at each start.
        address: where the others reach it.
        settings: how it is tuned.
        rng: its own random stream.
        now: the present instant, picoseconds, as in every call.
    """

    def __init__(
        self, name: str, address: str, settings: GossipSettings, rng: random.Random, now: int
    ) -> None:
        self.name = name
        self.address = address
        start = now + rng.randrange(settings.gossip_interval) - settings.gossip_interval // 2
        self._context = context = Context(name, address, settings, rng, start, now)
        reaper = Reaper(start, settings.reaper_period)
        self._tables = tables = Tables(context, reaper)
        self._directory = directory = tables.directory
        self._membership = Membership(context, directory, reaper)
        self._exchanges = PushPuller(context, self._membership, tables)
        self._syncs = BulkSyncer(context, tables)
        self._joining = ClusterJoin(context, directory, self._exchanges)
        self._leaving = ClusterLeave(context, directory, self._membership)
        self._packets = PacketReader(self._membership, tables)
        gossiper = Gossiper(context, self._membership, tables)
        # The order in which tasks run that are due at the same instant.
        self._timed = (
            gossiper, reaper, directory, self._exchanges, self._syncs, self._joining, self._leaving
        )  # fmt: skip

    # The machine

    @property
    def stopped(self) -> bool:
        """Whether the node has left the cluster and fallen silent for good."""
        return self._leaving.stopped

    def receive(self, message: Incoming, now: int) -> None:
        """A packet or a message on a stream came in, or a stream failed."""
        if self.stopped:
            return
        self._context.now = now
        match message:
            case DatagramIn():
                self._packets.on_packet(message.packet, now)
            case StreamIn(content=BulkSync() as sync):
                self._syncs.on_sync(sync, now)
            case StreamIn(content=PushPull() as state, reply=True):
                self._exchanges.on_reply(message.stream, state, now)
            case StreamIn(content=PushPull() as state):
                self._exchanges.on_request(message.source, message.stream, state, now)
            case StreamFailed():
                self._exchanges.on_failed(message.stream, now)
                self._syncs.on_failed(message.stream, now)

    def on_timer(self, now: int) -> None:
        """Do what is due."""
        self._context.now = now
        for timed in self._timed:
            if not self.stopped:
                timed.on_timer(now)

    def next_timer(self) -> int | None:
        """When something is due next; None once the node has left."""
        if self.stopped:
            return None
        soonest: int | None = None
        for timed in self._timed:
            due = timed.next_timer()
            if due is not None and (soonest is None or due < soonest):
                soonest = due
        return soonest

    def take_outbox(self) -> list[Outgoing]:
        """What it wants sent, in order."""
        outbox, self._context.outbox = self._context.outbox, []
        return outbox

    def take_changes(self) -> list[TableChange]:
        """What somebody watching all tables has seen since the last call.

        Writes of this node are not among them; what vanishes because a node leaves is, also when
        it is this one that leaves a network.
        """
        changes, self._tables.changes = self._tables.changes, []
        return changes

    # The cluster

    def join_cluster(self, seeds: Sequence[str], now: int) -> None:
        """Join the cluster of the nodes at these addresses."""
        self._context.now = now
        self._joining.join(seeds, now)

    def leave_cluster(self, now: int) -> None:
        """Say goodbye; the node goes on for up to a second or two, until it is :attr:`stopped`."""
        self._context.now = now
        self._leaving.leave(now)

    def members(self) -> dict[str, str]:
        """Names of the cluster's active nodes, this one included, with their addresses; sorted."""
        return self._directory.active_nodes()

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
        return sorted(self._directory.roster(network))

    def network_ready(self, network: str) -> bool:
        """Whether the node is in a network and has synced with all members known when it joined."""
        own = self._tables.networks.get(network)
        return own is not None and own.in_sync and not own.leaving

    # Entries

    def create_entry(
        self, network: str, table: str, key: str, value: Any, value_size: int, now: int
    ) -> None:
        """Create an entry; ``value_size`` is its size in bytes on the wire.

        Raises:
            NetworkError: the node is not in the network.
            EntryExistsError: there is a live entry.
        """
        self._context.now = now
        self._tables.create((network, table, key), value, value_size, now)

    def update_entry(
        self, network: str, table: str, key: str, value: Any, value_size: int, now: int
    ) -> None:
        """Change an entry, whoever owns it, and become its owner.

        Raises:
            NetworkError: the node is not in the network.
            EntryAbsentError: there is no entry.
            EntryDeletedError: there is only a tombstone.
        """
        self._context.now = now
        self._tables.update((network, table, key), value, value_size, now)

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
        own = self._tables.networks.get(network)
        live = own.entries.live(table) if own else []
        return [(event.key, event.value, event.owner) for event in live]

    def present(self, network: str | None = None, table: str | None = None) -> list[TableChange]:
        """What somebody who begins to watch now is told first: the live entries of others.

        Args:
            network: only of this network.
            table: only of this table.
        """
        return self._tables.visible(network, table)
