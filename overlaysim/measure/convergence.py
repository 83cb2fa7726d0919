"""How long until the hosts answer correctly after a change of the truth.

A change is everything that happens to one name of one network at one instant. The hosts that
count are those that hold the network's tables at the moment of counting; the clock of p50, p99
and p100 stops at the first instant at which that share of them (rounded up to whole hosts)
answers the name correctly, or rightly not at all.

A host that has crashed holds no network and answers nobody, so it is not waited for: the log
says ``HostLeftNetwork`` when it crashes. Once it is back and holds the network, it counts again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

LEVELS = (50, 99, 100)
"""Percent of the hosts for which the time is taken."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the truth and how the hosts came to know it.

    Attributes:
        at: instant of the change, picoseconds.
        network: the network.
        name: the name.
        host: where it became true.
        what: in words: ``gains 10.0.1.2`` or ``loses 10.0.1.2``, several joined by a comma.
        p50: picoseconds until 50 % of the hosts answered correctly; None if that never happened.
        p99: the same for 99 %.
        p100: the same for all.
        outcome: ``converged``; ``superseded`` by the next change of this name before it had;
            ``open`` at the end of the run.
        curve: ``(picoseconds since the change, hosts that are right, hosts that count)`` whenever
            one of the two numbers changed, until ``outcome`` was known.
    """

    at: int
    network: str
    name: str
    host: str
    what: str
    p50: int | None = None
    p99: int | None = None
    p100: int | None = None
    outcome: str = "open"
    curve: tuple[tuple[int, int, int], ...] = field(default=(), compare=False)


class _Progress:
    """One name: its latest change and which hosts are right about it now."""

    __slots__ = ("correct", "curve", "index", "right")

    def __init__(self) -> None:
        self.index: int | None = None
        self.curve: list[tuple[int, int, int]] = []
        self.right: dict[str, bool] = {}
        self.correct = 0  # how many of them are True, kept so that counting costs no loop

    def set(self, host: str, right: bool) -> None:
        self.correct += right - self.right.get(host, False)
        self.right[host] = right

    def drop(self, host: str) -> None:
        self.correct -= self.right.pop(host, False)

    def note(self, time: int) -> None:
        """Add a point to the curve, ``time`` after the change, if it is a new one."""
        now = (self.correct, len(self.right))
        if not self.curve or self.curve[-1][1:] != now:
            self.curve.append((time, *now))


class Convergence:
    """Times the changes while the audit tells it who is right about what."""

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self._names: dict[tuple[str, str], _Progress] = {}

    def changed(self, key: tuple[str, str], name: str, at: int, host: str, what: str) -> None:
        """The truth about ``key`` (network and canonical name) changed."""
        progress = self._progress(key)
        if progress.index is not None:
            last = self._changes[progress.index]
            if last.at == at:
                self._changes[progress.index] = replace(last, what=f"{last.what}, {what}")
                return
            if last.outcome == "open":
                self._close(progress, replace(last, outcome="superseded"))
        progress.index = len(self._changes)
        self._changes.append(Change(at, key[0], name, host, what))

    def count(self, key: tuple[str, str], host: str, *, right: bool) -> None:
        """A host that holds the network is right or not about the name from now on."""
        self._progress(key).set(host, right)

    def forget(self, key: tuple[str, str], host: str) -> None:
        """A host no longer holds the network."""
        self._progress(key).drop(host)

    def settle(self, key: tuple[str, str], now: int) -> None:
        """Everything about ``key`` at this instant is known: stop the clocks that are due."""
        progress = self._progress(key)
        if progress.index is None or self._changes[progress.index].outcome != "open":
            return
        change = self._changes[progress.index]
        progress.note(now - change.at)
        times = [change.p50, change.p99, change.p100]
        for position, level in enumerate(LEVELS):
            hosts = len(progress.right)
            if times[position] is None and hosts and progress.correct * 100 >= level * hosts:
                times[position] = now - change.at
        if times == [change.p50, change.p99, change.p100]:
            return
        change = replace(change, p50=times[0], p99=times[1], p100=times[2])
        if times[2] is None:
            self._changes[progress.index] = change
        else:
            self._close(progress, replace(change, outcome="converged"))

    def finish(self) -> tuple[Change, ...]:
        """All changes in time order."""
        for progress in self._names.values():
            if progress.index is not None and self._changes[progress.index].outcome == "open":
                self._close(progress, self._changes[progress.index])
        return tuple(self._changes)

    def _close(self, progress: _Progress, change: Change) -> None:
        """Nothing more becomes of the latest change of a name."""
        assert progress.index is not None
        self._changes[progress.index] = replace(change, curve=tuple(progress.curve))
        progress.curve = []

    def _progress(self, key: tuple[str, str]) -> _Progress:
        if key not in self._names:
            self._names[key] = _Progress()
        return self._names[key]
