"""The networks this node is in, with their entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from overlaysim.gossip.context import Context
from overlaysim.gossip.directory import Directory
from overlaysim.gossip.entries import Entries, Key
from overlaysim.gossip.errors import (
    EntryAbsentError,
    EntryDeletedError,
    EntryExistsError,
    NetworkError,
)
from overlaysim.gossip.interface import EntryRecord, TableChange
from overlaysim.gossip.lamport import LamportClock
from overlaysim.gossip.messages import (
    Compound,
    NetworkEvent,
    NetworkEventKind,
    TableEvent,
    TableEventKind,
)
from overlaysim.gossip.owners import Owners
from overlaysim.gossip.queue import TransmitQueue
from overlaysim.gossip.roster import Roster
from overlaysim.units import SECOND

Place = tuple[str, str, str]
"""Network, table and key of an entry."""


@dataclass(slots=True)
class OwnNetwork:
    """A network of this node.

    Attributes:
        membership: the last join or leave.
        entries: what is known of its tables.
        own: events of this node that wait to be gossiped.
        relayed: events of others that wait to be passed on in the space the own ones leave.
        in_sync: whether the bulk sync of the join is over.
        left_at: when the node left; the record stays until its tombstones are gone.
    """

    membership: NetworkEvent
    entries: Entries
    own: TransmitQueue[TableEvent]
    relayed: TransmitQueue[TableEvent]
    in_sync: bool = False
    left_at: int | None = None

    @property
    def leaving(self) -> bool:
        """Whether the node has left."""
        return self.left_at is not None


class Tables:
    """Entries of the networks joined: what this node writes, reads, tells (``NDB/networkdb.go``).

    What others write comes by :class:`~overlaysim.gossip.hearsay.Hearsay`.

    Args:
        context: the node.

    Attributes:
        directory: nodes and their networks.
        clock: Lamport clock of table events.
        networks: the networks of this node, by id.
    """

    __slots__ = (
        "_context", "_name", "_settings", "clock", "directory", "networks",
    )  # fmt: skip

    def __init__(self, context: Context) -> None:
        self._context = context
        self._name = context.name
        self._settings = context.settings
        self.directory = Directory(context, Owners(self))
        self.clock = LamportClock()
        self.networks: dict[str, OwnNetwork] = {}

    @property
    def entry_lifetime(self) -> int:
        """How long a tombstone, or a hidden entry, is kept; picoseconds."""
        return self._settings.entry_lifetime

    # Networks

    def joined(self) -> list[str]:
        """The networks this node is in."""
        return [network for network, own in self.networks.items() if not own.leaving]

    def common_networks(self, node: str) -> list[str]:
        """The networks of this node that another one is in as well."""
        return [
            network for network in self.networks if self.directory.networks.holds(node, network)
        ]

    def join(self, network: str) -> None:
        """Join a network and tell the cluster.

        Raises:
            NetworkError: it is joined already.
        """
        own = self.networks.get(network)
        if own is not None and not own.leaving:
            raise NetworkError(f"network {network} is joined already")
        membership = self.directory.networks.announce(NetworkEventKind.JOIN, network)
        if own is not None:
            own.membership, own.in_sync, own.left_at = membership, False, None
            return
        self.networks[network] = self._own_network(membership)

    def acquaint(
        self,
        network: str,
        joins: dict[str, NetworkEvent],
        roster: Roster,
        entries: dict[Key, TableEvent],
    ) -> None:
        """Have been in a network for long, with the others and their live entries.

        Args:
            joins: last join of every node in it, this one included; copied.
            roster: their names; copied.
            entries: by table and key; copied.
        """
        membership = self.directory.networks.acquaint(network, joins, roster)
        own = self.networks[network] = self._own_network(membership)
        own.entries.acquaint(entries)
        own.in_sync = True
        self.clock.witness(max((event.time for event in entries.values()), default=0))

    def _own_network(self, membership: NetworkEvent) -> OwnNetwork:
        multiplier = self._settings.table_retransmit_multiplier
        members = self.directory.networks.roster(membership.network).__len__
        return OwnNetwork(
            membership,
            Entries(self._context.reaper),
            TransmitQueue(multiplier, members, self._context.want_gossip),
            TransmitQueue(multiplier, members, self._context.want_gossip),
        )

    def leave(self, network: str, now: int) -> None:
        """Leave a network and tell the cluster.

        The entries of others are dropped without a trace, so that their creates are believed
        after a return. Those of this node become tombstones, in case it is back before anybody
        has heard that it left.

        Raises:
            NetworkError: the node is not in it.
        """
        own = self._require(network)
        own.left_at = now
        own.membership = self.directory.networks.announce(NetworkEventKind.LEAVE, network)
        for event in list(own.entries):
            if event.owner != self._name:
                own.entries.remove(event.place)
            elif not event.deleted:
                place = (network, *event.place)
                self._store(TableEventKind.DELETE, place, event.value, event.encoded, now)
            if self.shows(event):
                self.tell("deleted", event, None, event.value)
        expire = partial(self._expire_network, network, now)
        self._context.reaper.schedule(self._settings.network_lifetime, 0, now, expire)

    def restamp(self) -> None:
        """Give the memberships of this node a new time, so that a cluster it rejoins heeds them.

        ``NDB/delegate.go`` LocalState.
        """
        time = self.directory.clock.increment()
        for network, own in self.networks.items():
            own.membership = NetworkEvent(own.membership.kind, time, self._name, network)

    # Local writes

    def create(self, place: Place, value: Any, encoded: bytes, now: int) -> None:
        """Create an entry; a tombstone or the hidden entry of a failed node is taken over.

        Raises:
            NetworkError: the node is not in the network.
            EntryExistsError: there is a live entry.
        """
        network, table, key = place
        own = self._require(network)
        present = own.entries.get((table, key))
        if present is not None and self.shows(present):
            raise EntryExistsError(
                f"{table} of network {network}: {key} exists already, written by {present.owner}"
            )
        self._write(TableEventKind.CREATE, place, value, encoded, now)

    def update(self, place: Place, value: Any, encoded: bytes, now: int) -> None:
        """Change an entry, whoever owns it, and become its owner.

        Raises:
            NetworkError: the node is not in the network.
            EntryAbsentError: there is no entry.
            EntryDeletedError: there is only a tombstone.
        """
        self.get(place)
        self._write(TableEventKind.UPDATE, place, value, encoded, now)

    def delete(self, place: Place, now: int) -> None:
        """Delete an entry, whoever owns it; its tombstone is this node's.

        Raises:
            NetworkError: the node is not in the network.
            EntryAbsentError: there is no entry.
            EntryDeletedError: there is only a tombstone.
        """
        event = self.get(place)
        self._write(TableEventKind.DELETE, place, event.value, event.encoded, now)

    # Reading

    def get(self, place: Place) -> TableEvent:
        """The live entry under a key.

        Raises:
            NetworkError: the node is not in the network.
            EntryAbsentError: there is no entry.
            EntryDeletedError: there is only a tombstone.
        """
        network, table, key = place
        event = self._require(network).entries.get((table, key))
        if event is None or self.hides(event):
            raise EntryAbsentError(f"{table} of network {network}: {key} does not exist")
        if event.deleted:
            raise EntryDeletedError(
                f"{table} of network {network}: {key} is deleted and awaits garbage collection"
            )
        return event

    def visible(self, network: str | None, table: str | None) -> list[TableChange]:
        """The live entries of others as the creates that a new watcher is told first."""
        return [
            TableChange("created", event.network, event.table, event.key, event.value, None,
                        event.owner)
            for name, own in self.networks.items()
            if network in (None, name)
            for event in own.entries
            if table in (None, event.table) and self.shows(event) and event.owner != self._name
        ]  # fmt: skip

    def live(self, network: str, table: str) -> list[TableEvent]:
        """The live entries of a table that can be seen, sorted by key."""
        own = self.networks.get(network)
        found = [e for e in own.entries if e.table == table and self.shows(e)] if own else []
        return sorted(found, key=lambda event: event.key)

    def record(self, place: Place, now: int) -> EntryRecord | None:
        """What is stored under a key, visible or not."""
        network, table, key = place
        own = self.networks.get(network)
        event = own.entries.get((table, key)) if own else None
        if own is None or event is None:
            return None
        remaining = own.entries.remaining(event.place, now)
        return EntryRecord(event.value, event.owner, event.deleted, self.hides(event), remaining)

    def snapshots(self, networks: Sequence[str], now: int) -> tuple[Compound, ...]:
        """All entries of some networks, for a bulk sync."""
        return tuple(
            self.networks[network].entries.snapshot(now)
            for network in networks
            if network in self.networks
        )

    # Watchers

    def hides(self, event: TableEvent) -> bool:
        """Whether an entry is live but its owner has failed."""
        return not event.deleted and self.directory.is_failed(event.owner)

    def shows(self, event: TableEvent) -> bool:
        """Whether an entry is live and can be seen."""
        return not event.deleted and not self.directory.is_failed(event.owner)

    def tell(
        self,
        kind: Literal["created", "updated", "deleted"],
        event: TableEvent,
        value: Any,
        previous: Any,
    ) -> None:
        """Let watchers know of a change."""
        self._context.table_changes.append(
            TableChange(kind, event.network, event.table, event.key, value, previous, event.owner)
        )

    # Details

    def _require(self, network: str) -> OwnNetwork:
        own = self.networks.get(network)
        if own is None or own.leaving:
            raise NetworkError(f"{self._name} is not in network {network}")
        return own

    def _write(
        self, kind: TableEventKind, place: Place, value: Any, encoded: bytes, now: int
    ) -> None:
        event = self._store(kind, place, value, encoded, now)
        self.networks[event.network].own.put(event.place, event)

    def _store(
        self, kind: TableEventKind, place: Place, value: Any, encoded: bytes, now: int
    ) -> TableEvent:
        deleted = kind == TableEventKind.DELETE
        lifetime = self.entry_lifetime if deleted else None
        residual = (lifetime or 0) // SECOND
        time = self.clock.increment()
        event = TableEvent(kind, time, self._name, *place, value, encoded, residual)
        self.networks[event.network].entries.store(event, lifetime, now)
        return event

    def _expire_network(self, network: str, left_at: int) -> None:
        own = self.networks.get(network)
        if own is not None and own.left_at == left_at:
            del self.networks[network]
