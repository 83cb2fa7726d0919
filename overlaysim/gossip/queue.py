"""Messages that wait to be gossiped a limited number of times."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """A message that knows its length."""

    @property
    def length(self) -> int:
        """Bytes."""


M = TypeVar("M", bound=Sized)


def transmit_limit(multiplier: int, nodes: int) -> int:
    """How often a message is sent: multiplier x ceil(log10(nodes + 1)).

    hashicorp/memberlist, ``util.go`` retransmitLimit. The logarithm of an integer, rounded up, is
    the number of decimal digits of the integer before it.
    """
    return multiplier * (len(str(nodes)) if nodes > 0 else 0)


class _Waiting(Generic[M]):
    """A message in the queue: its place in the order and its identity."""

    __slots__ = ("finished", "key", "message", "order", "sent")

    def __init__(
        self,
        order: tuple[int, int],
        message: M,
        key: Hashable,
        finished: Callable[[], None] | None,
    ) -> None:
        self.order = order
        self.message = message
        self.key = key
        self.finished = finished
        self.sent = 0


class TransmitQueue(Generic[M]):
    """Drained packet by packet: fewest transmissions first, then longest, then newest.

    hashicorp/memberlist, ``queue.go`` TransmitLimitedQueue.

    Args:
        multiplier: of the transmit limit.
        nodes: tells the number of nodes at the time of a drain.
        filled: told when there is something to send.

    Attributes:
        waiting: what is queued, by key.
    """

    __slots__ = ("_filled", "_multiplier", "_nodes", "_serial", "_tiers", "waiting")

    def __init__(
        self, multiplier: int, nodes: Callable[[], int], filled: Callable[[], None]
    ) -> None:
        self._multiplier = multiplier
        self._nodes = nodes
        self._filled = filled
        self._tiers: list[list[_Waiting[M]]] = []
        self.waiting: dict[Hashable, _Waiting[M]] = {}
        self._serial = 0

    def __len__(self) -> int:
        return len(self.waiting)

    def put(self, key: Hashable, message: M, finished: Callable[[], None] | None = None) -> None:
        """Queue a message in place of the one with the same key, if there is one.

        Args:
            finished: called when it has been sent as often as it is to be, or was replaced.
        """
        old = self.waiting.pop(key, None)
        if old is not None:
            tier = self._tiers[old.sent]
            del tier[bisect.bisect_left(tier, old.order, key=_order)]
            if old.finished is not None:
                old.finished()
        self._serial += 1
        self._insert(_Waiting((-message.length, -self._serial), message, key, finished))
        self._filled()

    def clear(self) -> None:
        """Forget everything."""
        self._tiers.clear()
        self.waiting.clear()

    def drain(self, overhead: int, budget: int) -> list[M]:
        """Take the messages of one packet; each counts as transmitted once more.

        Args:
            overhead: bytes that each message costs on top of its length.
            budget: bytes available.
        """
        if not self.waiting:
            return []
        limit = transmit_limit(self._multiplier, self._nodes())
        taken = self._take(overhead, budget)
        for waiting in taken:
            waiting.sent += 1
            if waiting.sent < limit:
                self._insert(waiting)
            else:
                del self.waiting[waiting.key]
        for waiting in taken:
            if waiting.sent >= limit and waiting.finished is not None:
                waiting.finished()
        return [waiting.message for waiting in taken]

    def _take(self, overhead: int, budget: int) -> list[_Waiting[M]]:
        taken: list[_Waiting[M]] = []
        for tier in self._tiers:
            while tier and (free := budget - overhead) > 0:
                # The order starts with the negative length: this finds the longest that fits.
                place = 0
                if -tier[0].order[0] > free:
                    place = bisect.bisect_left(tier, (-free, -self._serial), key=_order)
                    if place == len(tier):
                        break
                waiting = tier.pop(place)
                budget -= overhead + waiting.message.length
                taken.append(waiting)
        return taken

    def _insert(self, waiting: _Waiting[M]) -> None:
        while len(self._tiers) <= waiting.sent:
            self._tiers.append([])
        tier = self._tiers[waiting.sent]
        if not tier or tier[-1].order < waiting.order:  # nearly always
            tier.append(waiting)
        else:
            bisect.insort(tier, waiting, key=_order)
        self.waiting[waiting.key] = waiting


def _order(waiting: _Waiting[M]) -> tuple[int, int]:
    return waiting.order
