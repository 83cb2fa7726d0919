"""Periodic work without a clock.

memberlist and NetworkDB start a ticker for each periodic task when the node starts, and hold the
task back for a random part of one period (``ML/state.go`` and ``NDB/cluster.go`` triggerFunc). The
ticker runs meanwhile and its first tick comes after the longest hold-off, so that nothing of the
hold-off can be seen, and all tasks of one node keep one phase.
"""

from __future__ import annotations

from collections.abc import Callable

from overlaysim.gossip.alarms import Alarms


class Ticker:
    """Instants ``start + k * period`` for k = 1, 2, …"""

    __slots__ = ("period", "start")

    def __init__(self, start: int, period: int) -> None:
        self.start = start
        self.period = period

    def ticks(self, now: int) -> int:
        """How many ticks there have been by ``now``."""
        return max(0, (now - self.start) // self.period)

    def after(self, now: int) -> int:
        """The first tick after ``now``."""
        ticks = (now - self.start) // self.period
        return self.start + (ticks + 1 if ticks > 0 else 1) * self.period


class Pulse:
    """Work on the ticks at which there is some: the others are not woken for.

    Attributes:
        work: what to do at a tick; it asks for the next one itself if there is more to do.
    """

    __slots__ = ("_alarms", "_armed", "_ticker", "work")

    def __init__(self, alarms: Alarms, ticker: Ticker) -> None:
        self._alarms = alarms
        self._ticker = ticker
        self._armed = False
        self.work: Callable[[int], None] = lambda now: None

    def request(self, now: int) -> None:
        """There is something to do at the next tick."""
        if not self._armed:
            self._armed = True
            self._alarms.set(self._ticker.after(now), self._ring)

    def _ring(self, now: int) -> None:
        self._armed = False
        self.work(now)


class Task:
    """Work that may take longer than a period and is never done twice at a time.

    One tick that comes meanwhile waits until the work is done, more are lost: Go's tickers keep one
    (``time.Ticker``).

    Args:
        work: begins the work; returns whether it is done already, else :meth:`done` says so later.
    """

    __slots__ = ("_alarms", "_busy", "_tick_waits", "_ticker", "_work")

    def __init__(self, alarms: Alarms, ticker: Ticker, work: Callable[[int], bool]) -> None:
        self._alarms = alarms
        self._ticker = ticker
        self._work = work
        self._busy = False
        self._tick_waits = False

    def start(self, now: int) -> None:
        """Work at every tick from now on."""
        self._alarms.set(self._ticker.after(now), self._tick)

    def done(self, now: int) -> None:
        """The work that was begun is done."""
        self._busy = False
        if self._tick_waits:
            self._tick_waits = False
            self._begin(now)

    def _tick(self, now: int) -> None:
        self.start(now)
        if self._busy:
            self._tick_waits = True
        else:
            self._begin(now)

    def _begin(self, now: int) -> None:
        self._busy = True
        if self._work(now):
            self.done(now)


class Reaper:
    """Records with a remaining lifetime that is counted down once per period.

    As ``NDB/cluster.go`` does it: at each tick a record whose remainder is at most some slack is
    removed, any other loses one period. Here nothing is counted down: the tick of the removal is
    worked out at once, and only ticks with something to remove are woken for.
    """

    __slots__ = ("_alarms", "_ticker")

    def __init__(self, alarms: Alarms, start: int, period: int) -> None:
        self._alarms = alarms
        self._ticker = Ticker(start, period)

    @property
    def period(self) -> int:
        """Time between two ticks."""
        return self._ticker.period

    def counted(self, now: int) -> int:
        """How much has been counted down by ``now`` of a lifetime that began with the node."""
        return self._ticker.ticks(now) * self._ticker.period

    def schedule(self, lifetime: int, slack: int, now: int, remove: Callable[[], None]) -> None:
        """Call ``remove`` at the first tick that finds at most ``slack`` of the lifetime left."""
        ticker = self._ticker
        wait = max(1, -((slack - lifetime) // ticker.period) + 1)
        when = ticker.start + (ticker.ticks(now) + wait) * ticker.period
        self._alarms.set(when, lambda _: remove())
