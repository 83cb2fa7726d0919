"""The full exchange of tables over TCP."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from overlaysim.gossip.alarms import Alarm
from overlaysim.gossip.context import Context
from overlaysim.gossip.errors import NodeUnknownError
from overlaysim.gossip.hearsay import Hearsay
from overlaysim.gossip.messages import BulkSync
from overlaysim.gossip.tables import Tables
from overlaysim.gossip.ticker import Task

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
        over: called at the end.
        peer: the node asked.
        networks: the networks it was asked about.
        stream: the connection of the request.
        time: Lamport time of the request; only a later answer counts.
        patience: the alarm at which it is given up.
    """

    steps: Steps
    network: str | None
    over: Callable[[int], None]
    peer: str = ""
    networks: tuple[str, ...] = ()
    stream: int = 0
    time: int = 0
    patience: Alarm | None = None


class BulkSyncer:
    """Syncs at every join of a network and periodically, and answers others.

    ``NDB/cluster.go`` bulkSyncTables, bulkSync and bulkSyncNode, ``NDB/delegate.go``
    handleBulkSync. A sync goes both ways on two connections: the request carries the tables of
    all common networks, and so does the answer, on a connection that the peer opens.
    """

    __slots__ = (
        "_context", "_directory", "_hearsay", "_tables", "_task", "_walks",
    )  # fmt: skip

    def __init__(self, context: Context, tables: Tables, hearsay: Hearsay) -> None:
        self._context = context
        self._tables = tables
        self._hearsay = hearsay
        self._directory = tables.directory
        self._walks: list[_Walk] = []
        ticker = context.ticker(context.settings.bulk_sync_interval)
        self._task = Task(context.alarms, ticker, self._begin_periodic)
        self._task.start(context.now)

    def pending(self) -> int:
        """How many syncs wait for an answer."""
        return len(self._walks)

    def sync(self, node: str, now: int, over: Callable[[int], None] = lambda now: None) -> None:
        """Sync with one node, active or failed; ``over`` hears when that has ended.

        Raises:
            NodeUnknownError: the node is not known.
        """
        if self._directory.reachable_at(node) is None:
            raise NodeUnknownError(f"{self._context.name} knows no node {node} to sync with")
        self._begin(_Walk(self._each([node]), None, over), now)

    def _begin_periodic(self, now: int) -> bool:
        self._begin(_Walk(self._periodic(), None, self._task.done), now)
        return False

    def begin_join(self, network: str, now: int) -> None:
        """Sync a network just joined with every member known at this moment."""
        members = list(self._directory.networks.roster(network))
        self._begin(_Walk(self._join(network, members), network, lambda now: None), now)

    def cancel_join(self, network: str) -> None:
        """The network is left before its sync was over."""
        for walk in [walk for walk in self._walks if walk.network == network]:
            self._walks.remove(walk)
            _call_off(walk)

    def on_sync(self, sync: BulkSync, now: int) -> None:
        """Tables of another node came: take them in, go on if they were waited for, and answer.

        A node not known yet gets no answer and waits in vain.
        """
        self._tables.clock.witness(sync.time)
        for compound in sync.payload:
            self._hearsay.on_sync(compound, now)
        for walk in list(self._walks):
            if walk.peer == sync.node and walk.time < sync.time:
                self._resume(walk, walk.networks, now)
        if sync.unsolicited:
            self._send(sync.node, sync.networks, unsolicited=False)

    def on_failed(self, stream: int, now: int) -> None:
        """A connection could not be made."""
        for walk in list(self._walks):
            if walk.stream == stream:
                self._resume(walk, None, now)

    def _join(self, network: str, members: Sequence[str]) -> Steps:
        yield from self._each(members)
        self._tables.networks[network].in_sync = True

    def _each(self, members: Sequence[str]) -> Steps:
        for member in members:
            if member != self._context.name:
                yield member

    def _periodic(self) -> Steps:
        """One sync per network, but a sync covers all networks common with the peer."""
        remaining = self._tables.joined()
        while remaining:
            members = self._directory.networks.roster(remaining.pop(0))
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
        _call_off(walk)
        while (peer := _next_peer(walk.steps, synced)) is not None:
            networks = tuple(self._tables.common_networks(peer))
            sent = self._send(peer, networks, unsolicited=True)
            if sent is not None:
                walk.peer, walk.networks = peer, networks
                walk.stream, walk.time = sent
                deadline = now + self._context.settings.bulk_sync_timeout
                # The reference does not take a missing answer for a failure (bulkSyncNode).
                walk.patience = self._context.alarms.set(
                    deadline, lambda now: self._resume(walk, walk.networks, now)
                )
                return
            synced = None
        self._walks.remove(walk)
        walk.over(now)

    def _send(
        self, peer: str, networks: tuple[str, ...], *, unsolicited: bool
    ) -> tuple[int, int] | None:
        """Send all of some networks; return connection and Lamport time, None if unknown."""
        address = self._directory.reachable_at(peer)
        if address is None:
            return None
        time = self._tables.clock.increment()
        payload = self._tables.snapshots(networks, self._context.now)
        sync = BulkSync(time, unsolicited, self._context.name, networks, payload)
        limit = self._context.settings.tcp_timeout
        return self._context.request(address, sync, "bulk-sync", limit), time


def _call_off(walk: _Walk) -> None:
    if walk.patience is not None:
        walk.patience.cancel()


def _next_peer(steps: Steps, synced: tuple[str, ...] | None) -> str | None:
    try:
        return steps.send(synced)
    except StopIteration:
        return None
