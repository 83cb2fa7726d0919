"""What the planes hand over of packets that have ended, and the tally kept of them by default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overlaysim.planes.workload import BulkFlow

Integers = NDArray[np.int64]
Latencies = NDArray[np.unsignedinteger]
"""Picoseconds, in as few bytes as hold the largest of them."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Packets that ended in the same way. Arrays have one element per packet.

    A packet that is answered ends when its answer does: one end for the two of them.

    Attributes:
        flows: numbers of their flows.
        born: picoseconds.
        ended: picoseconds.
        transmit: how much of the time from birth to end was transmission.
        propagate: how much was propagation; the rest was waiting in queues.
        identify: works out :attr:`numbers` and :attr:`turned`, which few ask for.
        reason: why they were dropped; empty if they arrived.
        where: the link or node where they were dropped; empty if they arrived.
    """

    flows: Integers
    born: Integers
    ended: Integers
    transmit: Integers
    propagate: Integers
    identify: Callable[[], tuple[Integers, Integers]]
    reason: str = ""
    where: str = ""

    @property
    def numbers(self) -> Integers:
        """The place of each in its flow, from 1."""
        return self.identify()[0]

    @property
    def turned(self) -> Integers:
        """When an answered packet reached its receiver, who sent it back; -1 if it did not."""
        return self.identify()[1]

    @property
    def queue(self) -> Integers:
        """Picoseconds of waiting."""
        return self.ended - self.born - self.transmit - self.propagate


_HALF = 31

OnEnds = Callable[[Ends], None]


class Hops(NamedTuple):
    """Frames that crossed one link: arrays with an element for each.

    Attributes:
        link: the link's name.
        flows: numbers of the packets' flows.
        numbers: the packets' places in their flows, from 1.
        answers: whether it is an answer that crossed.
        arrived: when it came to the queue, picoseconds.
        started: when its transmission began.
        delivered: when the far end had it.
    """

    link: str
    flows: Integers
    numbers: Integers
    answers: NDArray[np.bool_]
    arrived: Integers
    started: Integers
    delivered: Integers


OnHops = Callable[[Hops], None]


@dataclass(slots=True)
class FlowTally:
    """What became of one flow.

    Attributes:
        delivered: packets that arrived; of an answered flow those whose answer did.
        dropped: packets (or answers) dropped, by reason and link or node.
        queue: picoseconds that all that arrived have waited.
        transmit: likewise of transmission.
        propagate: likewise of propagation.
    """

    delivered: int = 0
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    queue: int = 0
    transmit: int = 0
    propagate: int = 0

    @property
    def ended(self) -> int:
        """Packets that have ended."""
        return self.delivered + self.dropped.total()


class Tally:
    """Counts what ends and keeps every latency, in as few bytes as it takes.

    Args:
        flows: the flows, in the order of their numbers.
    """

    def __init__(self, flows: Sequence[BulkFlow]) -> None:
        self.flows = [FlowTally() for _ in flows]
        self._latencies: list[_Latencies] = []

    def add(self, ends: Ends) -> None:
        """Take note of ends."""
        counts = np.bincount(ends.flows, minlength=len(self.flows))
        if ends.reason:
            for number in np.flatnonzero(counts).tolist():
                self.flows[number].dropped[ends.reason, ends.where] += int(counts[number])
            return
        columns = [ends.ended - ends.born, ends.transmit, ends.propagate]
        if (ends.flows[1:] < ends.flows[:-1]).any():
            order = np.argsort(ends.flows, kind="stable")
            columns = [column[order] for column in columns]
        filled = np.flatnonzero(counts)
        starts = np.concatenate(([0], np.cumsum(counts)))
        sums = [_sums(column, starts[filled]) for column in columns]
        for number, whole, transmit, propagate in zip(filled.tolist(), *sums, strict=True):
            tally = self.flows[number]
            tally.delivered += int(counts[number])
            tally.transmit += transmit
            tally.propagate += propagate
            tally.queue += whole - transmit - propagate
        self._latencies.append(_Latencies(_small(columns[0]), starts))

    @property
    def delivered(self) -> int:
        """Packets that arrived."""
        return sum(tally.delivered for tally in self.flows)

    @property
    def dropped(self) -> Counter[tuple[str, str]]:
        """Packets dropped, by reason and place."""
        return sum((tally.dropped for tally in self.flows), Counter())

    @property
    def total_latency(self) -> int:
        """The latencies of all that arrived, added: picoseconds."""
        return sum(tally.queue + tally.transmit + tally.propagate for tally in self.flows)

    def latencies(self) -> Latencies:
        """The latencies of all that arrived, ascending, picoseconds."""
        return _sorted([part.values for part in self._latencies])

    def by_flow(self) -> Iterator[Latencies]:
        """The latencies of each flow in turn, ascending, picoseconds."""
        for number in range(len(self.flows)):
            yield _sorted([part.of(number) for part in self._latencies])


class _Latencies(NamedTuple):
    """Latencies in the order of their flows, and where those of each flow begin and end."""

    values: Latencies
    starts: Integers

    def of(self, flow: int) -> Latencies:
        return self.values[self.starts[flow] : self.starts[flow + 1]]


def _sorted(parts: list[Latencies]) -> Latencies:
    whole = np.concatenate(parts) if parts else np.empty(0, np.uint8)
    whole.sort()
    return whole


def _sums(values: Integers, starts: Integers) -> list[int]:
    """Add up runs of integers, none of them negative, that begin at ``starts``."""
    if int(values.max(initial=0)) * len(values) < 1 << 63:
        return [int(each) for each in np.add.reduceat(values, starts)] if len(starts) else []
    upper, lower = _sums(values >> _HALF, starts), _sums(values & ((1 << _HALF) - 1), starts)
    return [(a << _HALF) + b for a, b in zip(upper, lower, strict=True)]


def _small(values: Integers) -> Latencies:
    """The same numbers, none of them negative, in the narrowest type that holds them."""
    most = int(values.max()) if len(values) else 0
    return values.astype(np.min_scalar_type(most))
