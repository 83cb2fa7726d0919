"""Periodic work without a clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Ticker:
    """Instants ``start + k * period`` for k = 1, 2, …, of which each is taken at most once.

    memberlist and NetworkDB also hold every task back for a random part of one period
    (``ML/state.go`` and ``NDB/cluster.go`` triggerFunc). The ticker runs meanwhile and its first
    tick comes after the longest hold-off, so that nothing of it can be seen.
    """

    __slots__ = ("_period", "_start", "_taken")

    def __init__(self, start: int, period: int) -> None:
        self._start = start
        self._period = period
        self._taken = 0

    def next(self, now: int) -> int:
        """The first instant from ``now`` on that was not taken."""
        coming = -((self._start - now) // self._period)
        return self._start + max(self._taken + 1, coming) * self._period

    def take(self, now: int) -> None:
        """Take the tick at ``now`` and forget all before."""
        self._taken = (now - self._start) // self._period


class Reaper:
    """Records with a remaining lifetime that is counted down once per period.

    As ``NDB/cluster.go`` does it: at each tick a record whose remainder is at most some slack is
    removed, any other loses one period. Here nothing is counted down: the tick of the removal is
    worked out at once, and only ticks with something to remove are woken for.
    """

    __slots__ = ("_heap", "_serial", "_start", "period")

    def __init__(self, start: int, period: int) -> None:
        self._start = start
        self.period = period
        self._serial = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []

    def ticks(self, now: int) -> int:
        """How many ticks there have been by ``now``."""
        return max(0, (now - self._start) // self.period)

    def schedule(self, lifetime: int, slack: int, now: int, remove: Callable[[], None]) -> None:
        """Call ``remove`` at the first tick that finds at most ``slack`` of the lifetime left."""
        wait = max(1, -((slack - lifetime) // self.period) + 1)
        self._serial += 1
        heapq.heappush(self._heap, (self.ticks(now) + wait, self._serial, remove))

    def next_timer(self) -> int | None:
        """When the next record is due."""
        return self._start + self._heap[0][0] * self.period if self._heap else None

    def on_timer(self, now: int) -> None:
        """Remove what is due."""
        ticks = self.ticks(now)
        while self._heap and self._heap[0][0] <= ticks:
            heapq.heappop(self._heap)[2]()
