"""The full exchange of tables over TCP."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from overlaysim.gossip.context import Context
from overlaysim.gossip.messages import BulkSync
from overlaysim.gossip.tables import Tables

Steps = Generator[str, "tuple[str, ...] | None", None]
"""Names the node to sync with next, is told the networks synced, or None for a failure."""

PERIODIC_CANDIDATES = 2
"""A periodic sync tries a second random member if the first fails (``NDB/cluster.go`` bulkSync)."""


@dataclass(slots=True, eq=False)
class _Walk:
    """Syncs with one node after the other, and what it waits for at the moment.

    Attributes:
        steps: what to do.
        network: of a join, the network that is joined.
        peer: the node asked.
        networks: the networks it was asked about.
        stream: the connection of the request.
        time: Lamport time of the request; only a later answer counts.
        deadline: when it is given up.
    """

    steps: Steps
    network: str | None
    peer: str = ""
    networks: tuple[str, ...] = ()
    stream: int = 0
    time: int = 0
    deadline: int = 0


class BulkSyncer:
    """Syncs at every join of a network and periodically, and answers others.

    ``NDB/cluster.go`` bulkSyncTables, bulkSync and bulkSyncNode, ``NDB/delegate.go``
    handleBulkSync. A sync goes both ways on two connections: the request carries the tables of
    all common networks, and so does the answer, on a connection that the peer opens.
    """

    def __init__(self, context: Context, tables: Tables) -> None:
        self._context = context
        self._tables = tables
        self._directory = tables.directory
        self._ticker = context.ticker(context.settings.bulk_sync_interval)
        self._walks: list[_Walk] = []
        self._overdue = False

    def next_timer(self) -> int | None:
        """The next periodic sync, or the next answer to give up."""
        tick = self._ticker.next(self._context.now)
        return min([tick, *(walk.deadline for walk in self._walks)])

    def on_timer(self, now: int) -> None:
        """Give up what was not answered, and sync if it is time to."""
        for walk in list(self._walks):
            if walk.deadline <= now:
                # The reference does not take a missing answer for a failure (bulkSyncNode).
                self._resume(walk, walk.networks, now)
        if self._ticker.next(now) <= now:
            self._ticker.take(now)
            if any(walk.network is None for walk in self._walks):
                self._overdue = True
            else:
                self._begin(_Walk(self._periodic(), None), now)

    def begin_join(self, network: str, now: int) -> None:
        """Sync a network just joined with every member known at this moment."""
        members = list(self._directory.roster(network))
        self._begin(_Walk(self._join(network, members), network), now)

    def cancel_join(self, network: str) -> None:
        """The network is left before its sync was over."""
        self._walks = [walk for walk in self._walks if walk.network != network]

    def on_sync(self, sync: BulkSync, now: int) -> None:
        """Tables of another node came: take them in, then answer, or go on if it is an answer."""
        self._tables.clock.witness(sync.time)
        for compound in sync.payload:
            self._tables.on_events(compound, now, by_bulk_sync=True)
        if sync.unsolicited:
            # A node not known yet gets no answer and waits in vain.
            self._send(sync.node, sync.networks, now, unsolicited=False)
            return
        for walk in list(self._walks):
            if walk.peer == sync.node and walk.time < sync.time:
                self._resume(walk, walk.networks, now)

    def on_failed(self, stream: int, now: int) -> None:
        """A connection could not be made."""
        for walk in list(self._walks):
            if walk.stream == stream:
                self._resume(walk, None, now)

    def _join(self, network: str, members: Sequence[str]) -> Steps:
        for member in members:
            if member != self._context.name:
                yield member
        self._tables.networks[network].in_sync = True

    def _periodic(self) -> Steps:
        """One sync per network, but a sync covers all networks common with the peer."""
        remaining = self._tables.joined()
        while remaining:
            members = self._directory.roster(remaining.pop(0))
            rng, name = self._context.rng, self._context.name
            for member in members.sample(rng, PERIODIC_CANDIDATES, name):
                synced = yield member
                if synced is not None:
                    remaining = [network for network in remaining if network not in synced]
                    break

    def _begin(self, walk: _Walk, now: int) -> None:
        self._walks.append(walk)
        self._resume(walk, None, now)

    def _resume(self, walk: _Walk, synced: tuple[str, ...] | None, now: int) -> None:
        """Let a walk go on until it waits again or is over."""
        while (peer := _next_peer(walk.steps, synced)) is not None:
            networks = tuple(self._tables.common_networks(peer))
            sent = self._send(peer, networks, now, unsolicited=True)
            if sent is not None:
                walk.peer, walk.networks = peer, networks
                walk.stream, walk.time = sent
                walk.deadline = now + self._context.settings.bulk_sync_timeout
                return
            synced = None
        self._walks.remove(walk)
        if walk.network is None and self._overdue:
            self._overdue = False
            self._begin(_Walk(self._periodic(), None), now)

    def _send(
        self, peer: str, networks: tuple[str, ...], now: int, *, unsolicited: bool
    ) -> tuple[int, int] | None:
        """Send all of some networks; return connection and Lamport time, None if unknown."""
        address = self._directory.address(peer)
        if address is None:
            return None
        time = self._tables.clock.increment()
        payload = self._tables.snapshots(networks, now)
        sync = BulkSync(time, unsolicited, self._context.name, networks, payload)
        return self._context.request(address, sync, "bulk-sync"), time


def _next_peer(steps: Steps, synced: tuple[str, ...] | None) -> str | None:
    try:
        return steps.send(synced)
    except StopIteration:
        return None
