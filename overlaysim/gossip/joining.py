"""How a node gets into the cluster, and back into it."""

from __future__ import annotations

from collections.abc import Sequence

from overlaysim.gossip.context import Context
from overlaysim.gossip.directory import Directory
from overlaysim.gossip.messages import NodeEventKind
from overlaysim.gossip.pushpull import PushPuller


class ClusterJoin:
    """A push/pull with every seed, one after the other; one that answers is enough.

    ``ML/memberlist.go`` Join, ``NDB/cluster.go`` clusterJoin. Once a minute the node looks whether
    any seed is still a member; if none is, it tries to join again each second for ten seconds
    (``NDB/cluster.go`` rejoinClusterBootStrap), which also mends a first join that failed.
    """

    def __init__(self, context: Context, directory: Directory, exchanges: PushPuller) -> None:
        self._context = context
        self._directory = directory
        self._exchanges = exchanges
        self._ticker = context.ticker(context.settings.rejoin_interval)
        self._seeds: tuple[str, ...] = ()
        self._waiting: list[str] = []
        self._in_progress = False
        self._contacted = False
        self._retry_at: int | None = None
        self._retry_until = 0

    def join(self, seeds: Sequence[str], now: int) -> None:
        """Join the cluster through these addresses and remember them."""
        self._seeds = tuple(seed for seed in seeds if seed != self._context.address)
        self._attempt(now)

    def next_timer(self) -> int | None:
        """The next try, or the next look at the seeds."""
        if not self._seeds or self._in_progress:
            return None
        return self._ticker.next(self._context.now) if self._retry_at is None else self._retry_at

    def on_timer(self, now: int) -> None:
        """Try again, or look whether that is needed."""
        if not self._seeds or self._in_progress:
            return
        settings = self._context.settings
        if self._retry_at is not None:
            if self._retry_at <= now:
                self._attempt(now)
        elif self._ticker.next(now) <= now:
            self._ticker.take(now)
            if not any(map(self._directory.has_active_at, self._seeds)):
                self._retry_at = now + settings.retry_interval
                self._retry_until = now + settings.rejoin_duration

    def _attempt(self, now: int) -> None:
        self._waiting = list(self._seeds)
        self._in_progress, self._contacted = True, False
        self._next_seed(now)

    def _next_seed(self, now: int) -> None:
        if self._waiting:
            self._exchanges.exchange(self._waiting.pop(0), self._heard, now, join=True)
            return
        self._in_progress = False
        self._retry_at = None
        if self._contacted:
            self._directory.announce_node(NodeEventKind.JOIN)
        elif now + self._context.settings.retry_interval <= self._retry_until:
            self._retry_at = now + self._context.settings.retry_interval

    def _heard(self, answered: bool, now: int) -> None:
        self._contacted = self._contacted or answered
        self._next_seed(now)
