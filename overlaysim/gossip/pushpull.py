"""The full exchange of membership with one node over TCP."""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.gossip.alarms import Alarm
from overlaysim.gossip.context import Context
from overlaysim.gossip.member_messages import MemberState, PushPull
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


class PushPuller:
    """Exchanges membership with a random member now and then, and answers others.

    ``ML/state.go`` pushPull and pushPullTrigger, ``ML/net.go`` sendAndReceiveState and handleConn;
    NetworkDB's part in ``NDB/delegate.go`` LocalState and MergeRemoteState.
    """

    __slots__ = (
        "_context", "_directory", "_exchanges", "_membership", "_tables",
    )  # fmt: skip

    def __init__(self, context: Context, membership: Membership, tables: Tables) -> None:
        self._context = context
        self._membership = membership
        self._tables = tables
        self._directory = tables.directory
        self._exchanges: dict[int, tuple[Alarm, Done]] = {}
        stagger = context.rng.randrange(context.settings.push_pull_interval)
        # The first pause begins after the stagger, and is as long as the cluster then demands.
        context.alarms.set(context.start + stagger, lambda now: self._rest(False, now))

    def exchange(self, target: str, done: Done, now: int, *, join: bool = False) -> None:
        """Exchange with the node at an address; ``done`` hears how it went."""
        state, limit = self._local_state(join=join), self._context.settings.tcp_timeout
        stream = self._context.request(target, state, "push-pull", limit)
        patience = self._context.alarms.set(now + limit, lambda now: self.on_failed(stream, now))
        self._exchanges[stream] = (patience, done)

    def on_request(self, source: str, stream: int, remote: PushPull, now: int) -> None:
        """Another node sent its state: answer with the own one before heeding it."""
        state = self._local_state(join=remote.join)
        self._context.answer(source, stream, state, "push-pull")
        self._merge(remote, now)

    def on_reply(self, stream: int, remote: PushPull, now: int) -> None:
        """The answer came; it is not heeded if it is too late."""
        exchange = self._exchanges.pop(stream, None)
        if exchange is not None:
            patience, done = exchange
            patience.cancel()
            self._merge(remote, now)
            done(True, now)

    def on_failed(self, stream: int, now: int) -> None:
        """No answer will come."""
        exchange = self._exchanges.pop(stream, None)
        if exchange is not None:
            patience, done = exchange
            patience.cancel()
            done(False, now)

    def _round(self, now: int) -> None:
        """Exchange with a random member that is alive; the pause begins when that is over."""
        targets = self._membership.sample(1, lambda member: member.state == MemberState.ALIVE)
        if targets:
            self.exchange(targets[0].address, self._rest, now)
        else:
            self._rest(False, now)

    def _rest(self, _: bool, now: int) -> None:
        self._context.alarms.set(now + self._period(), self._round)

    def _period(self) -> int:
        return push_pull_period(self._context.settings.push_pull_interval, self._membership.count())

    def _local_state(self, *, join: bool) -> PushPull:
        if join:
            self._tables.restamp()
        own = (network.membership for network in self._tables.networks.values())
        others = self._directory.networks.all()
        time = self._directory.clock.time
        networks = NetworkPushPull(time, self._context.name, (*own, *others))
        return PushPull(join, self._membership.members(), networks)

    def _merge(self, remote: PushPull, now: int) -> None:
        self._membership.merge(remote.members, now)
        networks = remote.networks
        present = NodeEvent(NodeEventKind.JOIN, networks.time, networks.node)
        self._directory.on_node_event(present, now)
        self._directory.networks.merge(networks.networks, now)
