"""The members of the cluster, as memberlist knows them."""

from __future__ import annotations

from functools import partial

from overlaysim.gossip.context import Context
from overlaysim.gossip.directory import Directory
from overlaysim.gossip.member_messages import Alive, Dead, Departed, PushPull
from overlaysim.gossip.messages import NetworkPushPull
from overlaysim.gossip.queue import TransmitQueue
from overlaysim.gossip.roster import Roster
from overlaysim.gossip.ticker import Reaper


class Membership:
    """Who is alive and who has left; the directory is told of every change.

    Rules: ``ML/state.go`` aliveNode, deadNode and mergeState of moby/moby. Nodes come and go by
    their own word here. A name is used for one life: Docker gives a node that starts again a new
    one, and an alive message of an earlier life is not believed.

    Args:
        context: the node.
        directory: NetworkDB's own list of nodes.
        reaper: forgets nodes that left.
    """

    def __init__(self, context: Context, directory: Directory, reaper: Reaper) -> None:
        self._context = context
        self._directory = directory
        self._reaper = reaper
        self._alive: dict[str, Alive] = {}
        self._left: dict[str, Departed] = {}
        self._roster = Roster()
        self.messages = TransmitQueue[Alive | Dead](
            context.settings.retransmit_multiplier, self.count
        )
        self.on_alive(Alive(1, context.name, context.address), context.now)

    def count(self) -> int:
        """How many nodes are known, those that left but are not forgotten included."""
        return len(self._alive) + len(self._left)

    def has_others(self) -> bool:
        """Whether any other node is alive."""
        return len(self._roster) > (self._context.name in self._roster)

    def sample(self, count: int) -> list[Alive]:
        """Up to ``count`` random other members."""
        names = self._roster.sample(self._context.rng, count, self._context.name)
        return [self._alive[name] for name in names]

    def on_alive(self, alive: Alive, now: int) -> None:
        """Somebody says that a node is a member."""
        name = alive.node
        known, departed = self._alive.get(name), self._left.get(name)
        if known is not None and (
            known.address != alive.address or alive.incarnation <= known.incarnation
        ):
            return
        if departed is not None:
            if name == self._context.name or alive.incarnation <= departed.incarnation:
                return
            del self._left[name]
        self.messages.put(name, alive)
        self._alive[name] = alive
        self._roster.add(name)
        self._directory.node_alive(name, alive.address, now)

    def on_dead(self, dead: Dead, now: int) -> None:
        """A node says that it has left, or somebody passes that on."""
        last = self._alive.get(dead.node)
        if last is None or dead.incarnation < last.incarnation:
            return
        self.messages.put(dead.node, dead)
        del self._alive[dead.node]
        self._roster.discard(dead.node)
        departed = self._left[dead.node] = Departed(last, dead.incarnation)
        memory = self._context.settings.gossip_to_the_dead
        self._reaper.schedule(memory, 0, now, partial(self._forget, departed))
        if dead.node != self._context.name:
            self._directory.node_left(dead.node, now)

    def leave(self, now: int) -> None:
        """Say that this node leaves; it gossips on until it stops."""
        name = self._context.name
        self.on_dead(Dead(self._alive[name].incarnation, name, name), now)

    def state(self, networks: NetworkPushPull, *, join: bool) -> PushPull:
        """All that is known, for a push/pull."""
        return PushPull(join, tuple(self._alive.values()), tuple(self._left.values()), networks)

    def merge(self, remote: PushPull, now: int) -> None:
        """Take over what another node knows."""
        for alive in remote.alive:
            self.on_alive(alive, now)
        for departed in remote.left:
            name = departed.last.node
            self.on_dead(Dead(departed.incarnation, name, name), now)

    def _forget(self, departed: Departed) -> None:
        if self._left.get(departed.last.node) is departed:
            del self._left[departed.last.node]
