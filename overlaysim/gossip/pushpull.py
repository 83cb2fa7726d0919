"""The full exchange of membership with one node over TCP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from overlaysim.gossip.context import Context
from overlaysim.gossip.member_messages import PushPull
from overlaysim.gossip.membership import Membership
from overlaysim.gossip.messages import NetworkPushPull, NodeEvent, NodeEventKind
from overlaysim.gossip.tables import Tables

UNSCALED_NODES = 32
"""Up to this many nodes the period is as configured (``ML/util.go`` pushPullScaleThreshold)."""

Done = Callable[[bool, int], None]
"""Takes whether the exchange succeeded, and the present instant."""


def push_pull_period(interval: int, nodes: int) -> int:
    """The interval times ceil(log2(n) - 5) + 1 above 32 nodes (``ML/util.go`` pushPullScale)."""
    if nodes <= UNSCALED_NODES:
        return interval
    doublings = (nodes - 1).bit_length() - UNSCALED_NODES.bit_length() + 1
    return interval * (doublings + 1)


@dataclass(frozen=True, slots=True)
class _Exchange:
    deadline: int
    done: Done


class PushPuller:
    """Exchanges membership with a random member now and then, and answers others.

    ``ML/state.go`` pushPull and pushPullTrigger, ``ML/net.go`` sendAndReceiveState and handleConn;
    NetworkDB's part in ``NDB/delegate.go`` LocalState and MergeRemoteState.
    """

    def __init__(self, context: Context, membership: Membership, tables: Tables) -> None:
        self._context = context
        self._membership = membership
        self._tables = tables
        self._directory = tables.directory
        self._exchanges: dict[int, _Exchange] = {}
        stagger = context.rng.randrange(context.settings.push_pull_interval)
        self._next_round: int | None = context.start + stagger + self._period()

    def next_timer(self) -> int | None:
        """The next exchange of its own, or the next that nobody answered."""
        deadlines = [exchange.deadline for exchange in self._exchanges.values()]
        if self._next_round is not None:
            deadlines.append(self._next_round)
        return min(deadlines, default=None)

    def on_timer(self, now: int) -> None:
        """Give up what was not answered, and exchange with somebody if it is time to."""
        for stream, exchange in list(self._exchanges.items()):
            if exchange.deadline <= now:
                self.on_failed(stream, now)
        if self._next_round is not None and self._next_round <= now:
            self._next_round = None
            targets = self._membership.sample(1)
            if targets:
                self.exchange(targets[0].address, self._rest, now)
            else:
                self._rest(False, now)

    def exchange(self, target: str, done: Done, now: int, *, join: bool = False) -> None:
        """Exchange with the node at an address; ``done`` hears how it went."""
        stream = self._context.request(target, self._local_state(join=join), "push-pull")
        self._exchanges[stream] = _Exchange(now + self._context.settings.tcp_timeout, done)

    def on_request(self, source: str, stream: int, remote: PushPull, now: int) -> None:
        """Another node sent its state: answer with the own one before heeding it."""
        self._context.answer(source, stream, self._local_state(join=remote.join))
        self._merge(remote, now)

    def on_reply(self, stream: int, remote: PushPull, now: int) -> None:
        """The answer came; it is not heeded if it is too late."""
        exchange = self._exchanges.pop(stream, None)
        if exchange is not None:
            self._merge(remote, now)
            exchange.done(True, now)

    def on_failed(self, stream: int, now: int) -> None:
        """No answer will come."""
        exchange = self._exchanges.pop(stream, None)
        if exchange is not None:
            exchange.done(False, now)

    def _rest(self, _: bool, now: int) -> None:
        self._next_round = now + self._period()

    def _period(self) -> int:
        return push_pull_period(self._context.settings.push_pull_interval, self._membership.count())

    def _local_state(self, *, join: bool) -> PushPull:
        if join:
            self._tables.restamp()
        own = (network.membership for network in self._tables.networks.values())
        others = self._directory.attachments()
        time = self._directory.clock.time
        networks = NetworkPushPull(time, self._context.name, (*own, *others))
        return self._membership.state(networks, join=join)

    def _merge(self, remote: PushPull, now: int) -> None:
        self._membership.merge(remote, now)
        networks = remote.networks
        present = NodeEvent(NodeEventKind.JOIN, networks.time, networks.node)
        self._directory.on_node_event(present, now)
        for event in networks.networks:
            self._directory.on_network_event(event, now, relay=False)
