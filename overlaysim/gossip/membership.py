"""The members of the cluster, as memberlist knows them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from overlaysim.gossip.context import Context
from overlaysim.gossip.directory import Directory
from overlaysim.gossip.member_messages import Alive, Dead, Member, MemberState, Suspect
from overlaysim.gossip.queue import TransmitQueue
from overlaysim.gossip.suspicion import Health, Suspicion

ALIVE, SUSPECT, DEAD, LEFT = MemberState


class Membership:
    """Who is alive, suspected, dead or gone; the directory is told who comes and goes.

    Rules: ``ML/state.go`` aliveNode, suspectNode, deadNode, mergeState. The list has the order in
    which the failure detector walks it.

    Args:
        context: the node.
        directory: NetworkDB's own list of nodes.

    Attributes:
        messages: news of members that wait to be gossiped.
        health: how far the node trusts itself.
    """

    __slots__ = (
        "_context", "_directory", "_incarnation", "_leaving", "_members", "_order",
        "_since", "_suspicions", "health", "messages",
    )  # fmt: skip

    def __init__(self, context: Context, directory: Directory) -> None:
        self._context = context
        self._directory = directory
        self._members: dict[str, Member] = {}
        self._order: list[str] = []
        self._since: dict[str, int] = {}
        self._suspicions: dict[str, Suspicion] = {}
        self._incarnation = 1
        self._leaving = False
        self.health = Health(context.settings)
        self.messages = TransmitQueue[Alive | Suspect | Dead](
            context.settings.retransmit_multiplier, self.count, context.want_news_out
        )
        self._welcome(Alive(1, context.name, context.address), context.now)

    # The list

    def count(self) -> int:
        """How many nodes are known, those that are gone but not forgotten included."""
        return len(self._order)

    def get(self, name: str) -> Member | None:
        """What is known of a node."""
        return self._members.get(name)

    def at(self, place: int) -> Member:
        """The member at a place of the list."""
        return self._members[self._order[place]]

    def members(self) -> tuple[Member, ...]:
        """Everything that is known, in the order of the list."""
        return tuple(map(self._members.__getitem__, self._order))

    def has_others(self) -> bool:
        """Whether any other node is not gone."""
        me = self._context.name
        return any(not self._members[name].gone for name in self._order if name != me)

    def sample(self, count: int, fits: Callable[[Member], bool]) -> list[Member]:
        """Up to ``count`` random members that fit; never this node.

        As ``ML/util.go`` kRandomNodes: 3 n draws at most, so that now and then in a small cluster
        it finds fewer than there are.
        """
        order, members, me = self._order, self._members, self._context.name
        draw, known = self._context.rng.random, len(order)
        found: list[Member] = []
        for _ in range(3 * known):
            name = order[int(draw() * known)]
            if name == me:
                continue
            member = members[name]
            if member not in found and fits(member):
                found.append(member)
                if len(found) == count:
                    break
        return found

    def gossip_targets(self) -> list[Member]:
        """Whom to gossip to: the recently dead as well, so that they can object."""
        patience = self._context.settings.gossip_to_the_dead
        latest = self._context.now - patience

        def listens(member: Member) -> bool:
            return member.state <= SUSPECT or (
                member.state == DEAD and self._since[member.node] >= latest
            )

        return self.sample(self._context.settings.fan_out, listens)

    def shuffle(self, now: int) -> None:
        """Forget who has been gone for long, and shuffle the rest (``ML/state.go`` resetNodes)."""
        patience = self._context.settings.gossip_to_the_dead
        kept = []
        for name in self._order:
            if self._members[name].gone and now - self._since[name] > patience:
                del self._members[name], self._since[name]
            else:
                kept.append(name)
        self._context.rng.shuffle(kept)
        self._order = kept

    def acquaint(self, members: dict[str, Member]) -> None:
        """Have known these members for long; ``members`` is by name and is copied."""
        me = self._members[self._context.name]
        self._members = members.copy()
        self._members[me.node] = me
        self._order = list(self._members)
        self._context.rng.shuffle(self._order)
        self.messages.clear()

    # News

    def on_alive(self, alive: Alive, now: int) -> None:
        """Somebody says that a node is a member."""
        name = alive.node
        known = self._members.get(name)
        if known is None:
            self._welcome(alive, now)
            return
        moved = known.address != alive.address
        if moved and not self._may_move(known, now):
            return
        if name == self._context.name:
            if alive.incarnation > known.incarnation and not self._leaving:
                self._suspicions.pop(name, None)
                self._refute(alive.incarnation)
            return
        if alive.incarnation <= known.incarnation and not moved:
            return
        self._suspicions.pop(name, None)
        self.messages.put(name, alive)
        self._set(alive.member, now)
        if known.gone:
            self._directory.node_alive(name, alive.address, now)

    def on_suspect(self, suspect: Suspect, now: int) -> None:
        """Somebody says that a node did not answer."""
        name = suspect.node
        known = self._members.get(name)
        if known is None or suspect.incarnation < known.incarnation:
            return
        suspicion = self._suspicions.get(name)
        if suspicion is not None:
            if suspicion.confirm(suspect.accuser, now):
                self.messages.put(name, suspect)
                self._watch(name, suspicion)
            return
        if known.state != ALIVE:
            return
        if name == self._context.name:
            self._refute(suspect.incarnation)
            return
        self.messages.put(name, suspect)
        self._set(Member(name, known.address, suspect.incarnation, SUSPECT), now)
        suspicion = Suspicion(self._context.settings, self.count(), suspect.accuser, now)
        self._suspicions[name] = suspicion
        self._watch(name, suspicion)

    def on_dead(self, dead: Dead, now: int) -> None:
        """Somebody says that a node is dead, or the node itself that it leaves."""
        name = dead.node
        known = self._members.get(name)
        if known is None or dead.incarnation < known.incarnation:
            return
        self._suspicions.pop(name, None)
        if known.gone:
            return
        if name == self._context.name and not self._leaving:
            self._refute(dead.incarnation)
            return
        self.messages.put(name, dead)
        self._bury(known, dead, now)

    def leave(self, now: int, finished: Callable[[], None]) -> None:
        """Say that this node leaves; it gossips on until it stops.

        Args:
            finished: called when that has been said often enough.
        """
        self._leaving = True
        me = self._members[self._context.name]
        dead = Dead(me.incarnation, me.node, me.node)
        self.messages.put(me.node, dead, finished)
        self._bury(me, dead, now)

    def merge(self, members: tuple[Member, ...], now: int) -> None:
        """Take over what another node knows; whom it holds for dead is only suspected here."""
        known = self._members
        for member in members:
            if member.state == ALIVE:
                mine = known.get(member.node)
                if mine is not member and not _outdates(mine, member):
                    self.on_alive(_news_of(member), now)
            elif member.state == LEFT:
                self.on_dead(Dead(member.incarnation, member.node, member.node), now)
            else:
                suspect = Suspect(member.incarnation, member.node, self._context.name)
                self.on_suspect(suspect, now)

    # Details

    def _welcome(self, alive: Alive, now: int) -> None:
        """A new member takes a random place in the list, so that it is probed soon or late."""
        order = self._order
        place = int(self._context.rng.random() * len(order))
        order.append(alive.node)
        order[place], order[-1] = order[-1], order[place]
        self.messages.put(alive.node, alive)
        self._members[alive.node] = alive.member
        self._directory.node_alive(alive.node, alive.address, now)

    def _may_move(self, known: Member, now: int) -> bool:
        """Whether a name may come back at another address."""
        reclaim = self._context.settings.dead_node_reclaim
        long_dead = known.state == DEAD and 0 < reclaim < now - self._since[known.node]
        return known.state == LEFT or long_dead

    def _set(self, member: Member, now: int) -> None:
        self._members[member.node] = member
        if member.gone:
            self._since[member.node] = now
        else:
            self._since.pop(member.node, None)

    def _bury(self, known: Member, dead: Dead, now: int) -> None:
        state = LEFT if dead.accuser == dead.node else DEAD
        self._set(Member(known.node, known.address, dead.incarnation, state), now)
        if known.node != self._context.name:
            self._directory.node_gone(known.node, now)

    def _refute(self, accused: int) -> None:
        """Object: an incarnation higher than the accused one, and less trust in oneself."""
        self._incarnation = max(self._incarnation, accused) + 1
        self.health.change(1)
        context = self._context
        alive = Alive(self._incarnation, context.name, context.address)
        self._members[context.name] = alive.member
        # Queued under the address, not the name (ML/state.go refute).
        self.messages.put(context.address, alive)

    def _watch(self, name: str, suspicion: Suspicion) -> None:
        deadline = suspicion.deadline

        def expire(now: int) -> None:
            # A confirmation or another suspicion may have come in between.
            if self._suspicions.get(name) is suspicion and suspicion.deadline == deadline:
                incarnation = self._members[name].incarnation
                self.on_dead(Dead(incarnation, name, self._context.name), now)

        self._context.alarms.set(deadline, expire)


def _outdates(known: Member | None, told: Member) -> bool:
    """Whether what is known of a node makes the news that it is alive no news."""
    return (
        known is not None
        and known.incarnation >= told.incarnation
        and known.address == told.address
    )


@lru_cache(maxsize=1 << 16)
def _news_of(member: Member) -> Alive:
    """One object for all who hear of a member by push/pull."""
    return Alive(member.incarnation, member.node, member.address)
