"""How a node gets into the cluster, and back into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from overlaysim.gossip.bulksync import BulkSyncer
from overlaysim.gossip.context import Context
from overlaysim.gossip.directory import Directory
from overlaysim.gossip.messages import NodeEventKind
from overlaysim.gossip.pushpull import PushPuller
from overlaysim.gossip.ticker import Task

Outcome = Callable[[bool, int], None]
"""Takes whether it succeeded, and the present instant."""


class ClusterJoin:
    """A push/pull with every seed, one after the other; one that answers is enough.

    ``ML/memberlist.go`` Join, ``NDB/cluster.go`` clusterJoin: it ends when the cluster has been
    told of it.
    """

    __slots__ = (
        "_context", "_directory", "_exchanges",
    )  # fmt: skip

    def __init__(self, context: Context, directory: Directory, exchanges: PushPuller) -> None:
        self._context = context
        self._directory = directory
        self._exchanges = exchanges

    def join(self, seeds: Sequence[str], over: Outcome, now: int) -> None:
        """Join through these addresses; ``over`` hears whether any of them answered."""
        waiting = list(seeds)
        answers = 0

        def next_seed(answered: bool, now: int) -> None:
            nonlocal answers
            answers += answered
            if waiting:
                self._exchanges.exchange(waiting.pop(0), next_seed, now, join=True)
            elif answers:
                self._announce(over, now)
            else:
                over(False, now)

        next_seed(False, now)

    def _announce(self, over: Outcome, now: int) -> None:
        """Tell the cluster, and wait until it is told or too much time has passed."""
        context = self._context
        waiting = True

        def told(now: int) -> None:
            nonlocal waiting
            if waiting:
                waiting = False
                over(True, now)

        context.alarms.set(now + context.settings.node_event_timeout, told)
        self._directory.announce_node(NodeEventKind.JOIN, lambda: told(context.now))


class Bootstrap:
    """The first join, and the way back if all whom the node joined through are gone.

    ``NDB/cluster.go`` rejoinClusterBootStrap: once a minute the node looks whether any of them is a
    member; if none is, it tries to join again each second for ten seconds, which also mends a first
    join that failed.

    Attributes:
        over: whether the last join that was asked for has ended.
    """

    __slots__ = (
        "_context", "_directory", "_joining", "_seeds", "_task", "over",
    )  # fmt: skip

    def __init__(self, context: Context, directory: Directory, joining: ClusterJoin) -> None:
        self._context = context
        self._directory = directory
        self._joining = joining
        self._seeds: tuple[str, ...] = ()
        self.over = True
        settings = context.settings
        self._task = Task(context.alarms, context.ticker(settings.rejoin_interval), self._look)

    def join(self, seeds: Sequence[str], now: int) -> None:
        """Join the cluster through these addresses and remember them."""
        first = not self._seeds
        self._seeds = tuple(seed for seed in seeds if seed != self._context.address)
        if first and self._seeds and self._context.settings.bootstrap_rejoin:
            self._task.start(now)
        self.over = False
        self._joining.join(self._seeds, self._joined, now)

    def _joined(self, _: bool, now: int) -> None:
        self.over = True

    def _look(self, now: int) -> bool:
        if not self.over or any(map(self._directory.has_active_at, self._seeds)):
            return True
        settings = self._context.settings
        self._retry_later(now + settings.rejoin_duration, now)
        return False

    def _retry_later(self, until: int, now: int) -> None:
        pause = self._context.settings.retry_interval
        if now + pause > until:
            self._task.done(now)
            return

        def ended(success: bool, now: int) -> None:
            if success:
                self._task.done(now)
            else:
                self._retry_later(until, now)

        self._context.alarms.set(
            now + pause, lambda now: self._joining.join(self._seeds, ended, now)
        )


class Reconnect:
    """Every second one of the failed nodes, chosen at random, is tried again.

    ``NDB/cluster.go`` reconnectNode: a join through it, then a bulk sync with it.
    """

    __slots__ = (
        "_context", "_directory", "_joining", "_syncs", "_ticker", "_waiting",
    )  # fmt: skip

    def __init__(
        self, context: Context, directory: Directory, joining: ClusterJoin, syncs: BulkSyncer
    ) -> None:
        self._context = context
        self._directory = directory
        self._joining = joining
        self._syncs = syncs
        self._ticker = context.ticker(context.settings.retry_interval)
        self._waiting = False
        if context.settings.reconnect:
            directory.on_failed = self._wait

    def _wait(self) -> None:
        """Try at the next tick; one at a time, and none while nobody has failed."""
        if not self._waiting:
            self._waiting = True
            self._context.alarms.set(self._ticker.after(self._context.now), self._try)

    def _try(self, now: int) -> None:
        failed = self._directory.failed_nodes()
        if not failed:
            self._waiting = False
            return
        began = now
        name = failed[self._context.rng.randrange(len(failed))]

        def again(now: int) -> None:
            # A tick that came meanwhile has waited.
            if self._ticker.ticks(now) > self._ticker.ticks(began):
                self._try(now)
            else:
                self._context.alarms.set(self._ticker.after(now), self._try)

        def joined(success: bool, now: int) -> None:
            if success and self._directory.reachable_at(name) is not None:
                self._syncs.sync(name, now, again)
            else:
                again(now)

        address = self._directory.reachable_at(name)
        assert address is not None
        self._joining.join([address], joined, now)
